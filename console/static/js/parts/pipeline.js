// A run as a picture: stages, actions, jobs, with their states and times.

import { h } from "../dom.js";
import { between, parts, short } from "../format.js";
import { look, mark, words } from "./common.js";

/** The status of a stage: that of its action that is furthest. */
function stageStatus(stage) {
  const all = stage.actions.map((action) => action.status);
  for (const status of ["Failed", "Abandoned", "Waiting", "InProgress"]) if (all.includes(status)) return status;
  if (all.every((status) => status === "Succeeded")) return "Succeeded";
  return all.includes("Succeeded") ? "InProgress" : "NotStarted";
}

function time(item) {
  const since = item.started && !item.ended ? item.started : null;
  return h("time", { class: "time", "data-since": since }, between(item.started, item.ended));
}

function line(status, name, item) {
  return h("div", { class: "line" }, mark(status),
    h("span", { class: "name" }, name, h("span", { class: "visually-hidden" }, `, ${words(status)}`)), time(item));
}

function step(run, item) {
  const log = item.has_log
    ? [" ", h("a", { href: `/runs/${run.id}/logs/${encodeURIComponent(item.name)}`, class: "small", "aria-label": `Log of ${item.state}` }, "log")]
    : [];
  return h("li", {}, line(item.status, [...parts(item.state), ...log], item),
    item.error ? h("p", { class: "answer" }, item.error) : null);
}

function action(run, item) {
  const again = item.attempts > 1 ? ` (attempt ${item.attempts})` : "";
  const who = item.answered_by && item.ended ? `${short(item.answered_by)}: ` : "";
  return h("div", { class: "action" },
    line(item.status, [...parts(item.name), again], item),
    item.status === "Waiting" ? h("p", { class: "answer" }, h("a", { href: `/runs/${run.id}/approval` }, "Look at the evidence and answer")) : null,
    item.summary && item.ended ? h("p", { class: "answer" }, `${who}“${item.summary}”`) : null,
    item.steps.length ? h("ul", { class: "steps" }, item.steps.map((one) => step(run, one))) : null);
}

export function pipeline(run) {
  return h("ol", { class: "pipeline", tabindex: "0", "aria-label": "Stages of the run" }, run.stages.map((stage) => {
    const status = stageStatus(stage);
    return h("li", { class: `stage at-${look(status)}` },
      h("h2", {}, stage.name, h("span", { class: "visually-hidden" }, `: ${words(status)}`)),
      stage.actions.map((item) => action(run, item)));
  }));
}
