// hex returns n random hexadecimal digits; n is even. Every text of that length
// is equally likely.
export function hex(n) {
  return Array.from(crypto.getRandomValues(new Uint8Array(n / 2)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// digits returns n random decimal digits, the first of them not zero. Every
// number of that length is equally likely.
export function digits(n) {
  let text = "";
  while (text.length < n) {
    for (const byte of crypto.getRandomValues(new Uint8Array(n))) {
      // 250 and above would make the low digits likelier.
      const fits = byte < 250 && (text !== "" || byte % 10 !== 0);
      if (fits && text.length < n) {
        text += byte % 10;
      }
    }
  }
  return text;
}
