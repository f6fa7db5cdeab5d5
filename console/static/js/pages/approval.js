// What a run waits for: the evidence, and the answer with a reason.

import { follow, get, post } from "../api.js";
import { announce, h, show } from "../dom.js";
import { badge, commands, facts, failure, note, reasonForm } from "../parts/common.js";
import { answers, evidence } from "../parts/evidence.js";
import { upload } from "../parts/upload.js";

export async function render(root, { id, signal, go }) {
  const top = h("div", {});
  const form = h("div", {});
  const below = h("div", {});
  const report = h("div", {});
  const rest = h("div", {});
  // The evidence stands before the answer.
  root.append(top, below, form, report, rest);
  let formOf = null;

  function paint(found) {
    show(top, h("div", { class: "head" }, h("h1", {}, found.waiting ? `Approval ${found.waiting}` : "Evidence"),
      badge(found.waiting ? "Waiting" : found.status),
      h("div", { class: "actions" }, h("a", { class: "button", href: `/runs/${id}` }, "The run"))),
    found.waiting ? null : note("busy", h("p", {}, "This run waits for no approval.")));
    if (found.waiting !== formOf) {
      formOf = found.waiting;
      form.replaceChildren(...(formOf ? [answering(found, id, go)] : []));
    }
    show(below,
      h("div", { class: "columns" },
        h("section", { class: "card" }, h("h2", {}, "Model"), evidence(found.evidence)),
        h("section", { class: "card" }, h("h2", {}, "Data and cost"),
          facts({ Run: h("code", {}, id), "Use case": found.use_case }),
          h("ul", { class: "plain small" }, [...(found.data || []), ...(found.cost || [])].map((line) => h("li", {}, line))))));
    show(rest, answers(found.answered), found.waiting ? commands(found.command, found.reject_command) : null);
    if (found.evidence && !report.hasChildNodes()) {
      report.append(h("section", { class: "card" }, h("h2", {}, "Report"),
        h("iframe", { class: "report", sandbox: "", src: `/api/runs/${id}/report`, title: "Report of the evaluation" }),
        h("p", { class: "small muted" }, found.evidence.report)));
    }
  }
  paint(await get(`/runs/${id}/approval`, signal));
  follow(`/runs/${id}/approval`, signal, paint, (error) => show(top, failure(error)));
}

function answering(found, id, go) {
  const answer = (decision) => async (reason) => {
    await post(`/runs/${id}/approval`, { approval: found.waiting, decision, reason });
    announce(decision === "approve" ? "Approved" : "Rejected");
    go(`/runs/${id}`);
  };
  const place = h("div", { "aria-live": "polite" });
  const files = found.takes_files ? h("div", {}, upload({
    kind: found.takes_files,
    useCase: () => found.use_case,
    chosen: async (file) => {
      place.replaceChildren();
      if (!file || file.accepted === false) return;
      await take(file.file);
    },
  }).element, h("button", { type: "button", onclick: () => take("sample") }, "Use the sample of the use case"), place) : null;

  async function take(file) {
    try {
      const { uploaded } = await post(`/runs/${id}/data`, { file, kind: found.takes_files });
      place.replaceChildren(note("good", h("p", {}, `Uploaded ${uploaded.join(", ")}`)));
    } catch (error) {
      place.replaceChildren(failure(error));
    }
  }
  return h("section", { class: "card" }, h("h2", {}, "Your answer"),
    h("details", {}, h("summary", {}, "What approve.py shows"), h("pre", { class: "log" }, found.text)),
    h("p", {}), files,
    reasonForm("Reason", [["Approve", "primary", answer("approve")], ["Reject", "danger", answer("reject")]],
      "It is kept with the run, and AWS records who has answered."));
}
