// The log of a job or endpoint, as it is written.

import { follow, get } from "../api.js";
import { h, show } from "../dom.js";
import { commands, failure } from "../parts/common.js";

export async function render(root, { id, job, signal }) {
  const log = h("div", { class: "log", tabindex: "0", role: "log", "aria-label": `Log of ${job}` });
  const same = h("div", {});
  root.append(h("div", { class: "head" }, h("h1", {}, "Log"), h("span", { class: "muted mono" }, job),
    h("div", { class: "actions" }, h("a", { class: "button", href: `/runs/${id}` }, "Back to the run"))), log, same);
  const paint = (found) => {
    const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 20;
    show(log, found.lines.join("\n"));
    show(same, commands(found.command));
    if (atEnd) log.scrollTop = log.scrollHeight;
  };
  const path = `/logs/${encodeURIComponent(job)}`;
  paint(await get(path, signal));
  follow(path, signal, paint, (error) => show(same, failure(error)));
}
