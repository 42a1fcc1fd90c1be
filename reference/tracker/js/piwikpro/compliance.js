// What a page calls ppms.cm.api: it asks for the visitor's choice, makes it for him,
// and opens the window. Each takes two functions: one for the answer, and one for
// what is wrong with the call, as an Error.

import { isGroup, suggestion } from "../core/options.js";
import { agreed, disagreed, undecided } from "./consent.js";

// types lists what a visitor is asked for.
const types = ["analytics"];
const statuses = [undecided, disagreed, agreed];

// compliance returns the API. consent has status(), which is null as long as the
// page belongs to no site; decide(status), which tells whether the choice is kept;
// and open(), which opens the window.
export function compliance(consent) {
  const settings = () => ({ consents: { analytics: { status: consent.status() } } });
  return {
    getComplianceTypes: (ok, err) => ask(ok, err, () => types.slice()),
    getComplianceSettings: (ok, err) => ask(ok, err, () => {
      refuse(homeless(consent));
      return settings();
    }),
    setComplianceSettings: (given, ok, err) => act(ok, err, () => {
      refuse(wrong(given) || homeless(consent));
      refuse(consent.decide(given.consents.analytics.status) ? "" : "the browser does not keep the choice");
      return settings();
    }),
    openConsentForm: (ok, err) => act(ok, err, () => {
      refuse(homeless(consent));
      consent.open();
    }),
  };
}

// ask answers a question, which wants somebody who is answered.
function ask(ok, err, question) {
  act(ok, err, () => {
    refuse(typeof ok === "function" ? "" : "wants a function that takes the answer");
    return question();
  });
}

// act does what is asked for and tells of it. What is wrong goes to err, or to the
// console where there is none.
function act(ok, err, deed) {
  let answer;
  try {
    refuse([ok, err].every((f) => f === undefined || typeof f === "function") ? "" : "wants functions that take the answer and what is wrong");
    answer = deed();
  } catch (problem) {
    if (typeof err === "function") {
      err(problem);
    } else {
      console.error(`[ppms.cm.api] nothing is done: ${problem.message}`);
    }
    return;
  }
  if (ok !== undefined) {
    ok(answer);
  }
}

function refuse(reason) {
  if (reason !== "") {
    throw new Error(reason);
  }
}

function homeless(consent) {
  return consent.status() === null ? "the page has not called setSiteId" : "";
}

// wrong returns what is wrong with the settings given, or "".
function wrong(given) {
  const form = "setComplianceSettings wants {consents: {analytics: {status: …}}}";
  if (!isGroup(given) || !isGroup(given.consents)) {
    return form;
  }
  const other = Object.keys(given.consents).find((name) => !types.includes(name));
  if (other !== undefined) {
    return `visitors are not asked for ${other}${suggestion(other, types)}`;
  }
  const { analytics } = given.consents;
  if (!isGroup(analytics)) {
    return form;
  }
  return statuses.includes(analytics.status) ? "" : `a status is one of ${statuses.join(", ")}`;
}
