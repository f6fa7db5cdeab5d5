// Variants with their share of the traffic as a bar.

import { h } from "../dom.js";
import { percent } from "../format.js";

export function traffic(variants) {
  if (!variants.length) return h("p", { class: "muted" }, "No variant runs.");
  return h("div", { class: "scroll" }, h("table", {},
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Variant"), h("th", { scope: "col" }, "Traffic"), h("th", { scope: "col", class: "number" }, "Instances"))),
    h("tbody", {}, variants.map((one) => h("tr", {}, h("th", { scope: "row" }, one.name + (one.shadow ? " (shadow)" : "")),
      h("td", {}, h("div", { class: "bar", "aria-hidden": "true" }, h("span", { style: { width: `${100 * one.share}%` } })), h("span", { class: "small muted" }, `${percent(one.share)}, weight ${one.weight}`)),
      h("td", { class: "number" }, String(one.instances)))))));
}
