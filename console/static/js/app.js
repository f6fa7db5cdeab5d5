// Finds the page that the path names, and changes pages without loading anew.

import { ApiError, get } from "./api.js";
import { announce, h } from "./dom.js";
import { failure, note } from "./parts/common.js";

const PAGES = [
  ["/runs", "runs"], ["/runs/:id", "run"], ["/runs/:id/approval", "approval"], ["/runs/:id/logs/:job", "log"],
  ["/compare/:first/:second", "compare"], ["/start", "start"], ["/models", "models"], ["/models/:useCase", "models"],
  ["/models/:useCase/:number", "version"], ["/endpoints", "endpoints"], ["/endpoints/:useCase/:target", "endpoint"],
  ["/predict", "predict"], ["/predict/:useCase", "predict"], ["/drift", "drift"], ["/drift/:useCase/:target", "drift"],
  ["/cost", "cost"],
].map(([path, name]) => ({
  pattern: new RegExp(`^${path.replace(/:(\w+)/g, "(?<$1>[^/]+)")}/?$`), name,
}));
const NAVIGATION = { runs: "Runs", start: "Start", models: "Models", endpoints: "Endpoints", predict: "Predict", drift: "Drift", cost: "Cost" };

const main = document.getElementById("main");
let leaving = new AbortController();
let session = null;

function find(path) {
  for (const { pattern, name } of PAGES) {
    const found = path.match(pattern);
    if (found) {
      const values = Object.entries(found.groups || {}).map(([key, value]) => [key, decodeURIComponent(value)]);
      return { name, parameters: Object.fromEntries(values) };
    }
  }
  return null;
}

function paintNavigation(path) {
  const current = path.split("/")[1] === "compare" ? "runs" : path.split("/")[1];
  document.getElementById("nav").replaceChildren(...Object.entries(NAVIGATION).map(([name, text]) =>
    h("a", { href: `/${name}`, "aria-current": name === current ? "page" : null }, text)));
}

function paintWhere() {
  const where = session.local ? `localaws, ${session.endpoint_url}` : `AWS, ${session.region}`;
  document.getElementById("where").replaceChildren(
    h("span", {}, h("b", {}, `${session.service} ${session.stage}`), ` on ${where}`), h("br"),
    h("span", { title: session.caller }, `as ${session.caller || "nobody"}`));
}

/** Go to a path of the console. */
export async function go(path, { replace = false } = {}) {
  if (replace) history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  await paint();
  main.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

async function paint() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const { pathname } = location;
  if (pathname === "/") {
    history.replaceState(null, "", "/runs");
    return paint();
  }
  paintNavigation(pathname);
  const found = find(pathname);
  if (!found) {
    main.replaceChildren(note("bad", h("p", {}, `There is no page ${pathname}.`), h("a", { href: "/runs" }, "All runs")));
    return;
  }
  const page = await import(`./pages/${found.name}.js`);
  const root = h("div", {});
  try {
    await page.render(root, { ...found.parameters, signal, go, session: () => ready, query: new URLSearchParams(location.search) });
  } catch (error) {
    if (signal.aborted) return;
    root.append(describe(error));
  }
  if (signal.aborted) return;
  main.replaceChildren(root);
  document.title = `${root.querySelector("h1")?.textContent || "Console"} - console`;
  announce(document.title);
}

function describe(error) {
  if (error instanceof ApiError && error.status === 401) {
    return h("div", { class: "card empty" }, h("h1", {}, "Sign in"), h("p", {}, error.message));
  }
  return failure(error);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || url.pathname.startsWith("/api/") || link.target || link.hasAttribute("download")) return;
  if (url.pathname === location.pathname && url.hash) return;
  event.preventDefault();
  go(url.pathname + url.search);
});
window.addEventListener("popstate", paint);
// Times of what has not ended go on.
setInterval(async () => {
  const { between } = await import("./format.js");
  for (const time of document.querySelectorAll("time[data-since]")) time.textContent = between(time.dataset.since);
}, 1000);

const ready = get("/session").then((found) => {
  session = found;
  paintWhere();
  if (found.not_deployed) main.before(note("bad", h("p", {}, found.not_deployed)));
  return found;
});
ready.catch(() => {}); // The page itself shows why.
paint();
