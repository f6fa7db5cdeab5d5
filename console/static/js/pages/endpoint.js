// One endpoint: variants, a rollout as it goes on and its abort, traffic, latency.

import { follow, get, post } from "../api.js";
import { h, show } from "../dom.js";
import { moment, number, percent } from "../format.js";
import { badge, commands, facts, failure, field, note, reasonForm, taskView } from "../parts/common.js";
import { chart } from "../parts/chart.js";
import { traffic } from "../parts/traffic.js";

export async function render(root, { useCase, target, signal }) {
  const path = `/endpoints/${useCase}/${target}`;
  const top = h("div", {});
  const tools = h("div", {});
  const metrics = h("div", {});
  const same = h("div", {});
  root.append(top, tools, metrics, same);
  let toolsOf = null;

  function paint(one) {
    show(top, h("div", { class: "head" }, h("h1", {}, one.name), badge(one.status),
      h("div", { class: "actions" }, h("a", { class: "button", href: `/predict/${useCase}` }, "Predict"), h("a", { class: "button", href: `/drift/${useCase}/${target}` }, "Drift"))),
    one.reason ? note("bad", h("p", {}, one.reason)) : null,
    one.rollout ? note("busy", h("p", {}, h("b", {}, `Rollout to ${one.rollout.config}. `), one.rollout.step), traffic(one.rollout.variants)) : null,
    h("div", { class: "columns" },
      h("section", { class: "card" }, h("h2", {}, "Serves"), facts({
        Model: one.version ? h("a", { href: `/models/${useCase}/${one.version}` }, `version ${one.version} of ${useCase}`) : "a model of no version",
        Configuration: one.config, Changed: moment(one.modified),
      })),
      h("section", { class: "card" }, h("h2", {}, "Variants"), traffic(one.variants))));
    const wanted = one.rollout ? "abort" : one.status === "InService" && one.variants.filter((v) => !v.shadow).length > 1 ? "traffic" : "";
    if (wanted !== toolsOf) {
      toolsOf = wanted;
      tools.replaceChildren(...(wanted === "abort" ? [aborting(path)] : wanted ? [dividing(path, one, signal)] : []));
    }
    show(same, commands(one.commands.traffic, one.commands.abort));
  }
  paint(await get(path, signal));
  follow(path, signal, paint, (error) => show(top, failure(error)));
  get(`${path}/metrics`, signal).then((found) => metrics.replaceChildren(...measured(found))).catch((error) => metrics.replaceChildren(failure(error)));
}

function aborting(path) {
  const said = h("div", { "aria-live": "polite" });
  return h("section", { class: "card" }, h("h2", {}, "Abort the rollout"),
    h("p", { class: "muted" }, "The old instances get all traffic back, and the deployment fails with the reason."),
    reasonForm("Reason", [["Abort the rollout", "danger", async (reason) => {
      const found = await post(`${path}/abort`, { reason });
      said.replaceChildren(note("wait", h("p", {}, found.lines.join(" "))));
    }]]), said);
}

function dividing(path, one, signal) {
  const inputs = one.variants.filter((variant) => !variant.shadow).map((variant) =>
    [variant.name, h("input", { type: "number", min: "0", step: "any", value: String(variant.weight), required: true })]);
  const result = h("div", { "aria-live": "polite" });
  const submit = async (event) => {
    event.preventDefault();
    try {
      const weights = Object.fromEntries(inputs.map(([name, input]) => [name, Number(input.value)]));
      result.replaceChildren(taskView(await post(`${path}/traffic`, { weights }), signal));
    } catch (error) {
      result.replaceChildren(failure(error));
    }
  };
  return h("section", { class: "card" }, h("h2", {}, "Divide the traffic"),
    h("form", { onsubmit: submit }, h("div", { class: "grid-form" }, inputs.map(([name, input]) => field(`Weight of ${name}`, input))),
      h("button", { type: "submit" }, "Change the weights")), result);
}

function measured(found) {
  const seconds = found.minutes * 60;
  return [h("section", { class: "card" }, h("h2", {}, `The last ${found.minutes} minutes`),
    h("div", { class: "scroll" }, h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Variant"), ["Requests", "Share", "4XX", "5XX", "p50 ms", "p90 ms", "p99 ms"].map((text) => h("th", { scope: "col", class: "number" }, text)))),
      h("tbody", {}, found.variants.map((one) => h("tr", {}, h("th", { scope: "row" }, one.variant),
        [number(one.requests), percent(one.share), number(one.errors_4xx), number(one.errors_5xx), ...["p50", "p90", "p99"].map((name) => number(one.latency_ms[name] ?? "-"))].map((text) => h("td", { class: "number" }, text))))))),
    found.variants.map((one) => h("div", { class: "columns" }, chart(`Requests of ${one.variant}`, "a minute", one.requests_over_time, seconds), chart(`p99 of ${one.variant}`, "ms", one.latency_over_time, seconds)))),
  commands(found.command)];
}
