// The attendance tab: the day's occurrences, and for one of them who is expected, in, left or absent.

import { cancelButton, question } from "./acts.js";
import { at, el, isolated, portrait, toast } from "./dom.js";
import { ask, problemText, tell } from "./door.js";
import { adultName, memos } from "./person.js";

const GROUPS = ["expected", "in", "out", "absent"];
const list = { day: "", occurrences: null, chosen: null, problem: "", desk: null };

/** `desk` has `t`, `time(instant)`, `dayName(day)`, `may(permission)` and `today()` (an ISO day). */
export function prepareAttendance(desk) {
  list.desk = desk;
}

export function forgetAttendance() {
  Object.assign(list, { day: "", occurrences: null, chosen: null, problem: "" });
  at("attendance").replaceChildren();
}

export async function refreshAttendance() {
  const day = list.day || list.desk.today();
  const { ok, occurrences, problem } = await ask("attendance", { day });
  if (day !== (list.day || list.desk.today())) return;
  list.problem = ok ? "" : problem;
  if (ok) list.occurrences = occurrences;
  list.chosen = (list.occurrences ?? []).find(({ id }) => id === list.chosen)?.id ?? nearest(list.occurrences ?? []);
  paintAttendance();
}

/** What is under way or comes next; the last one when all is over. */
function nearest(occurrences) {
  const now = Date.now();
  return (occurrences.find((each) => Date.parse(each.ends_at) > now) ?? occurrences.at(-1))?.id ?? null;
}

export function paintAttendance() {
  const { t } = list.desk;
  const focused = document.activeElement?.id;
  const chosen = list.occurrences?.find(({ id }) => id === list.chosen);
  at("attendance").replaceChildren(
    el("aside", { class: "occurrences" }, dayChoice(t), el("ol", {}, (list.occurrences ?? []).map(occurrence))),
    el("div", { class: "sheet" }, chosen ? sheet(chosen) : el("p", { class: "empty" }, emptyText(t))),
  );
  if (focused) at(focused)?.focus();
}

function emptyText(t) {
  if (list.problem) return problemText(t, list.problem);
  return list.occurrences ? t("no_occurrences") : "";
}

function dayChoice(t) {
  const day = list.day || list.desk.today();
  const turn = (step) => () => {
    const date = new Date(`${day}T12:00:00Z`);
    date.setUTCDate(date.getUTCDate() + step);
    Object.assign(list, { day: date.toISOString().slice(0, 10), occurrences: null, chosen: null });
    void refreshAttendance();
  };
  return el(
    "div",
    { class: "day-choice" },
    el("button", { type: "button", class: "quiet", id: "day-before", "aria-label": t("day_before"), onclick: turn(-1) }, "‹"),
    el("strong", {}, day === list.desk.today() ? t("today") : list.desk.dayName(day)),
    el("button", { type: "button", class: "quiet", id: "day-after", "aria-label": t("day_after"), onclick: turn(1) }, "›"),
  );
}

const countOf = (people, state) => people.filter((each) => each.state === state).length;

function occurrence(each) {
  const { t, time } = list.desk;
  const choose = () => {
    list.chosen = each.id;
    paintAttendance();
  };
  const counts = `${t("in_count", { count: countOf(each.people, "in") })} · ${t("expected_count", { count: countOf(each.people, "expected") })}`;
  return el(
    "li",
    {},
    el(
      "button",
      { type: "button", id: `occurrence-${each.id}`, "aria-current": each.id === list.chosen ? "true" : null, onclick: choose },
      el("time", {}, `${time(each.starts_at)} – ${time(each.ends_at)}`),
      isolated("strong", {}, each.activity),
      el("span", {}, each.facility ? `${each.facility} · ${counts}` : counts),
    ),
  );
}

function sheet(each) {
  const { t, time } = list.desk;
  const groups = GROUPS.map((state) => [state, each.people.filter((entry) => entry.state === state)]).filter(([, people]) => people.length);
  return [
    el("header", { class: "sheet-head" }, isolated("h1", {}, each.activity), el("p", {}, `${time(each.starts_at)} – ${time(each.ends_at)}`)),
    groups.length ? null : el("p", { class: "empty" }, t("no_people")),
    groups.map(([state, people]) =>
      el(
        "section",
        { class: "group", "data-state": state },
        el("h2", {}, t(state), " ", el("span", { class: "badge" }, String(people.length))),
        el("ul", {}, people.map((entry) => attendee(each, entry))),
      ),
    ),
  ];
}

function attendee(each, entry) {
  const { t, time } = list.desk;
  const { person } = entry;
  const last = entry.at ? [time(entry.at), entry.by].filter(Boolean).join(" · ") : "";
  return el(
    "li",
    { "data-person": person.id },
    portrait(person.picture, "thumb large"),
    el(
      "div",
      { class: "who" },
      isolated("strong", {}, person.name),
      el("span", {}, [person.age_text, last].filter(Boolean).join(" · ")),
      memos(entry.memos, t),
      entry.note ? isolated("q", {}, entry.note) : null,
    ),
    el("div", { class: "marks" }, marks(each, entry)),
  );
}

function marks(each, entry) {
  const { t, may } = list.desk;
  const { person, state } = entry;
  const details = { name: person.name, activity: each.activity };
  const button = (kind, label, text, onclick) =>
    el("button", { type: "button", class: kind, id: `${kind}-${each.id}-${person.id}`, "aria-label": text, title: text, onclick }, label);
  const mark = (value) => button(`mark_${value}`, t(`mark_${value}`), t(`mark_${value}_of`, details), () => put(each, person, { mark: value }));
  return [
    may("attendance") && state !== "in" ? mark("in") : null,
    may("attendance") && state === "in" && each.has_check_out ? mark("out") : null,
    may("pick_up") && state === "in" && each.has_pick_up && person.age_group !== "adult"
      ? button("pick_up", t("pick_up"), t("pick_up_of", details), () => pickUp(each, person))
      : null,
    may("attendance") && state === "expected" ? mark("absent") : null,
    may("attendance") && each.has_notes ? button("note", t("note"), t("note_of", details), () => writeNote(each, entry)) : null,
  ];
}

async function put(each, person, change) {
  const answer = await tell("attendance", { occurrence: each.id, person: person.id, ...change });
  if (!answer.ok) {
    toast(problemText(list.desk.t, answer.problem));
    return;
  }
  list.occurrences = list.occurrences.map((known) => (known.id === each.id ? answer.occurrence : known));
  paintAttendance();
}

async function writeNote(each, { person, note }) {
  const { t } = list.desk;
  const text = await question((give) => {
    const field = el("textarea", { rows: "4", maxlength: "200", "data-first": true, "aria-label": t("note_of", { name: person.name }) });
    field.value = note ?? "";
    const send = (event) => {
      event.preventDefault();
      give(field.value.trim());
    };
    return [
      el(
        "form",
        { onsubmit: send },
        el("h2", {}, t("note_of", { name: person.name })),
        field,
        el("div", { class: "answers" }, el("button", { type: "submit", class: "act check_in" }, el("strong", {}, t("save"))), cancelButton(give, t)),
      ),
    ];
  });
  if (text !== null) await put(each, person, { note: text });
}

/** Who takes the child home: only adults on the list, each with a picture to compare. */
async function pickUp(each, person) {
  const { t } = list.desk;
  const { ok, pick_up: adults = [], problem } = await ask(`people/${encodeURIComponent(person.id)}`);
  if (!ok) {
    toast(problemText(t, problem));
    return;
  }
  const adult = await question((give) => [
    el("h2", {}, t("pick_up_title", { name: person.name })),
    adults.length ? null : el("p", {}, t("pick_up_none", { name: person.first_name })),
    el(
      "div",
      { class: "pick-up-faces" },
      el("div", { class: "child" }, portrait(person.picture), isolated("strong", {}, person.name)),
      el("ul", {}, adults.map((one, index) => el("li", {}, adultButton(one, person, index, give)))),
    ),
    el("div", { class: "answers" }, cancelButton(give, t)),
  ]);
  if (!adult) return;
  const answer = await tell("pick-up", { person: person.id, adult, occurrence: each.id });
  if (answer.ok) await refreshAttendance();
  else toast(problemText(t, answer.problem));
}

function adultButton(adult, person, index, give) {
  const text = list.desk.t("pick_up_with", { name: person.first_name, adult: adult.name });
  return el(
    "button",
    { type: "button", class: "adult", "data-first": index === 0, "data-adult": adult.id, onclick: () => give(adult.id) },
    portrait(adult.picture),
    adultName(adult),
    el("span", { class: "effect" }, text),
  );
}
