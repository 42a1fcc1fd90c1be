// The visitor's choice at a site. Its cookie says what he chose and nothing else:
// neither who he is nor when he chose.

import { read, remove, write } from "../core/cookies.js";

// What a visitor may have chosen.
export const undecided = -1;
export const disagreed = 0;
export const agreed = 1;

// A choice is kept for twelve months.
const choiceSeconds = 365 * 24 * 60 * 60;

// choice returns what the visitor has chosen at that site. It reads the jar each
// time: another tab may have changed it. What is no choice counts as none.
export function choice(site) {
  const kept = read(cookie(site));
  return [disagreed, agreed].find((status) => kept === text(status)) ?? undecided;
}

// choose keeps a choice. It tells whether the browser keeps it too.
export function choose(site, status) {
  if (status === undecided) {
    remove(cookie(site));
  } else {
    write(cookie(site), text(status), choiceSeconds);
  }
  return choice(site) === status;
}

function cookie(site) {
  return `ppms_privacy_${site}`;
}

function text(status) {
  return JSON.stringify({ v: 1, analytics: status });
}
