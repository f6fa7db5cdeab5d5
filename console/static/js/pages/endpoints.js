// Every endpoint: what it serves, its variants and their traffic.

import { follow, get } from "../api.js";
import { h, show } from "../dom.js";
import { moment } from "../format.js";
import { badge, commands, empty, facts, failure } from "../parts/common.js";
import { traffic } from "../parts/traffic.js";

export async function render(root, { signal }) {
  const body = h("div", {});
  root.append(h("div", { class: "head" }, h("h1", {}, "Endpoints")), body);
  const paint = (found) => {
    show(body,
      found.endpoints.length
        ? h("div", { class: "columns" }, found.endpoints.map((one) => h("section", { class: "card" },
          h("h2", {}, h("a", { href: `/endpoints/${one.use_case}/${one.target}` }, one.name), " ", badge(one.status)),
          facts({ Serves: one.version ? h("a", { href: `/models/${one.use_case}/${one.version}` }, `version ${one.version} of ${one.use_case}`) : "a model of no version", Target: one.target, Changed: moment(one.modified) }),
          h("p", {}), traffic(one.variants))))
        : empty(h("p", {}, "No endpoint is deployed. A run with the type Endpoint deploys one once its model is approved."), h("a", { href: "/start" }, "Start a run")),
      commands(found.command));
  };
  paint(await get("/endpoints", signal));
  follow("/endpoints", signal, paint, (error) => show(body, failure(error)));
}
