// What the latest runs cost at most, what their jobs cost, what their endpoints cost by the hour.

import { get } from "../api.js";
import { h } from "../dom.js";
import { moment, short } from "../format.js";
import { badge, commands, empty, note } from "../parts/common.js";

export async function render(root, { signal }) {
  const found = await get("/cost", signal);
  root.append(h("div", { class: "head" }, h("h1", {}, "Cost")),
    found.local ? note("busy", h("p", {}, "This is localaws, where nothing is charged: shown is what the same run costs at most on AWS.")) : "");
  if (!found.runs.length) {
    root.append(empty(h("p", {}, "No run has stored its cost yet.")));
    return;
  }
  root.append(...found.runs.map((run) => h("section", { class: "card" },
    h("h2", {}, h("a", { href: `/runs/${run.id}`, class: "mono" }, short(run.id)), ` ${run.use_case} `, badge(run.status)),
    h("p", { class: "muted small" }, moment(run.started)),
    h("pre", {}, [...run.worst_case, ...run.measured].join("\n")))), commands(found.runs[0].command, "python deployment-scripts/prices.py --refresh"));
}
