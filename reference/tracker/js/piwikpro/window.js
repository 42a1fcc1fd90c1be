// The window in which the visitor agrees or disagrees. It shows by itself beside the
// page and takes nothing from it; the visitor who opens it is led into it, and back
// to where he came from.

import { agreed, disagreed, undecided } from "./consent.js";
import { style } from "./style.js";

const name = "ppms_cm_consent";

// What it says of the choice that holds.
const present = new Map([
  [undecided, "You have not decided yet."],
  [disagreed, "So far you disagree."],
  [agreed, "So far you agree."],
]);

export class ConsentWindow {
  // decide is called with what the visitor chooses.
  constructor(decide) {
    this.decide = decide;
    this.dialog = null;
    this.cameFrom = null;
  }

  // offer shows the window beside the page as soon as there is a page, unless
  // wanted says no by then.
  offer(wanted) {
    whenThereIsAPage(() => {
      if (wanted() && !this.isOpen()) {
        this.build(undecided).setAttribute("open", "");
      }
    });
  }

  // open shows the window to a visitor who asked for it, with the choice that holds.
  open(status) {
    whenThereIsAPage(() => {
      this.cameFrom = this.cameFrom || document.activeElement;
      this.discard();
      const dialog = this.build(status);
      dialog.showModal();
      dialog.firstChild.focus();
    });
  }

  // close closes the window. Whatever has not been chosen stays as it was.
  close() {
    if (!this.isOpen()) {
      return;
    }
    this.discard();
    if (this.cameFrom !== null) {
      this.cameFrom.focus();
      this.cameFrom = null;
    }
  }

  // withdraw closes a window that the visitor has not asked for.
  withdraw() {
    if (this.cameFrom === null) {
      this.close();
    }
  }

  isOpen() {
    return this.dialog !== null;
  }

  discard() {
    if (this.dialog !== null) {
      this.dialog.remove();
      this.dialog = null;
    }
  }

  // build puts the window first on the page, where it is met first by whoever goes
  // by keyboard or listens.
  build(status) {
    const dialog = element("dialog", { id: name, role: "dialog", "aria-labelledby": `${name}_title`, "aria-describedby": `${name}_text` }, [
      element("h2", { id: `${name}_title`, tabindex: "-1" }, ["May we recognise you?"]),
      element("div", { id: `${name}_text` }, [
        element("p", {}, ["If you agree, we learn how this site is used, and recognise you when you come back. If you disagree, nothing is kept that tells who you are."]),
        element("p", {}, [`${present.get(status)} You can change your mind at any time.`]),
      ]),
      element("div", { class: "ppms_cm_choices" }, [
        this.button("ppms_cm_agree-to-all", "Agree", () => this.decide(agreed)),
        this.button("ppms_cm_reject-all", "Disagree", () => this.decide(disagreed)),
      ]),
      this.button("ppms_cm_close", "Close without deciding", () => {}),
      element("style", {}, [style]),
    ]);
    dialog.addEventListener("keydown", (event) => this.escape(event, event.key === "Escape"));
    dialog.addEventListener("cancel", (event) => this.escape(event, true));
    document.body.insertBefore(dialog, document.body.firstChild);
    this.dialog = dialog;
    return dialog;
  }

  // button returns one that does something and then closes the window.
  button(id, label, act) {
    const made = element("button", { id, type: "button" }, [label]);
    made.addEventListener("click", () => {
      act();
      this.close();
    });
    return made;
  }

  escape(event, wanted) {
    if (wanted) {
      event.preventDefault();
      this.close();
    }
  }
}

function element(tag, attributes, children) {
  const made = document.createElement(tag);
  Object.keys(attributes).forEach((attribute) => made.setAttribute(attribute, attributes[attribute]));
  children.forEach((child) => made.appendChild(typeof child === "string" ? document.createTextNode(child) : child));
  return made;
}

function whenThereIsAPage(act) {
  if (document.body) {
    act();
  } else {
    document.addEventListener("DOMContentLoaded", act, { once: true });
  }
}
