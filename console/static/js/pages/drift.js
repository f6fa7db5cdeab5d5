// How far the traffic of an endpoint is from the training of its model.

import { follow, get, post } from "../api.js";
import { h, show } from "../dom.js";
import { number, percent } from "../format.js";
import { badge, commands, empty, failure, field, note, taskView } from "../parts/common.js";

export async function render(root, { useCase, target = "prod", signal, session, go }) {
  const known = await session();
  const chosen = useCase || known.use_case;
  const pick = h("select", { onchange: (event) => go(`/drift/${event.currentTarget.value}/${target}`) }, known.use_cases.map((name) => h("option", { value: name }, name)));
  pick.value = chosen;
  const where = h("select", { onchange: (event) => go(`/drift/${chosen}/${event.currentTarget.value}`) }, ["prod", "dev"].map((name) => h("option", { value: name }, name)));
  where.value = target;
  const path = `/drift/${chosen}/${target}`;
  const task = h("div", { "aria-live": "polite" });
  const body = h("div", {});
  const now = h("button", {
    type: "button", class: "primary", onclick: async () => {
      now.disabled = true;
      try {
        task.replaceChildren(taskView(await post(path), signal, () => { now.disabled = false; }));
      } catch (error) {
        task.replaceChildren(failure(error));
        now.disabled = false;
      }
    },
  }, "Compare now");
  root.append(h("div", { class: "head" }, h("h1", {}, `Drift of ${chosen}`), h("div", { class: "actions" }, now)),
    h("div", { class: "toolbar" }, field("Use case", pick), field("Endpoint", where)), task, body);
  const paint = (found) => show(body, found.latest ? [latest(found.latest), history(found)] : empty(h("p", {}, "This endpoint was never compared with its training. Comparing needs an endpoint that captures its requests.")),
    commands(found.command, found.now_command));
  paint(await get(path, signal));
  follow(path, signal, paint, (error) => show(body, failure(error)));
}

function latest(document) {
  const columns = [document.prediction, ...document.columns].filter((column) => column.psi !== null);
  const limit = document.limits.psi;
  const longest = Math.max(2 * limit, ...columns.map((column) => column.psi));
  const drifted = new Set(document.drifted_columns);
  const quality = document.quality;
  const kind = document.verdict === "drift" ? "bad" : document.verdict === "no drift" ? "good" : "wait";
  return h("section", { class: "card" }, h("h2", {}, "The latest comparison"), note(kind, h("p", {}, h("b", {}, `${document.verdict}. `), document.summary)),
    columns.length ? h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Column"), h("th", { scope: "col", class: "number" }, "PSI"), h("th", { scope: "col" }, `of ${number(longest)}, limit ${number(limit)}`), h("th", { scope: "col", class: "number" }, "Empty"), h("th", { scope: "col", class: "number" }, "Unknown"))),
      h("tbody", {}, columns.map((column) => h("tr", {}, h("th", { scope: "row" }, column.column, drifted.has(column.column) ? " (drifted)" : ""), h("td", { class: "number" }, column.psi.toFixed(3)),
        h("td", {}, h("div", { class: "bar", "aria-hidden": "true" }, h("span", { class: drifted.has(column.column) ? "over" : null, style: { width: `${100 * Math.min(1, column.psi / longest)}%` } }))),
        h("td", { class: "number" }, percent(column.missing_share)), h("td", { class: "number" }, percent(column.unknown_share))))))) : null,
    h("p", { class: "small muted" }, quality.value === null ? `Quality: ${quality.status} (${quality.rows} labels)` : `Quality: ${quality.metric} ${number(quality.value)} on ${quality.rows} labels, ${number(quality.training)} in the training: ${quality.status}`));
}

function history(found) {
  return h("section", { class: "card" }, h("h2", {}, "Verdicts"), h("ul", { class: "plain" }, found.history.map((one) => h("li", {}, h("span", { class: "mono small" }, one.moment), " ", badge(one.verdict), " ", one.summary))),
    found.retrainings.length ? [h("h2", {}, "Retraining"), h("ul", {}, found.retrainings.map((one) => h("li", {}, `${one.Time}: ${one.Started ? `run ${one.RunId} started` : "not started"}, ${one.Reason}`)))] : null);
}
