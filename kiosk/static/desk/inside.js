// Who is inside now: the evacuation list. When the door falls silent the last list stays, and says of when it is.

import { at, el, isolated, portrait } from "./dom.js";
import { ask, problemText } from "./door.js";

const known = { inside: null, problem: "", isGone: false, desk: null };

/** `desk` has `t` and `time(instant)`. */
export function prepareInside(desk) {
  known.desk = desk;
}

export function forgetInside() {
  Object.assign(known, { inside: null, problem: "" });
  at("inside").replaceChildren();
}

/** The newest count of people, or null when it was never heard. */
export const insideCount = () => known.inside?.count ?? null;

export async function refreshInside() {
  const { ok, problem, ...inside } = await ask("inside");
  known.problem = ok ? "" : problem;
  if (ok) known.inside = inside;
  paintInside();
}

export function paintInside({ isGone = known.isGone } = {}) {
  known.isGone = isGone;
  const { t } = known.desk;
  if (!known.inside) {
    at("inside").replaceChildren(el("p", { class: "empty" }, known.problem ? problemText(t, known.problem) : ""));
    return;
  }
  const { inside } = known;
  at("inside").replaceChildren(head(inside, t), el("div", { class: "places" }, inside.places.map(place)));
}

function head(inside, t) {
  const time = known.desk.time(inside.as_of);
  const isStale = known.isGone || Boolean(known.problem);
  return el(
    "header",
    { class: "inside-head" },
    el("p", { class: "total" }, el("strong", { id: "total" }, String(inside.count)), el("span", {}, t("inside_now"))),
    el(
      "div",
      { class: "truth" },
      el("p", { class: isStale ? "warn" : "" }, isStale ? t("inside_stale", { time }) : t("inside_as_of", { time })),
      inside.is_complete ? null : el("p", { class: "warn" }, t("inside_incomplete")),
    ),
    el("button", { type: "button", class: "quiet", id: "print", onclick: () => window.print() }, t("print")),
  );
}

function place(each) {
  const { t } = known.desk;
  const people = [...each.people].sort((one, other) => one.person.name.localeCompare(other.person.name));
  const unnamed = each.count - people.length;
  return el(
    "section",
    { class: "inside-place", "data-place": each.id },
    el(
      "header",
      {},
      isolated("h2", {}, each.name),
      el("p", { class: "count" }, el("strong", {}, String(each.count)), each.capacity === null ? null : ` ${t("of_capacity", { capacity: each.capacity })}`),
      el("p", { class: "doors" }, (each.access_points ?? []).map((door) => el("span", { class: "chip" }, `${door.name} ${door.count}`))),
    ),
    each.count === 0 ? el("p", { class: "empty" }, t("inside_nobody")) : null,
    el("ul", {}, people.map(insider)),
    unnamed > 0 ? el("p", { class: "warn" }, t("inside_unknown", { count: unnamed })) : null,
  );
}

function insider({ person, since, access_point: door }) {
  const { t, time } = known.desk;
  return el(
    "li",
    {},
    el("span", { class: "tick", "aria-hidden": "true" }),
    portrait(person.picture, "thumb"),
    el("span", { class: "who" }, isolated("strong", {}, person.name), el("span", {}, [person.age_text, t("since", { time: time(since) }), door].filter(Boolean).join(" · "))),
  );
}
