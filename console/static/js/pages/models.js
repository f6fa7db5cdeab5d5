// The model registry: versions of a use case, what was live when, the way back.

import { get, post } from "../api.js";
import { h } from "../dom.js";
import { moment, number, short } from "../format.js";
import { badge, commands, empty, failure, note, reasonForm, taskView } from "../parts/common.js";

export async function render(root, { useCase, signal }) {
  const { use_cases: useCases, command } = await get("/models", signal);
  const chosen = useCase || useCases[0]?.name;
  root.append(h("div", { class: "head" }, h("h1", {}, chosen ? `Models of ${chosen}` : "Models"),
    h("div", { class: "actions" }, useCases.map(({ name }) =>
      h("a", { class: "button", href: `/models/${name}`, "aria-current": name === chosen ? "page" : null }, name)))));
  if (!chosen) {
    root.append(empty(h("p", {}, "No model is registered yet. "), h("a", { href: "/start" }, "Start a run")), commands(command));
    return;
  }
  const found = await get(`/models/${chosen}`, signal);
  const list = h("div", {}, versions(found, chosen));
  const all = async (event) => {
    event.currentTarget.disabled = true;
    list.replaceChildren(versions(await get(`/models/${chosen}?all=1`, signal), chosen));
  };
  if (!found.complete) list.append(h("button", { type: "button", onclick: all }, "Load all versions"));
  // What needs more requests to AWS comes when it is there.
  const later = (title, path, shown) => {
    const place = h("div", {}, h("section", { class: "card" }, h("h2", {}, title), h("p", { class: "muted" }, "Loading …")));
    get(path, signal).then((content) => place.replaceChildren(shown(content))).catch((error) => place.replaceChildren(failure(error)));
    return place;
  };
  root.append(list, later("What was live when", `/timeline/${chosen}`, timeline),
    later("Roll back", `/models/${chosen}/rollback`, (plan) => rollback(plan, chosen, signal)),
    commands(found.command, `${found.command} --timeline`));
}

function versions(found, useCase) {
  return h("section", { class: "card" }, h("h2", {}, "Versions"), h("div", { class: "scroll" }, h("table", {},
    h("thead", {}, h("tr", {}, ["Version", "Status", "Live on", "Metric", "Registered", "Run", "Decision"].map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, found.versions.map((one) => h("tr", {},
      h("th", { scope: "row" }, h("a", { href: `/models/${useCase}/${one.version}` }, `Version ${one.version}`)),
      h("td", {}, badge(one.status)), h("td", {}, one.live.join(", ") || "-"),
      h("td", {}, one.metric ? `${one.metric} ${number(Number(one.value))}` : "-"),
      h("td", {}, moment(one.registered)),
      h("td", {}, one.run ? h("a", { href: `/runs/${one.run}`, class: "mono" }, short(one.run)) : "-"),
      h("td", { class: "small" }, one.reason ? `${one.reason}${one.decided_by ? ` (${short(one.decided_by)})` : ""}` : "-")))))));
}

function timeline(found) {
  const rows = [...found.periods].reverse();
  const table = h("div", { class: "scroll" }, h("table", {},
    h("thead", {}, h("tr", {}, ["Endpoint", "Version", "From", "Until", "Reason"].map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, rows.map((one) => h("tr", {}, h("td", {}, one.target), h("th", { scope: "row" }, one.version),
      h("td", {}, (one.source === "configuration" ? "about " : "") + moment(one.start)),
      h("td", {}, one.end ? moment(one.end) : one.end_known ? h("b", {}, "now") : "unknown: the endpoint is gone"), h("td", { class: "small" }, one.reason))))));
  return h("section", { class: "card" }, h("h2", {}, "What was live when"),
    rows.length ? table : h("p", { class: "muted" }, "Nothing was deployed yet."),
    found.without_effect.length ? h("details", {}, h("summary", {}, `${found.without_effect.length} deployments changed nothing`),
      h("ul", {}, found.without_effect.map((one) => h("li", {}, `${moment(one.at)}, ${one.target}: ${one.reason}`)))) : null);
}

function rollback(plan, useCase, signal) {
  if (plan.impossible) return h("section", { class: "card" }, h("h2", {}, "Roll back"), h("p", { class: "muted" }, plan.impossible));
  const task = h("div", {});
  return h("section", { class: "card" }, h("h2", {}, "Roll back"),
    note("wait", h("p", {}, `Version ${plan.from} is live. A rollback rejects it and brings back version ${plan.to} (${plan.metric || "no metric"}).`)),
    reasonForm("Reason for the rollback", [["Roll back", "danger", async (reason) => {
      const started = await post(`/models/${useCase}/rollback`, { reason, from: plan.from, to: plan.to });
      task.replaceChildren(taskView(started, signal));
    }]]), task, commands(plan.command));
}

