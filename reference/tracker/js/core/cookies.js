// Cookies on the registrable domain, so that www.shop.test and m.shop.test are
// one site to the tracker.

// secondLevel lists the labels that, before a country's domain, are a registry
// of their own: the site of www.shop.co.uk is shop.co.uk.
const secondLevel = ["ac", "co", "com", "edu", "gov", "net", "org"];

// siteDomain returns the registrable domain of a host name, or "" where there
// is none: an address, or a name of one label.
export function siteDomain(hostname) {
  const labels = hostname.split(".");
  if (labels.length < 2 || hostname.includes(":") || /^[\d.]+$/.test(hostname)) {
    return "";
  }
  const country = labels[labels.length - 1].length === 2;
  const registry = country && secondLevel.includes(labels[labels.length - 2]);
  return labels.slice(registry ? -3 : -2).join(".");
}

// read returns the cookie's value, or null where there is none.
export function read(name) {
  for (const pair of document.cookie.split("; ")) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at) === name) {
      return decode(pair.slice(at + 1));
    }
  }
  return null;
}

// write stores a cookie for that many seconds, or until the browser closes when
// seconds is null. A domain that the browser refuses (a public suffix that is
// not known here) leaves the cookie to the host alone.
export function write(name, value, seconds) {
  const lifetime = seconds === null ? "" : `; Max-Age=${Math.round(seconds)}`;
  const domain = siteDomain(location.hostname);
  put(name, value, lifetime, domain);
  if (domain !== "" && read(name) !== value) {
    put(name, value, lifetime, "");
  }
}

// remove deletes the cookie from the registrable domain and, where one of the
// same name is left, from the host. Where there is none, it writes nothing.
export function remove(name) {
  for (const domain of [siteDomain(location.hostname), ""]) {
    if (read(name) !== null) {
      put(name, "", "; Max-Age=0", domain);
    }
  }
}

function put(name, value, lifetime, domain) {
  const scope = domain === "" ? "" : `; Domain=${domain}`;
  document.cookie = `${name}=${encodeURIComponent(value)}${lifetime}; Path=/${scope}; SameSite=Lax`;
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch (notEncoded) {
    return text;
  }
}
