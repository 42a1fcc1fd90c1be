// MD5 after RFC 1321, synchronous as SHA-256 is, and for the same reason. It
// hides nothing from whoever tries all addresses; it is here because a vendor's
// document names it.

import { utf8 } from "./utf8.js";

// How far each step of a round turns, four rounds of four.
const turns = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

// The whole parts of 2³² |sin i| for i from 1, in radians.
const constants = Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 4294967296) | 0);

// The four rounds: how three words are mixed, and which word of the block is next.
const rounds = [
  { mix: (b, c, d) => (b & c) | (~b & d), word: (i) => i },
  { mix: (b, c, d) => (d & b) | (~d & c), word: (i) => (5 * i + 1) % 16 },
  { mix: (b, c, d) => b ^ c ^ d, word: (i) => (3 * i + 5) % 16 },
  { mix: (b, c, d) => c ^ (b | ~d), word: (i) => (7 * i) % 16 },
];

// md5 returns the hash of a text's UTF-8 bytes, in lower-case hex.
export function md5(text) {
  const words = padded(text);
  const hash = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let at = 0; at < words.length; at += 16) {
    compress(hash, words.slice(at, at + 16));
  }
  return hash.map(hexOf).join("");
}

// padded returns the text's bytes as little-endian words, then the bit 1, zeros
// to a whole block, and the length in bits.
function padded(text) {
  const bytes = utf8(text);
  const words = new Array((((bytes.length + 8) >> 6) + 1) * 16).fill(0);
  for (let i = 0; i < bytes.length; i++) {
    words[i >> 2] |= bytes.charCodeAt(i) << ((i % 4) * 8);
  }
  words[bytes.length >> 2] |= 0x80 << ((bytes.length % 4) * 8);
  words[words.length - 2] = bytes.length * 8;
  return words;
}

function compress(hash, block) {
  let [a, b, c, d] = hash;
  for (let i = 0; i < 64; i++) {
    const round = rounds[i >> 4];
    const sum = (a + round.mix(b, c, d) + constants[i] + block[round.word(i)]) | 0;
    const by = turns[i >> 4][i % 4];
    [a, d, c, b] = [d, c, b, (b + ((sum << by) | (sum >>> (32 - by)))) | 0];
  }
  [a, b, c, d].forEach((word, i) => {
    hash[i] = (hash[i] + word) | 0;
  });
}

// hexOf returns a word's four bytes in hex, the lowest first.
function hexOf(word) {
  return [0, 8, 16, 24].map((shift) => ((word >>> shift) & 0xff).toString(16).padStart(2, "0")).join("");
}
