// The demo pixel. What it promises stands in clauses/demo.yaml; the suite's own
// tests act it without a browser.
(() => {
  const read = (name) => (document.cookie.match(`(?:^|; )${name}=([^;]*)`) || [])[1];
  const write = (name, value, age) => { document.cookie = `${name}=${value}; Max-Age=${age}; Path=/`; };
  const track = () => {
    const hit = new URLSearchParams({ page: location.pathname });
    if (read('demo_choice') === '1') {
      write('demo_vid', '', 0);
      hit.set('anon', '1');
    } else {
      if (!read('demo_vid')) write('demo_vid', `visitor-${Math.random().toString().slice(2, 12)}`, 15552000);
      hit.set('vid', read('demo_vid'));
      hit.set('cust', document.querySelector('[data-customer]').dataset.customer);
    }
    new Image().src = `https://collect.vendor.test/hit?${hit}`;
  };
  document.addEventListener('DOMContentLoaded', () => {
    document.getElementById('opt-out').addEventListener('click', () => write('demo_choice', '1', 157680000));
    track();
  });
})();
