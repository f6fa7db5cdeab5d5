// Predict: a form made from the columns of the use case, or the rows of a file.

import { get, post } from "../api.js";
import { announce, h } from "../dom.js";
import { commands, empty, failure, field } from "../parts/common.js";
import { upload } from "../parts/upload.js";

export async function render(root, { useCase, signal, session, go }) {
  const known = await session();
  const chosen = useCase || known.use_case;
  const pick = h("select", { onchange: (event) => go(`/predict/${event.currentTarget.value}`) }, known.use_cases.map((name) => h("option", { value: name }, name)));
  pick.value = chosen;
  root.append(h("div", { class: "head" }, h("h1", {}, `Predict with ${chosen}`)),
    h("div", { class: "toolbar" }, field("Use case", pick)));
  const form = await get(`/predict/${chosen}`, signal);
  if (form.not_deployed) {
    root.append(empty(h("p", {}, `${form.not_deployed}. It is deployed where inference_api.enabled is true in config/environments.`)), commands(form.command));
    return;
  }
  const inputs = form.columns.map((column, index) => [column, control(column, form.example[index] ?? "")]);
  const target = h("select", {}, form.targets.map((name) => h("option", { value: name }, name)));
  const result = h("div", { "aria-live": "polite" });
  const same = h("div", {}, commands(form.command));

  async function predict(content, rows) {
    result.replaceChildren(h("p", { class: "muted" }, "Predicting …"));
    try {
      const found = await post(`/predict/${chosen}`, { target: target.value, ...content });
      result.replaceChildren(rows ? table(found.predictions, form) : one(found.predictions[0], form));
      same.replaceChildren(commands(found.command));
      announce(`Predicted ${found.predictions.length === 1 ? found.predictions[0].value : `${found.predictions.length} rows`}`);
    } catch (error) {
      result.replaceChildren(failure(error));
    }
  }
  const files = upload({ kind: "inference", useCase: () => chosen, chosen: (file) => file && predict({ file: file.file }, true) });
  root.append(h("p", { class: "muted" }, form.description),
    h("div", { class: "columns" },
      h("form", { class: "card", onsubmit: (event) => { event.preventDefault(); predict({ rows: [inputs.map(([, input]) => input.value)] }, false); } },
        h("h2", {}, "One row"),
        h("div", { class: "grid-form" }, inputs.map(([column, input]) => field(column.name, input, hint(column)))),
        field("Endpoint", target), h("button", { type: "submit", class: "primary" }, "Predict")),
      h("section", { class: "card" }, h("h2", {}, "The rows of a file"),
        h("p", { class: "muted" }, "CSV without a header, with the features in their order; at most 10,000 rows. More are a run of type Batch."), files.element)),
    h("p", {}), result, same);
}

function control(column, example) {
  if (column.type === "category" && column.values) {
    const select = h("select", {}, column.values.map((value) => h("option", { value }, value)));
    select.value = example;
    return select;
  }
  if (column.type === "text") {
    const area = h("textarea", {});
    area.value = example;
    return area;
  }
  // The endpoint checks the limits: a value outside must be answerable here too.
  return h("input", { type: "text", inputmode: column.type === "number" ? "decimal" : null, value: example, autocomplete: "off" });
}

function hint(column) {
  const limits = column.minimum !== undefined || column.maximum !== undefined ? `${column.minimum ?? "…"} to ${column.maximum ?? "…"}` : "";
  return [column.description, limits].filter(Boolean).join(", ");
}

function one(found, form) {
  return h("section", { class: "card", "aria-label": "Prediction" }, h("p", { class: "muted" }, form.target_column),
    h("p", { class: "big" }, found.value),
    h("p", { class: "small muted" }, `model version ${found.version}, variant ${found.variant}, inference id ${found.inference_id}`));
}

function table(predictions, form) {
  const text = [`${form.target_column},row`, ...predictions.map((one) => `"${one.value.replaceAll('"', '""')}","${one.row.replaceAll('"', '""')}"`)].join("\n");
  const link = h("a", { class: "button", download: "predictions.csv", href: URL.createObjectURL(new Blob([text], { type: "text/csv" })) }, "Save as CSV");
  return h("section", { class: "card", "aria-label": "Predictions" }, h("h2", {}, `${predictions.length.toLocaleString("en")} predictions`), link,
    h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, form.target_column), h("th", { scope: "col" }, "Row"), h("th", { scope: "col" }, "Version"))),
      h("tbody", {}, predictions.slice(0, 200).map((one) => h("tr", {}, h("td", {}, one.value), h("td", { class: "mono" }, one.row), h("td", {}, `${one.version}, ${one.variant}`)))))),
    predictions.length > 200 ? h("p", { class: "small muted" }, "The first 200 are shown; the file has all.") : null);
}
