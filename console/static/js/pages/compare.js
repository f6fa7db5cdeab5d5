// Two runs beside each other: metrics and parameters, with what differs.

import { get } from "../api.js";
import { h } from "../dom.js";
import { number, short } from "../format.js";
import { badge } from "../parts/common.js";

export async function render(root, { first, second, signal }) {
  const found = await get(`/compare/${first}/${second}`, signal);
  const heads = found.runs.map((run) => h("th", { scope: "col" }, h("a", { href: `/runs/${run.id}`, class: "mono" }, short(run.id)), " ", badge(run.status)));
  const table = (title, rows) => h("section", { class: "card" }, h("h2", {}, title),
    rows.length ? h("div", { class: "scroll" }, h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, title === "Metrics" ? "Metric" : "Parameter"), ...heads.map((head) => head.cloneNode(true)))),
      h("tbody", {}, rows.map(({ name, values }) => {
        const differs = String(values[0]) !== String(values[1]);
        return h("tr", {}, h("th", { scope: "row" }, name, differs ? h("span", { class: "visually-hidden" }, " (differs)") : null),
          values.map((value) => h("td", { class: differs ? "differs" : null }, value === "" ? "-" : number(value))));
      })))) : h("p", { class: "muted" }, "Neither run has come to its evaluation."));
  root.append(h("div", { class: "head" }, h("h1", {}, "Two runs"), h("div", { class: "actions" }, h("a", { class: "button", href: "/runs" }, "All runs"))),
    table("Metrics", found.metrics), table("Parameters", found.parameters));
}
