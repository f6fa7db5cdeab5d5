// The evaluation of a model: verdict, difference to the champion, worst group, metrics.

import { h } from "../dom.js";
import { number } from "../format.js";
import { badge, note } from "./common.js";

export function evidence(found) {
  if (!found) return h("p", { class: "muted" }, "No evaluation is recorded.");
  const metrics = Object.entries(found.metrics);
  return h("div", {},
    note(found.passed ? "good" : "bad",
      h("p", {}, h("b", {}, found.passed ? "The gate has passed. " : "The gate has not passed. "), found.verdict)),
    h("dl", { class: "facts" },
      h("dt", {}, "Champion"), h("dd", {}, found.champion || "not compared"),
      h("dt", {}, "Worst group"), h("dd", {}, found.worst_group || "not recorded"),
      metrics.map(([name, value]) => [h("dt", {}, name), h("dd", {}, number(value))])));
}

/** Answers that were given: who, when, why. */
export function answers(list) {
  if (!list.length) return null;
  return h("section", { class: "card" }, h("h2", {}, "Answered"),
    h("div", { class: "scroll" }, h("table", {},
      h("thead", {}, h("tr", {}, ["Approval", "Answer", "By", "Reason"].map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, list.map((one) => h("tr", {}, h("th", { scope: "row" }, one.name), h("td", {}, badge(one.status === "Succeeded" ? "Approved" : one.status === "Failed" ? "Rejected" : one.status)),
        h("td", { class: "small" }, one.by || "not recorded"), h("td", {}, one.summary)))))));
}
