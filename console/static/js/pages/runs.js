// All runs, newest first: filtered, and two of them chosen to be compared.

import { follow, get } from "../api.js";
import { h, show } from "../dom.js";
import { between, moment, short } from "../format.js";
import { badge, commands, empty, failure, field } from "../parts/common.js";

const TRIGGERS = { CloudWatchEvent: "new manifest", StartPipelineExecution: "by a person", CreatePipeline: "creation of the pipeline", PutActionRevision: "revision", PollForSourceChanges: "source" };

export async function render(root, { signal, go }) {
  const text = h("input", { type: "search", placeholder: "id or trigger" });
  const status = h("select", {}, ["all", "InProgress", "Succeeded", "Failed", "Stopped", "Superseded"].map((name) =>
    h("option", { value: name }, name === "all" ? "All" : name)));
  const compare = h("button", { type: "button", disabled: true }, "Compare two");
  const body = h("div", { class: "card" });
  const chosen = new Set();
  let first = [];
  let more = [];
  let next = null;
  let line = "";

  compare.onclick = () => go(`/compare/${[...chosen].join("/")}`);
  text.oninput = paint;
  status.onchange = paint;
  root.append(
    h("div", { class: "head" }, h("h1", {}, "Runs"), h("div", { class: "actions" }, h("a", { class: "button primary", href: "/start" }, "Start a run"))),
    h("div", { class: "toolbar" }, field("Filter", text), field("Status", status), compare), body);

  function choose(id, checked) {
    if (checked) chosen.add(id);
    else chosen.delete(id);
    compare.disabled = chosen.size !== 2;
  }

  function row(run) {
    const trigger = TRIGGERS[run.trigger] || run.trigger;
    const who = run.trigger === "StartPipelineExecution" && run.triggered_by ? ` (${short(run.triggered_by)})` : "";
    const over = !["InProgress", "Stopping"].includes(run.status);
    return h("tr", {},
      h("td", {}, h("input", { type: "checkbox", checked: chosen.has(run.id), "aria-label": `Compare run ${short(run.id)}`, onchange: (event) => choose(run.id, event.currentTarget.checked) })),
      h("th", { scope: "row" }, h("a", { href: `/runs/${run.id}`, class: "mono", title: run.id }, short(run.id))),
      h("td", {}, badge(run.status)),
      h("td", {}, moment(run.started)),
      h("td", { class: "number" }, over ? between(run.started, run.updated) : h("time", { "data-since": run.started }, between(run.started))),
      h("td", { class: "muted" }, trigger + who));
  }

  function paint() {
    const known = new Set(first.map((run) => run.id));
    const all = [...first, ...more.filter((run) => !known.has(run.id))];
    const wanted = text.value.trim().toLowerCase();
    const found = all.filter((run) => (status.value === "all" || run.status === status.value)
      && `${run.id} ${run.triggered_by} ${TRIGGERS[run.trigger] || ""}`.toLowerCase().includes(wanted));
    if (!all.length) {
      show(body, h("p", { class: "muted" }, "The pipeline has never run. "), h("a", { href: "/start" }, "Start a run"));
      return;
    }
    show(body,
      h("div", { class: "scroll" }, h("table", {},
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, "Compare")),
          ["Run", "Status", "Started"].map((name) => h("th", { scope: "col" }, name)),
          h("th", { scope: "col", class: "number" }, "Took"), h("th", { scope: "col" }, "Trigger"))),
        h("tbody", {}, found.map(row)))),
      h("p", { class: "muted small" }, `${found.length} of ${all.length} runs${next ? " that are loaded" : ""} `),
      next ? h("button", { type: "button", onclick: load }, "Load older runs") : null,
      commands(line));
  }

  async function load() {
    try {
      const page = await get(`/runs?next=${encodeURIComponent(next)}`, signal);
      more = [...more, ...page.runs];
      next = page.next;
      paint();
    } catch (error) {
      body.append(failure(error));
    }
  }

  function take(page) {
    first = page.runs;
    line = page.command;
    if (next === null) next = page.next;
    paint();
  }
  take(await get("/runs", signal));
  follow("/runs", signal, take, (error) => body.replaceChildren(empty(failure(error))));
}
