// Elements without HTML text: what comes from AWS or from a file is only ever text.

const SVG = "http://www.w3.org/2000/svg";

function make(element, properties, children) {
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "style") Object.assign(element.style, value);
    else if (name.startsWith("on")) element[name] = value;
    else if (name === "value" || name === "checked") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** h("p", {class: "x", onclick: f}, "text", child) */
export function h(tag, properties, ...children) {
  return make(document.createElement(tag), properties, children);
}

/** The same for SVG. */
export function s(tag, properties, ...children) {
  return make(document.createElementNS(SVG, tag), properties, children);
}

const HANDLERS = ["onclick", "onchange", "oninput", "onsubmit", "ontoggle"];

/** Make `target` equal to `source`, and keep the nodes that stay: with them focus, selection and scrolling. */
export function morph(target, source) {
  if (target.nodeType !== source.nodeType || target.nodeName !== source.nodeName) {
    target.replaceWith(source);
    return;
  }
  if (target.nodeType !== Node.ELEMENT_NODE) {
    if (target.data !== source.data) target.data = source.data;
    return;
  }
  for (const { name } of [...target.attributes]) {
    if (name !== "style" && !source.hasAttribute(name) && !(name === "open" && target.nodeName === "DETAILS")) {
      target.removeAttribute(name);
    }
  }
  for (const { name, value } of source.attributes) {
    if (name !== "style" && target.getAttribute(name) !== value) target.setAttribute(name, value);
  }
  if (target.style.cssText !== source.style.cssText) target.style.cssText = source.style.cssText;
  for (const name of HANDLERS) target[name] = source[name];
  const wanted = [...source.childNodes];
  const found = [...target.childNodes];
  wanted.forEach((child, index) => {
    if (found[index]) morph(found[index], child);
    else target.append(child);
  });
  for (const extra of found.slice(wanted.length)) extra.remove();
}

/** Show `children` in `element`, changing only what differs. */
export function show(element, ...children) {
  const next = element.cloneNode(false);
  next.append(...children.flat(Infinity).filter(Boolean));
  for (const name of HANDLERS) next[name] = element[name];
  morph(element, next);
}

/** Say something to a screen reader. */
export function announce(text) {
  document.getElementById("announce").textContent = text;
}
