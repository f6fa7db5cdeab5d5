// All runs, newest first: filtered, and two of them chosen to be compared.

import { follow, get } from "../api.js";
import { h, show } from "../dom.js";
import { between, moment, short } from "../format.js";
import { badge, commands, empty, failure, field } from "../parts/common.js";

const TRIGGERS = { CloudWatchEvent: "new manifest", StartPipelineExecution: "by a person", CreatePipeline: "creation of the pipeline", PutActionRevision: "revision", PollForSourceChanges: "source" };

// Runs of the first page of which more is asked for.
const MOST_FACTS = 50;

export async function render(root, { signal, go }) {
  const text = h("input", { type: "search", placeholder: "id, use case or trigger" });
  const status = h("select", {}, ["all", "InProgress", "Succeeded", "Failed", "Stopped", "Superseded"].map((name) =>
    h("option", { value: name }, name === "all" ? "All" : name)));
  const compare = h("button", { type: "button", disabled: true }, "Compare two");
  const body = h("div", { class: "card" });
  const chosen = new Set();
  let first = [];
  let more = [];
  let next = null;
  let line = "";
  let taken = "";
  // What the list of executions does not say: the use case, what a run waits for, why it failed. By id.
  const facts = new Map();

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
    const known = facts.get(run.id)?.fact;
    const trigger = TRIGGERS[run.trigger] || run.trigger;
    const who = run.trigger === "StartPipelineExecution" && run.triggered_by ? ` (${short(run.triggered_by)})` : "";
    const over = !["InProgress", "Stopping"].includes(run.status);
    return h("tr", {},
      h("td", {}, h("input", { type: "checkbox", checked: chosen.has(run.id), "aria-label": `Compare run ${short(run.id)}`, onchange: (event) => choose(run.id, event.currentTarget.checked) })),
      h("th", { scope: "row" }, h("a", { href: `/runs/${run.id}`, class: "mono", title: run.id }, short(run.id))),
      h("td", {}, known?.use_case || ""),
      h("td", {}, badge(known?.waiting ? "Waiting" : run.status),
        known?.waiting ? [" ", h("a", { href: `/runs/${run.id}/approval`, class: "small" }, known.waiting)] : null,
        known?.failed ? h("span", { class: "small muted" }, ` ${known.failed}`) : null),
      h("td", {}, moment(run.started)),
      h("td", { class: "number" }, over ? between(run.started, run.updated) : h("time", { "data-since": run.started }, between(run.started))),
      h("td", { class: "muted" }, trigger + who));
  }

  function paint() {
    const known = new Set(first.map((run) => run.id));
    const all = [...first, ...more.filter((run) => !known.has(run.id))];
    const wanted = text.value.trim().toLowerCase();
    const found = all.filter((run) => (status.value === "all" || run.status === status.value)
      && `${run.id} ${run.triggered_by} ${TRIGGERS[run.trigger] || ""} ${facts.get(run.id)?.fact.use_case || ""}`.toLowerCase().includes(wanted));
    if (!all.length) {
      show(body, h("p", { class: "muted" }, "The pipeline has never run. "), h("a", { href: "/start" }, "Start a run"));
      return;
    }
    show(body,
      h("div", { class: "scroll" }, h("table", {},
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, "Compare")),
          ["Run", "Use case", "Status", "Started"].map((name) => h("th", { scope: "col" }, name)),
          h("th", { scope: "col", class: "number" }, "Took"), h("th", { scope: "col" }, "Trigger"))),
        h("tbody", {}, found.map(row)))),
      h("p", { class: "muted small" }, `${found.length} of ${all.length} runs${next ? " that are loaded" : ""} `),
      next ? h("button", { type: "button", onclick: load }, "Load older runs") : null,
      commands(line));
  }

  /** Ask for the facts of runs that have changed, the newest first, a few at a time. */
  async function learn() {
    const unknown = first.filter((run) => facts.get(run.id)?.updated !== run.updated || facts.get(run.id)?.status !== run.status);
    for (let start = 0; start < Math.min(unknown.length, MOST_FACTS) && !signal.aborted; start += 10) {
      const some = unknown.slice(start, start + 10);
      const found = await get(`/facts?ids=${some.map((run) => run.id).join(",")}`, signal);
      for (const run of some) facts.set(run.id, { updated: run.updated, status: run.status, fact: found.facts[run.id] || {} });
      paint();
    }
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
    const text = JSON.stringify(page);
    if (text === taken) return;
    taken = text;
    first = page.runs;
    line = page.command;
    if (next === null) next = page.next;
    paint();
    // The list is useful without them, so it is painted first.
    setTimeout(() => learn().catch(() => {}), 100);
  }
  take(await get("/runs", signal));
  follow("/runs", signal, take, (error) => body.replaceChildren(empty(failure(error))));
}
