// Start a run: use case, endpoint type, image, and a file that the data gate judges before it starts.

import { post } from "../api.js";
import { h } from "../dom.js";
import { commandLine, failure, field, taskView } from "../parts/common.js";
import { upload } from "../parts/upload.js";

export async function render(root, { signal, session, query }) {
  const known = await session();
  const useCase = h("select", {}, known.use_cases.map((name) => h("option", { value: name }, name)));
  useCase.value = query.get("use_case") || known.use_case;
  const type = h("select", {}, [["SageMakerEndpoint", "Endpoint"], ["Batch", "Batch: predict a file"]].map(([value, text]) => h("option", { value }, text)));
  type.value = known.endpoint_type;
  const image = h("input", { type: "text", placeholder: "as in the manifest", autocomplete: "off", spellcheck: "false" });
  const source = h("select", {}, [["file", "A file of mine"], ["sample", "The sample of the use case"], ["later", "Upload later"]].map(([value, text]) => h("option", { value }, text)));
  const reason = h("input", { type: "text", maxlength: "500", placeholder: "empty: approve the data yourself, in the run" });
  const result = h("div", { "aria-live": "polite" });
  const button = h("button", { type: "submit", class: "primary" }, "Start the run");
  let file = null;
  const files = upload({
    kind: "training",
    useCase: () => useCase.value,
    chosen: (found) => {
      file = found;
      enable();
    },
  });

  function enable() {
    files.element.hidden = source.value !== "file";
    button.disabled = source.value === "file" && !file?.accepted;
  }
  source.onchange = enable;
  useCase.onchange = () => {
    file = null;
    enable();
    files.again();
  };
  enable();

  async function start(event) {
    event.preventDefault();
    button.disabled = true;
    try {
      const found = await post("/runs", {
        use_case: useCase.value, endpoint_type: type.value, image_tag: image.value.trim(),
        file: source.value === "file" ? file.file : source.value === "sample" ? "sample" : "",
        reason: reason.value.trim(),
      });
      result.replaceChildren(
        h("p", {}, "Started ", h("a", { href: `/runs/${found.run}` }, `run ${found.run}`)),
        found.task ? taskView(found.task, signal) : "", commandLine(found.command));
    } catch (error) {
      result.replaceChildren(failure(error));
    }
    enable();
  }
  root.append(h("div", { class: "head" }, h("h1", {}, "Start a run")),
    h("form", { class: "card", onsubmit: start },
      h("div", { class: "grid-form" }, field("Use case", useCase), field("The model goes to", type),
        field("Image tag", image, "prebuilt is SageMaker's scikit-learn image"), field("Data", source)),
      files.element,
      field("Reason to approve the data", reason, "With a reason, the console approves UploadSourceData once the file is uploaded. The approval of the model stays with people."),
      button), result);
}
