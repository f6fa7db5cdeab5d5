// Parts that several pages have: badges, commands, notes, forms with a reason, tasks.

import { follow, post } from "../api.js";
import { announce, h, s, show } from "../dom.js";

const LOOKS = {
  Succeeded: "good", Approved: "good", InService: "good", done: "good", "no drift": "good",
  Failed: "bad", Rejected: "bad", Abandoned: "bad", Stopped: "bad", failed: "bad", drift: "bad", RollingBack: "bad",
  InProgress: "busy", Updating: "busy", Creating: "busy", Stopping: "busy", running: "busy", Deleting: "busy",
  Waiting: "wait", PendingManualApproval: "wait",
};
const TEXTS = { InProgress: "in progress", Waiting: "waits for approval", NotStarted: "not started", PendingManualApproval: "not decided", InService: "in service" };
// Shapes that differ, since not everybody sees the colours.
const SHAPES = {
  good: "M3 8.5l3.4 3.4L13 4.8",
  bad: "M4 4l8 8M12 4l-8 8",
  busy: "M8 2a6 6 0 1 1-6 6",
  wait: "M6 3.5v9M10 3.5v9",
  none: "M4.5 8h7",
};

export const look = (status) => LOOKS[status] || "none";
export const words = (status) => TEXTS[status] || String(status).toLowerCase();

export function mark(status, extra = "") {
  return s("svg", { viewBox: "0 0 16 16", class: `mark ${look(status)} ${extra}`.trim(), "aria-hidden": "true" },
    s("path", { d: SHAPES[look(status)], fill: "none", stroke: "currentColor", "stroke-width": "2.2", "stroke-linecap": "round", "stroke-linejoin": "round" }));
}

export function badge(status) {
  const icon = s("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" },
    s("path", { d: SHAPES[look(status)], fill: "none", stroke: "currentColor", "stroke-width": "2.4", "stroke-linecap": "round", "stroke-linejoin": "round" }));
  return h("span", { class: `badge is-${look(status)}` }, icon, words(status));
}

export function note(kind, ...children) {
  return h("div", { class: `note is-${kind}`, role: kind === "bad" ? "alert" : null }, ...children);
}

export function empty(...children) {
  return h("div", { class: "card empty" }, ...children);
}

/** The command lines that do the same as a page. */
export function commands(...lines) {
  return h("div", { class: "same" },
    h("p", {}, "The same on the command line:"), lines.filter(Boolean).map(commandLine));
}

export function commandLine(text) {
  const copy = async (event) => {
    await navigator.clipboard.writeText(text);
    event.currentTarget.textContent = "Copied";
    announce("Copied");
  };
  return h("div", { class: "command" }, h("code", {}, text),
    h("button", { type: "button", class: "plain", onclick: copy, "aria-label": `Copy: ${text}` }, "Copy"));
}

export function facts(entries) {
  const rows = Object.entries(entries).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return h("dl", { class: "facts" }, rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

export function field(label, control, hint) {
  const id = control.id || `field-${label.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  control.id = id;
  if (hint) control.setAttribute("aria-describedby", `${id}-hint`);
  return h("div", { class: "field" }, h("label", { for: id }, label), control,
    hint ? h("span", { class: "hint", id: `${id}-hint` }, hint) : null);
}

/** An error where the person looks. */
export function failure(error) {
  return note("bad", h("p", {}, error.message || String(error)));
}

/** A reason and buttons; each button is [text, class, what it does with the reason]. */
export function reasonForm(label, buttons, hint) {
  const reason = h("textarea", { maxlength: "500", required: true });
  const result = h("div", { "aria-live": "polite" });
  const run = (action) => async () => {
    if (!reason.value.trim()) {
      reason.setCustomValidity("A reason is needed.");
      reason.reportValidity();
      return;
    }
    const all = form.querySelectorAll("button");
    all.forEach((button) => { button.disabled = true; });
    try {
      result.replaceChildren();
      const said = await action(reason.value.trim());
      if (said) result.replaceChildren(said);
    } catch (error) {
      result.replaceChildren(failure(error));
    }
    all.forEach((button) => { button.disabled = false; });
  };
  reason.oninput = () => reason.setCustomValidity("");
  const form = h("form", { onsubmit: (event) => event.preventDefault() }, field(label, reason, hint),
    h("div", { class: "buttons" }, buttons.map(([text, kind, action]) =>
      h("button", { type: "button", class: kind, onclick: run(action) }, text))), result);
  return form;
}

/** What a task says, as it says it. */
export function taskView(task, signal, ended) {
  const place = h("div", {});
  const paint = (found) => {
    const kind = { running: "busy", done: "good", failed: "bad" }[found.status];
    show(place, h("div", { class: `note is-${kind}` },
      h("p", {}, badge(found.status), ` ${found.title}`),
      h("ul", { class: "plain" }, found.lines.map((line) => h("li", {}, line)))));
    if (found.status !== "running") ended?.(found);
  };
  paint(task);
  follow(`/tasks/${task.id}`, signal, paint, (error) => place.replaceChildren(failure(error)));
  return place;
}

/** A button that posts and shows an error beside it. */
export function action(text, kind, path, content, done) {
  const place = h("span", { "aria-live": "polite" });
  const click = async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    try {
      await done?.(await post(path, content));
    } catch (error) {
      place.replaceChildren(failure(error));
    }
    button.disabled = false;
  };
  return [h("button", { type: "button", class: kind, onclick: click }, text), place];
}
