// One version of a model: where it comes from, its evidence, and the decision about it.

import { get, post } from "../api.js";
import { h } from "../dom.js";
import { moment } from "../format.js";
import { badge, commands, facts, reasonForm, taskView } from "../parts/common.js";
import { evidence } from "../parts/evidence.js";

const VERBS = { approve: ["Approve", "primary"], reject: ["Reject", "danger"] };

export async function render(root, { useCase, number, signal, go }) {
  const found = await get(`/models/${useCase}/versions/${number}`, signal);
  const task = h("div", {});
  const decide = (decision) => async (reason) => {
    const started = await post(`/models/${useCase}/versions/${number}`, { decision, reason });
    task.replaceChildren(taskView(started, signal, () => {
      task.append(h("button", { type: "button", onclick: () => go(location.pathname, { replace: true }) }, "Show the version as it is now"));
    }));
  };
  const possible = Object.keys(found.consequences);
  root.append(
    h("div", { class: "head" }, h("h1", {}, `Version ${number} of ${useCase}`), badge(found.status),
      h("div", { class: "actions" }, h("a", { class: "button", href: `/models/${useCase}` }, "All versions"))),
    h("div", { class: "columns" },
      h("section", { class: "card" }, h("h2", {}, "Lineage: from the data to the endpoint"), facts({
        ...found.lineage,
        run: found.run ? h("a", { href: `/runs/${found.run}`, class: "mono" }, found.run) : "",
        image: found.image, "model package": found.arn,
        endpoint: found.endpoints.join(", ") || "serves no endpoint",
      })),
      h("section", { class: "card" }, h("h2", {}, "Evaluation"), evidence(found.evidence),
        h("h3", {}, "Decision"), facts({
          Registered: moment(found.registered), Decided: moment(found.decided), By: found.decided_by, Reason: found.reason || "none yet",
        }))),
    h("section", { class: "card" }, h("h2", {}, "Decide"),
      h("ul", {}, possible.map((verb) => h("li", {}, `${VERBS[verb][0]}: ${found.consequences[verb]}`))),
      reasonForm("Reason", possible.map((verb) => [...VERBS[verb], decide(verb)]), "It is stored with the version."), task),
    commands(found.command, ...possible.map((verb) => found.decision_commands[verb])));
}
