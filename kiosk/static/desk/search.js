// Looking somebody up by name or ID. Choosing only looks: checking in is an act of its own.

import { at, el, isolated, portrait } from "./dom.js";
import { ask } from "./door.js";

const WAIT_MS = 120;
const SHORTEST = 2;

const box = { people: [], foundFor: "", picked: 0, asked: 0, timer: 0, t: null, onPick: null };

/** Build the field. `onPick(person)` gets the chosen one, `onLeave()` is called when the field is left by Escape. */
export function prepareSearch({ t, onPick, onLeave }) {
  Object.assign(box, { t, onPick });
  const input = el("input", {
    type: "search",
    id: "query",
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    "aria-expanded": "false",
    "aria-controls": "found",
    "aria-label": t("search"),
    placeholder: t("search"),
    oninput: askSoon,
    onkeydown: (event) => steer(event, onLeave),
  });
  at("search").replaceChildren(input, el("kbd", { "aria-hidden": "true" }, "/"), el("ul", { id: "found", role: "listbox", "aria-label": t("search"), hidden: true }));
}

export const isSearching = () => document.activeElement?.id === "query";

export function startSearch({ isAssigning = false } = {}) {
  at("search").dataset.assigning = isAssigning ? "yes" : "";
  if (!at("query")) return;
  at("query").placeholder = box.t(isAssigning ? "assigning" : "search");
  at("query").focus();
  at("query").select();
}

export function endSearch() {
  clearTimeout(box.timer);
  box.asked += 1;
  box.people = [];
  at("search").dataset.assigning = "";
  if (!at("query")) return;
  at("query").value = "";
  at("query").placeholder = box.t("search");
  at("query").blur();
  paint("");
}

function askSoon() {
  clearTimeout(box.timer);
  box.timer = setTimeout(look, WAIT_MS);
}

async function look() {
  const q = at("query").value.trim();
  const mine = (box.asked += 1);
  if (q.length < SHORTEST) {
    box.people = [];
    paint(q ? box.t("search_short") : "");
    return;
  }
  const { ok, people = [] } = await ask("search", { q });
  if (mine !== box.asked) return;
  box.people = ok ? people : [];
  box.foundFor = q;
  box.picked = 0;
  paint(ok ? (people.length ? "" : box.t("search_none")) : box.t("no_answer"));
}

function paint(note) {
  const list = at("found");
  const options = box.people.map(option);
  list.replaceChildren(...(note ? [el("li", { class: "note" }, note)] : options));
  list.hidden = !note && options.length === 0;
  at("query").setAttribute("aria-expanded", String(!list.hidden));
  choose(box.picked);
}

function option({ person, summary }, index) {
  return el(
    "li",
    { id: `found-${index}`, role: "option", "aria-selected": "false", onclick: () => pick(index) },
    portrait(person.picture, "thumb"),
    el("span", { class: "who" }, isolated("strong", {}, person.name), isolated("span", {}, summary ?? "")),
    el("span", { class: "aside" }, person.age_text, el("br"), person.member_id),
  );
}

function choose(index) {
  box.picked = index;
  box.people.forEach((_, each) => at(`found-${each}`)?.setAttribute("aria-selected", String(each === index)));
  at("query").setAttribute("aria-activedescendant", box.people.length ? `found-${index}` : "");
  at(`found-${index}`)?.scrollIntoView({ block: "nearest" });
}

function steer(event, onLeave) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && box.people.length) choose((box.picked + step + box.people.length) % box.people.length);
  else if (event.key === "Enter") void enter();
  else if (event.key === "Escape") onLeave();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** Choose what was found for exactly what stands in the field: never somebody of an earlier list. */
async function enter() {
  clearTimeout(box.timer);
  if (box.foundFor !== at("query").value.trim() || !box.people.length) await look();
  if (box.foundFor === at("query").value.trim()) pick(box.picked);
}

function pick(index) {
  const found = box.people[index];
  if (found) box.onPick(found.person);
}
