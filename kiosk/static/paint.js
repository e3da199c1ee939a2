// Turns what is known into what is seen. Text is only ever set as text; each view is shown by `data-mode` on the body.

import { candle, hints, mark } from "./shapes.js";

const at = (id) => document.getElementById(id);
const OUTCOMES = ["granted", "review", "denied"];
const LOCALES = { en: "en-GB", fr: "fr-CA" };
const SMALLEST = 0.4;

const other = (language) => (language === "fr" ? "en" : "fr");

function say(element, text, language) {
  const shown = String(text ?? "");
  if (element.textContent !== shown) element.textContent = shown;
  if (language && element.lang !== language) element.lang = language;
}

function piece(text) {
  const element = document.createElement("span");
  element.className = "piece";
  element.textContent = text;
  return element;
}

/** The text as nodes that break between words only: "Marie-Antoinette" and the count after a name stay whole. */
function pieces(text, { hasTail = false } = {}) {
  const tailAt = hasTail ? Math.max(text.lastIndexOf(": "), text.lastIndexOf("– ")) : -1;
  if (tailAt > 0) {
    return [...pieces(text.slice(0, tailAt + 2)), piece(text.slice(tailAt + 2))];
  }
  return text.split(/( )/).map((word) => (word.includes("-") ? piece(word) : word));
}

/** Shrink the type of a view until nothing of it sticks out; `--fit` is 1 when all is well. */
export function fit(view) {
  for (let size = 1; ; size -= 0.05) {
    view.style.setProperty("--fit", size.toFixed(2));
    if (size <= SMALLEST || !sticksOut(view)) return;
  }
}

function sticksOut(view) {
  const field = view.getBoundingClientRect();
  return [...view.querySelectorAll("h1, p, figure, figcaption, .mark, .portrait")].some((part) => {
    const { left, top, right, bottom, width } = part.getBoundingClientRect();
    if (width === 0) return false;
    const isOutside = left < field.left - 1 || top < field.top - 1 || right > field.right + 1 || bottom > field.bottom + 1;
    return isOutside || part.scrollWidth > part.clientWidth + 1;
  });
}

/** The time in the organization's zone, as the language writes it; "" when either cannot be known. */
export function clockText(instant, language, timeZone) {
  try {
    const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone };
    const parts = new Intl.DateTimeFormat("en-GB", options).formatToParts(instant);
    const [hour, minute] = ["hour", "minute"].map((type) => parts.find((part) => part.type === type).value);
    if (language !== "fr") return `${hour}:${minute}`;
    return minute === "00" ? `${Number(hour)}\u00a0h` : `${Number(hour)}\u00a0h\u00a0${minute}`;
  } catch {
    return "";
  }
}

/** The day in the organization's zone, with its weekday when asked; the first of the month is "1er" in French. */
export function dayText(instant, language, timeZone, { hasWeekday = false } = {}) {
  try {
    const weekday = hasWeekday ? { weekday: "long" } : {};
    const options = { ...weekday, day: "numeric", month: "long", timeZone };
    const text = new Intl.DateTimeFormat(LOCALES[language] ?? LOCALES.en, options).format(instant);
    return language === "fr" ? text.replace(/\b1(?= )/, "1er") : text;
  } catch {
    return "";
  }
}

/** "Offline - data as of 14:05", with the day when that is not today. */
export function linkText(status, texts, language, timeZone, now) {
  const words = texts[language];
  if (status.connection === "connected") return words.connected;
  if (status.connection === "out_of_service") {
    const isSaid = status.cause === "fault" || status.cause === "revoked";
    return isSaid ? `${words.out_of_service} – ${words[`cause_${status.cause}`]}` : words.call_staff;
  }
  const since = new Date(status.data_as_of ?? NaN);
  if (Number.isNaN(since.getTime())) return words.offline;
  const time = clockText(since, language, timeZone);
  const date = dayText(since, language, timeZone);
  const isToday = date === dayText(now, language, timeZone);
  return (isToday ? words.offline_as_of : words.offline_as_of_date).replace("{time}", time).replace("{date}", date);
}

/** The waiting page: who we are and where to present a card, in the default language first. */
export function paintIdle(hello) {
  const first = hello.language;
  const texts = hello.texts;
  const languages = hello.languages.length > 1 ? [first, other(first)] : [first];
  const second = languages[1];
  const names = languages.map((language) => hello.organization[language] || hello.organization[first]);
  say(at("organization"), names[0], first);
  say(at("organization-other"), names[1] === names[0] ? "" : names[1], second);
  say(at("present"), texts[first].present_card, first);
  say(at("present-other"), second ? texts[second].present_card : "", second);
  at("hint").replaceChildren(...hints(hello.readers, (kind) => languages.map((each) => texts[each][`reader_${kind}`])));
  at("hint").dataset.count = String(at("hint").childElementCount);
}

/** The top and bottom lines: clock and connection, in the given languages. */
export function paintCorners({ now, status, hello, languages }) {
  const [first] = languages;
  const zone = hello.time_zone;
  say(at("point"), hello.access_point[first] || hello.access_point[other(first)], first);
  say(at("clock"), now ? clockText(now, first, zone) : "", first);
  say(at("day"), now ? dayText(now, first, zone, { hasWeekday: true }) : "", first);
  at("link").dataset.connection = status?.connection ?? "";
  const lines = status ? languages.map((each) => linkText(status, hello.texts, each, zone, now ?? new Date())) : [];
  say(at("link-text"), [...new Set(lines)].join("\u2002·\u2002"), first);
}

function lineElement({ role, text }) {
  const element = document.createElement("p");
  element.className = `line ${String(role).replace(/[^a-z_]/g, "")}`;
  if (role === "birthday") element.append(candle());
  element.append(...pieces(String(text ?? ""), { hasTail: role === "used" }));
  return element;
}

/** One answer to one scan. A missing or broken picture leaves the initials. */
export function paintVerdict(screen) {
  const outcome = OUTCOMES.includes(screen.outcome) ? screen.outcome : "denied";
  const view = at("verdict");
  const { url, initials } = screen.picture ?? {};
  view.dataset.outcome = outcome;
  view.lang = screen.language;
  view.dataset.person = url || initials ? "shown" : "none";
  at("title").replaceChildren(...pieces(String(screen.title ?? "")));
  at("name").replaceChildren(...pieces(String(screen.name ?? "")));
  say(at("initials"), initials);
  at("mark").replaceChildren(mark(outcome));
  at("lines").replaceChildren(...(screen.lines ?? []).map(lineElement));
  paintPicture(at("picture"), url);
}

function paintPicture(image, url) {
  image.classList.remove("loaded");
  image.onload = () => image.classList.add("loaded");
  image.onerror = () => image.removeAttribute("src");
  if (typeof url === "string" && url.startsWith("/pictures/")) image.src = url;
  else image.removeAttribute("src");
  if (image.complete && image.naturalWidth > 0) image.classList.add("loaded");
}

/** Out of service, not answering, or getting ready: `pairs` are [language, headline, line below]. */
export function paintTrouble(kind, pairs) {
  at("trouble-mark").replaceChildren(mark(kind));
  [at("trouble-first"), at("trouble-second")].forEach((element, index) => {
    const [language, headline, line] = pairs[index] ?? ["", "", ""];
    element.lang = language;
    say(element.querySelector("h1"), headline);
    say(element.querySelector("p"), line);
  });
}
