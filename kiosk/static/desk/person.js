// One person, large: the access picture beside everything staff need to decide. Memos come before reasons.

import { at, el, isolated, portrait, standingMark } from "./dom.js";

/** Paint `scan`; `look` adds what is known of somebody looked up; `where` says the time and place of a scan. */
export function paintPerson({ scan, look, t, where }) {
  const article = at("person");
  article.dataset.standing = scan?.standing ?? "";
  article.dataset.look = look ? "yes" : "no";
  article.dataset.scan = scan?.id ?? "";
  article.replaceChildren(...(scan ? [figure(scan, t), words(scan, look, t, where)] : [nobody(t)]));
  article.scrollTop = 0;
}

function nobody(t) {
  return el("div", { class: "nobody" }, el("h1", {}, t("nobody_yet")), el("p", {}, t("nobody_yet_hint")), shortcuts(t));
}

function shortcuts(t) {
  return el("p", { class: "shortcuts" }, el("kbd", {}, "/"), ` ${t("search")}`);
}

function figure(scan, t) {
  const { person } = scan;
  const caption = person ? el("figcaption", { class: person.picture_verified_on ? "" : "unsure" }, person.picture_text) : null;
  const picture = person ? portrait(person.picture) : el("div", { class: "portrait" }, el("span", { class: "initials" }, "?"));
  picture.id = "portrait";
  return el("figure", { class: "face" }, picture, caption);
}

function words(scan, look, t, where) {
  return el(
    "div",
    { class: "words" },
    look ? el("p", { class: "looking" }, t("looking")) : null,
    el("p", { class: "standing" }, standingMark(scan.standing), el("strong", {}, scan.title), el("span", {}, where)),
    identity(scan, t),
    memos(scan.memos, t),
    reasons(scan.reasons),
    use(scan),
    scan.notices.length ? el("p", { class: "notices" }, scan.notices.map((text) => el("span", { class: "chip" }, text))) : null,
    scan.by ? decided(scan, t) : null,
    look ? known(look, t) : null,
  );
}

function identity({ person, credential_text: card, is_offline: isOffline }, t) {
  const chips = [
    person?.age_text,
    person?.member_id && t("member_id", { id: person.member_id }),
    person?.language && t(`speaks_${person.language}`),
    card,
    isOffline && t("decided_offline"),
  ].filter(Boolean);
  return el(
    "header",
    { class: "identity" },
    isolated("h1", { id: "name" }, person ? person.name || person.first_name : t("unknown_person")),
    el(
      "p",
      { class: "chips" },
      person?.is_birthday ? el("span", { class: "chip birthday" }, t("birthday")) : null,
      chips.map((text) => isolated("span", { class: "chip" }, text)),
    ),
  );
}

/** Starred memos; an allergy is marked by word and shape as well as by colour. */
export function memos(list, t) {
  if (!list?.length) return null;
  return el(
    "ul",
    { class: "memos" },
    list.map((memo) =>
      el(
        "li",
        { class: memo.is_allergy ? "allergy" : "memo" },
        el("strong", {}, `★ ${t(memo.is_allergy ? "allergy" : "memo")}`),
        isolated("span", {}, memo.text),
      ),
    ),
  );
}

function reasons(list) {
  if (!list.length) return null;
  return el(
    "ul",
    { class: "reasons" },
    list.map((reason) =>
      el(
        "li",
        { "data-outcome": reason.outcome },
        standingMark(reason.outcome),
        el("div", {}, el("strong", {}, reason.text), el("span", {}, reason.next_step)),
      ),
    ),
  );
}

function use(scan) {
  if (!scan.used) return null;
  return el(
    "p",
    { class: "use" },
    el("span", { class: "label" }, scan.used_label),
    el("strong", {}, scan.used),
    scan.left ? el("span", {}, scan.left) : null,
  );
}

function decided(scan, t) {
  return el("p", { class: "decided" }, t("by", { name: scan.by }), scan.note ? isolated("q", {}, scan.note) : null);
}

function known(look, t) {
  const { holdings = [], pick_up: adults = [], last_seen: lastSeen } = look;
  return el(
    "dl",
    { class: "known" },
    el("dt", {}, t("holdings")),
    holdings.length ? holdings.map((text) => isolated("dd", {}, text)) : el("dd", {}, t("holdings_none")),
    lastSeen ? [el("dt", {}, t("last_seen")), el("dd", {}, lastSeen)] : null,
    adults.length ? el("dt", {}, t("pick_up_list")) : null,
    adults.map((adult) => el("dd", { class: "adult" }, portrait(adult.picture, "thumb"), adultName(adult))),
  );
}

export const adultName = (adult) =>
  el("span", { class: "adult-name" }, isolated("strong", {}, adult.name), adult.relation ? isolated("span", {}, adult.relation) : null);
