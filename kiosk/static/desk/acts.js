// The buttons under a person, each with its key and with what it will do; and the questions some of them ask first.

import { at, el, isolated, keyHint, portrait } from "./dom.js";

const KEYS = { approve: "Enter", check_in: "Enter", check_out: "Enter", refuse: "R", override: "O", undo: "U", assign: "A" };
const PRIMARY = ["approve", "check_out", "check_in"];
const REASONS = ["override_1", "override_2", "override_3", "override_4", "override_5", "override_6"];

/** The act that Enter does, if any. */
export const primaryAct = (scan) => PRIMARY.map((name) => scan?.acts.find(({ act }) => act === name)).find(Boolean) ?? null;

/** The act of a key, if the scan has it. */
export function actOfKey(scan, key) {
  if (key === "Enter") return primaryAct(scan);
  return scan?.acts.find(({ act }) => KEYS[act] === key.toUpperCase() && KEYS[act] !== "Enter") ?? null;
}

/** Paint the buttons of `scan`; `next` is who waits behind a person that needs nothing. */
export function paintActs({ scan, next, isOff, t, onAct, onNext }) {
  const primary = primaryAct(scan);
  const buttons = (scan?.acts ?? []).map((act) =>
    actButton({ ...act, key: act === primary || KEYS[act.act] !== "Enter" ? KEYS[act.act] : "", isOff, t, onClick: () => onAct(act) }),
  );
  if (next) buttons.unshift(nextButton({ next, isOff, key: primary ? "" : "Enter", t, onNext }));
  at("acts").replaceChildren(...buttons);
}

function actButton({ act, label, effect, text, key, isOff, t, onClick }) {
  const attributes = { type: "button", class: `act ${act}`, "data-act": act, "aria-label": text, disabled: isOff, onclick: onClick };
  const words = el("span", { class: "act-words" }, el("strong", {}, label), el("span", { class: "effect" }, effect));
  return el("button", attributes, words, key ? keyHint(key, t) : null);
}

function nextButton({ next, isOff, key, t, onNext }) {
  const name = next.person?.name || t("unknown_person");
  const effect = t("next_effect", { name });
  const label = t("next_waiting");
  return actButton({ act: "next", label, effect, text: `${label}: ${effect}`, key, isOff, t, onClick: onNext });
}

let putAway = () => {};

/** Whether a question is on the page. */
export const isAsking = () => at("ask").open;

/** Put the question away: the answer is no. */
export const stopAsking = () => putAway();

/** Show a question; resolves with what `give` was called with, or null when it was put away. */
export function question(build) {
  const dialog = at("ask");
  putAway();
  return new Promise((resolve) => {
    const give = (value) => {
      putAway = () => {};
      dialog.close();
      dialog.replaceChildren();
      resolve(value);
    };
    putAway = () => give(null);
    // Not left to the browser: its `close` event comes late, when the next question may be open already.
    dialog.onkeydown = (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      putAway();
    };
    dialog.onclose = () => {
      if (!dialog.open) putAway();
    };
    dialog.replaceChildren(...build(give).filter(Boolean));
    dialog.showModal();
    dialog.querySelector("[data-first]")?.focus();
  });
}

/** Why it is overridden: a common reason by its number or a free text; null when it is not. */
export function askReason(act, t) {
  return question((give) => {
    const field = el("input", { type: "text", id: "reason", maxlength: "200", "aria-label": t("override_other"), placeholder: t("override_other") });
    const problem = el("p", { class: "problem", id: "reason-problem", role: "alert" });
    const choose = (text) => {
      field.value = text;
      for (const button of at("ask").querySelectorAll(".common button")) {
        button.setAttribute("aria-pressed", String(button.dataset.text === text));
      }
    };
    const send = (event) => {
      event.preventDefault();
      const text = field.value.trim();
      if (text) give(text);
      else problem.textContent = t("override_missing");
    };
    const common = REASONS.map((key, index) => commonReason(t(key), index + 1, choose));
    const form = el(
      "form",
      { onsubmit: send, onkeydown: (event) => byNumber(event, field, choose, t) },
      el("h2", {}, t("override_title")),
      el("div", { class: "common", role: "group" }, common),
      field,
      problem,
      el(
        "div",
        { class: "answers" },
        el("button", { type: "submit", class: "act override" }, el("span", { class: "act-words" }, el("strong", {}, act.label), el("span", { class: "effect" }, act.effect)), keyHint("Enter", t)),
        cancelButton(give, t),
      ),
    );
    field.addEventListener("input", () => choose(field.value));
    return [form];
  });
}

function commonReason(text, number, choose) {
  const attributes = {
    type: "button",
    "data-text": text,
    "data-first": number === 1,
    "aria-pressed": "false",
    onclick: () => {
      choose(text);
      at("ask").querySelector('[type="submit"]').focus();
    },
  };
  return el("button", attributes, keyHint(String(number)), el("span", {}, text));
}

function byNumber(event, field, choose, t) {
  const key = REASONS[Number(event.key) - 1];
  if (!key || document.activeElement === field) return;
  event.preventDefault();
  choose(t(key));
  at("ask").querySelector('[type="submit"]').focus();
}

export const cancelButton = (give, t) =>
  el("button", { type: "button", class: "quiet", onclick: () => give(null) }, t("cancel"), keyHint("Esc", t));

/** Whether this card is to be given to this person. */
export function askAssign({ scan, person, t }) {
  return question((give) => [
    el("h2", {}, t("assign_to", { card: scan.credential_text ?? "", name: person.name })),
    el("div", { class: "assign-face" }, portrait(person.picture, "portrait"), el("p", {}, isolated("strong", {}, person.name), el("span", {}, t("member_id", { id: person.member_id })))),
    el("p", {}, t("assign_effect")),
    el(
      "div",
      { class: "answers" },
      el("button", { type: "button", class: "act assign", "data-first": true, onclick: () => give(true) }, el("strong", {}, scan.acts.find(({ act }) => act === "assign")?.label ?? "")),
      cancelButton(give, t),
    ),
  ]);
}
