// The recent scans beside the person, newest first, with small pictures and what became of each.

import { at, el, isolated, portrait, standingMark } from "./dom.js";
import { isOpen } from "./turns.js";

export function paintRecent({ turns, isLooking, t, time, onChoose }) {
  const { waiting, newCount } = turns;
  const focused = document.activeElement?.closest("#recent button")?.dataset.scan;
  at("recent").replaceChildren(
    el(
      "header",
      {},
      el("h2", {}, t("recent")),
      newCount ? el("span", { class: "badge", id: "new-badge" }, t("new_count", { count: newCount })) : null,
      waiting.length ? el("span", { class: "badge waiting", id: "waiting-badge" }, waitingText(waiting.length, t)) : null,
    ),
    el("ol", {}, turns.scans.map((scan) => item(scan, { turns, isLooking, t, time, onChoose }))),
  );
  if (focused) at("recent").querySelector(`button[data-scan="${CSS.escape(focused)}"]`)?.focus();
  at("recent").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

const waitingText = (count, t) => (count === 1 ? t("waiting_one") : t("waiting_many", { count }));

function item(scan, { turns, isLooking, t, time, onChoose }) {
  const isShown = scan.id === turns.shownId && !isLooking;
  const person = scan.person;
  const name = person ? person.name || person.first_name : t("unknown_person");
  const outcome = scan.state === "none" ? scan.title : t(`state_${scan.state}`) || scan.title;
  const attributes = {
    type: "button",
    "data-scan": scan.id,
    "data-standing": scan.standing,
    class: isOpen(scan) ? "open" : turns.seen.has(scan.id) ? "" : "fresh",
    "aria-current": isShown ? "true" : null,
    onclick: () => onChoose(scan.id),
  };
  return el(
    "li",
    {},
    el(
      "button",
      attributes,
      portrait(person?.picture ?? { initials: "?" }, "thumb"),
      el(
        "span",
        { class: "who" },
        isolated("strong", {}, name),
        el("span", { class: "what" }, standingMark(scan.standing), el("span", {}, outcome)),
      ),
      el("time", {}, time(scan.at)),
    ),
  );
}
