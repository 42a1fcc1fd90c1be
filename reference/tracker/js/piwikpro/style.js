// How the window looks. Both choices look alike: neither is nudged. The page's own
// style is kept out as far as it is likely to reach.

export const style = `
#ppms_cm_consent, #ppms_cm_consent * { all: revert; box-sizing: border-box; font: inherit; color: inherit; }
#ppms_cm_consent {
  position: fixed; inset: auto 1rem 1rem auto; z-index: 2147483647;
  width: min(26rem, 100% - 2rem); max-width: none; max-height: calc(100% - 2rem); overflow: auto;
  margin: 0; padding: 1.25rem;
  font: 1rem/1.5 system-ui, sans-serif; text-align: start;
  color: #1b1f24; background: #fff; border: 1px solid #6a737d; border-radius: .75rem;
  box-shadow: 0 .5rem 2rem rgb(0 0 0 / .3); color-scheme: light;
}
#ppms_cm_consent:not([open]), #ppms_cm_consent style { display: none; }
#ppms_cm_consent::backdrop { background: rgb(0 0 0 / .5); }
#ppms_cm_consent h2 { margin: 0 2.75rem .5rem 0; font-size: 1.25rem; font-weight: 650; line-height: 1.3; }
#ppms_cm_consent p { margin: 0 0 .75rem; }
#ppms_cm_consent .ppms_cm_choices { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1rem; }
#ppms_cm_consent button {
  min-height: 2.75rem; padding: .5rem 1rem; cursor: pointer;
  color: inherit; background: transparent; border: 2px solid currentColor; border-radius: .5rem;
}
#ppms_cm_consent .ppms_cm_choices button { flex: 1 1 8rem; font-weight: 600; color: #fff; background: #17498f; border-color: #17498f; }
#ppms_cm_consent .ppms_cm_choices button:hover { background: #0f3266; }
#ppms_cm_consent #ppms_cm_close {
  position: absolute; inset: .75rem .75rem auto auto; width: 2.75rem; padding: 0;
  overflow: hidden; white-space: nowrap; text-indent: 200%; border-color: transparent;
}
#ppms_cm_consent #ppms_cm_close::before { content: "\\00d7" / ""; position: absolute; inset: 0; text-indent: 0; font-size: 1.5rem; line-height: 2.4rem; text-align: center; }
#ppms_cm_consent #ppms_cm_close:hover { border-color: currentColor; }
#ppms_cm_consent :focus-visible { outline: 3px solid #c2410c; outline-offset: 2px; }
:root:has(#ppms_cm_consent[open]) { scroll-padding-block-end: 18rem; }
@media (prefers-color-scheme: dark) {
  #ppms_cm_consent { color: #e6edf3; background: #161b22; border-color: #8b949e; color-scheme: dark; }
  #ppms_cm_consent .ppms_cm_choices button { color: #0d1117; background: #a5c9ff; border-color: #a5c9ff; }
  #ppms_cm_consent .ppms_cm_choices button:hover { background: #cfe2ff; }
  #ppms_cm_consent :focus-visible { outline-color: #ffb77c; }
}
@media (prefers-reduced-motion: no-preference) {
  #ppms_cm_consent[open] { animation: ppms_cm_rise .25s ease-out; }
  @keyframes ppms_cm_rise { from { opacity: 0; transform: translateY(1rem); } }
}
`;
