// utf8 returns a text's UTF-8 bytes as characters of one byte each. Half a
// character that takes two (a lone surrogate) counts as U+FFFD, as in TextEncoder.
export function utf8(text) {
  const whole = text.replace(/[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g, (found) => (found.length === 2 ? found : "\ufffd"));
  return unescape(encodeURIComponent(whole));
}
