// Elements made from text and attributes only: nothing that came over the wire is ever read as HTML.

import { mark } from "../shapes.js";

export const at = (id) => document.getElementById(id);

/** An element. `on...` attributes are listeners, false and null leave an attribute out; children are nodes or text. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** A text that keeps its writing direction to itself. */
export const isolated = (tag, attributes, text) => el(tag, { dir: "auto", ...attributes }, String(text ?? ""));

/** A person's picture; a missing or broken one leaves the initials. */
export function portrait(picture, name = "portrait") {
  const figure = el("div", { class: name }, el("span", { class: "initials", "aria-hidden": "true" }, picture?.initials ?? ""));
  const url = picture?.url;
  if (typeof url !== "string" || !url.startsWith("/pictures/")) return figure;
  const image = el("img", { alt: "", draggable: "false", decoding: "sync" });
  image.onload = () => image.classList.add("loaded");
  image.onerror = () => image.remove();
  image.src = url;
  if (image.complete && image.naturalWidth > 0) image.classList.add("loaded");
  figure.append(image);
  return figure;
}

const STANDINGS = ["granted", "review", "denied"];

/** The mark of a standing, as on the visitor page; a neutral one has three dots. */
export function standingMark(standing) {
  return el("span", { class: "mark", "aria-hidden": "true" }, mark(STANDINGS.includes(standing) ? standing : "wait"));
}

/** A key on a button. */
const KEY_NAMES = { Enter: "key_enter", Esc: "key_escape" };

/** What is printed on the key, in the staff member's language. */
export const keyHint = (key, t) => el("kbd", { "aria-hidden": "true" }, KEY_NAMES[key] ? t(KEY_NAMES[key]) : key);

export function toast(text) {
  const line = at("toast");
  clearTimeout(toast.ends);
  line.textContent = text;
  line.classList.toggle("shown", Boolean(text));
  toast.ends = setTimeout(() => line.classList.remove("shown"), 6000);
}
