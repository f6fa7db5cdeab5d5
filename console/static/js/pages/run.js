// One run, as it goes on.

import { follow, get, post } from "../api.js";
import { h, show } from "../dom.js";
import { action, badge, commands, facts, failure, note, reasonForm } from "../parts/common.js";
import { pipeline } from "../parts/pipeline.js";
import { upload } from "../parts/upload.js";

export async function render(root, { id, signal }) {
  const head = h("div", {});
  const picture = h("section", { "aria-label": "Pipeline" });
  const below = h("div", {});
  const tools = h("div", {});
  root.append(head, picture, tools, below);
  let toolsOf = "";

  function paint(run) {
    const { UseCase, EndpointType, ImageTag, CodeVersion, GitCommit } = run.manifest;
    show(head,
      h("div", { class: "head" }, h("h1", {}, UseCase ? `Run of ${UseCase}` : "Run"), badge(run.waiting ? "Waiting" : run.status),
        h("div", { class: "actions" },
          run.waiting ? h("a", { class: "button primary", href: `/runs/${id}/approval` }, `Answer ${run.waiting}`) : h("a", { class: "button", href: `/runs/${id}/approval` }, "Evidence"))),
      failed(run));
    show(picture, pipeline(run));
    show(below,
      h("section", { class: "card" }, h("h2", {}, "Facts"), facts({
        Run: h("code", {}, run.id), "Use case": UseCase, "Endpoint type": EndpointType, Image: ImageTag || (UseCase ? "prebuilt" : ""),
        "Code version": CodeVersion, Commit: GitCommit,
      })),
      commands(run.command, run.failed ? run.retry_command : "", run.over ? "" : run.stop_command));
    // Forms are made again only when what they are for has changed, so that nobody loses what is typed.
    const wanted = run.over ? (run.failed && run.status === "Failed" ? `mend ${UseCase}` : "") : "stop";
    if (wanted !== toolsOf) {
      toolsOf = wanted;
      tools.replaceChildren(...(wanted === "stop" ? [stopping(id)] : wanted ? [mending(id, UseCase)] : []));
    }
  }
  paint(await get(`/runs/${id}`, signal));
  follow(`/runs/${id}`, signal, paint, (error) => show(head, failure(error)));
}

function failed(run) {
  if (!run.failed || run.status !== "Failed") return null;
  const action = run.stages.flatMap((stage) => stage.actions).find((item) => item.name === run.failed);
  return note("bad", h("p", {}, h("b", {}, `${run.failed} has failed. `), action.error), run.bad_row ? h("p", {}, run.bad_row) : null);
}

/** After a failure: other data, and the failed stage again. */
function mending(id, useCase) {
  const place = h("div", { "aria-live": "polite" });
  const again = h("div", { class: "buttons" }, action("Try the failed stage again", "primary", `/runs/${id}/retry`));
  if (!useCase) return h("section", { class: "card" }, h("h2", {}, "Try again"), again);
  const field = upload({
    kind: "training",
    useCase: () => useCase,
    chosen: async (file) => {
      place.replaceChildren();
      if (!file?.accepted) return;
      try {
        const { uploaded } = await post(`/runs/${id}/data`, { file: file.file });
        place.replaceChildren(note("good", h("p", {}, `Uploaded ${uploaded.join(", ")}. Now try the failed stage again.`)));
      } catch (error) {
        place.replaceChildren(failure(error));
      }
    },
  });
  return h("section", { class: "card" }, h("h2", {}, "Try again"),
    h("p", { class: "muted" }, "Actions that have succeeded are not repeated. A file that the data gate accepts replaces the data of this run."),
    field.element, place, again);
}

function stopping(id) {
  return h("details", { class: "card" }, h("summary", {}, "Stop this run"),
    h("p", { class: "muted" }, "The present action is abandoned; the next run in the queue goes on."),
    reasonForm("Reason", [["Stop the run", "danger", async (reason) => { await post(`/runs/${id}/stop`, { reason }); }]]));
}
