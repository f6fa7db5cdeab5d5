// One course over time as an SVG line, with its highest value and its times in words for screen readers.

import { h, s } from "../dom.js";
import { number } from "../format.js";

const WIDTH = 560;
const HEIGHT = 130;

/** points: [seconds, value]; the time axis has `seconds`, of which the last is now. */
export function chart(title, unit, points, seconds) {
  if (!points.length) return h("p", { class: "muted small" }, `${title}: no data in this time.`);
  const most = Math.max(...points.map(([, value]) => value)) || 1;
  const place = ([at, value]) => `${(at / seconds) * WIDTH},${HEIGHT - 14 - (value / most) * (HEIGHT - 34)}`;
  const line = points.map(place).join(" ");
  const single = points.length === 1 ? place(points[0]).split(",") : null;
  return h("figure", { style: { margin: "0 0 .8rem" } },
    s("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}: at most ${number(most)} ${unit}` },
      s("line", { x1: 0, y1: HEIGHT - 14, x2: WIDTH, y2: HEIGHT - 14 }),
      single ? s("circle", { cx: single[0], cy: single[1], r: 4 }) : s("polyline", { points: line }),
      s("text", { x: 2, y: 12 }, `${number(most)} ${unit}`),
      s("text", { x: 2, y: HEIGHT - 2 }, `${Math.round(seconds / 60)} minutes ago`),
      s("text", { x: WIDTH - 2, y: HEIGHT - 2, "text-anchor": "end" }, "now")),
    h("figcaption", { class: "small muted" }, title));
}
