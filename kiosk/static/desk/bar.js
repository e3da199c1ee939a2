// The top bar: which door, the tabs, whether the door answers and how old its data is, and who is at the desk.

import { clockText, linkText } from "../paint.js";
import { at, el } from "./dom.js";

/** `language` is the one that is shown; the names of a place fall back to the other language. */
export const inLanguage = (names, language) => names?.[language] || names?.en || names?.fr || "";

/** The connection and the clock. Without a door nothing here is current, and the page says so across its whole width. */
export function paintCorner({ hello, status, isGone, now, language, t }) {
  at("gone").hidden = !isGone;
  at("gone").textContent = t("gone") || "This door is not answering · Cette porte ne répond pas";
  at("link").dataset.connection = isGone ? "gone" : (status?.connection ?? "");
  const isKnown = status && hello;
  const text = isGone ? t("not_answering") : isKnown ? linkText(status, hello.texts, language, hello.time_zone, now ?? new Date()) : "";
  if (at("link-text").textContent !== text) at("link-text").textContent = text;
  at("clock").textContent = now && !isGone && hello ? clockText(now, language, hello.time_zone) : "";
}

/** The place and the staff member with the two buttons beside the name. */
export function paintFrame({ hello, language, t, onLanguage, onLock }) {
  at("point").textContent = inLanguage(hello.access_point, language);
  at("organization").textContent = inLanguage(hello.organization, language);
  document.title = `${t("desk")} – ${inLanguage(hello.access_point, language)}`;
  const other = language === "fr" ? "EN" : "FR";
  at("staff").replaceChildren(
    el("span", { class: "staff-name", dir: "auto" }, hello.staff?.name ?? ""),
    twoSizes("language", t("language_other"), other, onLanguage),
    twoSizes("lock", t("lock"), "⏻", onLock),
  );
}

function twoSizes(id, long, short, onclick) {
  const words = [el("span", { class: "long" }, long), el("span", { class: "short", "aria-hidden": "true" }, short)];
  return el("button", { type: "button", class: "quiet", id, "aria-label": long, onclick }, words);
}

/** `tabs` are `[name, badge or null, whether the badge waits for staff]`. */
export function paintTabs({ tabs, current, t, onOpen }) {
  const focused = document.activeElement?.id;
  at("tabs").replaceChildren(
    ...tabs.map(([tab, count, isWaiting]) => {
      const badge = count === null ? null : el("span", { class: isWaiting ? "badge waiting" : "badge" }, String(count));
      const attributes = { type: "button", id: `tab-${tab}`, "aria-current": tab === current ? "page" : null, onclick: () => onOpen(tab) };
      return el("button", attributes, t(`tab_${tab}`), badge);
    }),
  );
  if (focused?.startsWith("tab-")) at(focused)?.focus();
}
