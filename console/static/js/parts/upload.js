// Choose or drop a CSV file, and see what the data gate says about it.

import { send } from "../api.js";
import { announce, h } from "../dom.js";
import { bytes } from "../format.js";
import { failure, note } from "./common.js";

/** What the gate says, with each violation on a line. */
export function verdict(found) {
  const kind = found.accepted ? "good" : "bad";
  const lines = h("ol", {}, found.lines.map((line) => h("li", {}, line)));
  return note(kind,
    h("p", {}, h("b", {}, found.summary), ` ${found.name}, ${bytes(found.bytes)}`),
    found.accepted ? h("details", {}, h("summary", {}, "What the data has"), lines) : lines);
}

/**
 * A field for a file.
 * kind: training files are judged by the data gate; inference files are only kept.
 * useCase: function that returns the use case; chosen: called with the file, or null.
 */
export function upload({ kind, useCase, chosen }) {
  const result = h("div", { "aria-live": "polite" });
  const input = h("input", { type: "file", accept: ".csv,text/csv", id: `file-${kind}` });
  const label = kind === "training" ? "CSV file to train on" : "CSV file with rows";
  const zone = h("div", { class: "drop" }, h("label", { for: input.id }, label), input,
    h("span", { class: "muted small" }, "or drop a file here"));
  let last = null;

  async function take(file) {
    if (!file) return;
    last = file;
    chosen(null);
    result.replaceChildren(note("busy", h("p", {}, kind === "training" ? `The data gate reads ${file.name} …` : `Sending ${file.name} …`)));
    try {
      const found = kind === "training"
        ? await send("/check", file, { use_case: useCase() })
        : await send("/files", file);
      result.replaceChildren(kind === "training" ? verdict(found) : note("good", h("p", {}, `${found.name}, ${bytes(found.bytes)}`)));
      announce(kind === "training" ? found.summary : `${found.name} is ready`);
      chosen(found);
    } catch (error) {
      result.replaceChildren(failure(error));
    }
  }
  input.onchange = () => {
    const [file] = input.files;
    // A browser is silent when the same file is chosen again, which is what people do after they have mended it.
    input.value = "";
    take(file);
  };
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    take(event.dataTransfer.files[0]);
  });
  return { element: h("div", {}, zone, result), again: () => take(last) };
}
