// The PIN pad: large keys, the keyboard too, and how long it refuses after wrong tries. It knows no person.

import { at, el } from "./dom.js";
import { tell } from "./door.js";

const MAX_DIGITS = 12;
const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "erase", "0", "sign_in"];

const pad = { pin: "", refusedUntil: 0, problem: "", timer: 0, isAsking: false };
let page = null;

/** `open` has `t(key, details)`, `onSignIn(staff)`, `onLanguage()` and `names()`. */
export function preparePad(open) {
  page = open;
  document.addEventListener("keydown", (event) => {
    if (document.body.dataset.mode !== "pad" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^[0-9]$/.test(event.key)) press(event.key);
    else if (event.key === "Backspace") press("erase");
    else if (event.key === "Enter" && !event.repeat && event.target.dataset?.key === undefined) press("sign_in");
    else return;
    event.preventDefault();
  });
}

/** Paint the pad, empty; `reason` is a text key to say above it. */
export function openPad({ reason = "", lockedS = 0 } = {}) {
  Object.assign(pad, { pin: "", problem: reason });
  if (lockedS > 0) refuseFor(lockedS);
  paintPad();
}

export function closePad() {
  clearInterval(pad.timer);
  Object.assign(pad, { pin: "", problem: "" });
  at("pad").replaceChildren();
}

export function paintPad() {
  const { t } = page;
  const [point, organization] = page.names();
  at("pad").replaceChildren(
    el(
      "div",
      { class: "pad-card" },
      el("p", { class: "pad-place", dir: "auto" }, el("strong", {}, point), el("span", {}, organization)),
      el("h1", { id: "pad-title" }, t("enter_pin")),
      el("p", { class: "dots", id: "dots", role: "status" }),
      el("p", { class: "pad-problem", id: "pad-problem", role: "alert" }),
      el("div", { class: "keys", role: "group", "aria-labelledby": "pad-title" }, KEYS.map(keyButton)),
      el("button", { type: "button", class: "quiet", id: "pad-language", onclick: page.onLanguage }, t("language_other")),
    ),
  );
  say();
}

function keyButton(key) {
  const isDigit = key.length === 1;
  const attributes = {
    type: "button",
    "data-key": key,
    class: isDigit ? "key" : `key ${key}`,
    onclick: () => press(key),
    // A touched key does not take the focus: Enter on the keyboard still opens.
    onmousedown: (event) => event.preventDefault(),
  };
  return el("button", attributes, isDigit ? key : page.t(key));
}

const remainingS = () => Math.ceil((pad.refusedUntil - performance.now()) / 1000);

function press(key) {
  if (pad.isAsking || remainingS() > 0) return;
  if (key === "sign_in") {
    if (pad.pin) void signIn();
    return;
  }
  pad.pin = key === "erase" ? pad.pin.slice(0, -1) : (pad.pin + key).slice(0, MAX_DIGITS);
  pad.problem = "";
  say();
}

async function signIn() {
  pad.isAsking = true;
  const { ok, staff, problem, retry_in_s: retryInS } = await tell("sign-in", { pin: pad.pin });
  pad.isAsking = false;
  pad.pin = "";
  if (ok) {
    page.onSignIn(staff);
    return;
  }
  pad.problem = problem === "no_answer" ? "gone" : "wrong_pin";
  if (retryInS > 0) refuseFor(retryInS);
  say();
}

function refuseFor(seconds) {
  pad.refusedUntil = performance.now() + seconds * 1000;
  clearInterval(pad.timer);
  pad.timer = setInterval(() => {
    if (remainingS() <= 0) {
      clearInterval(pad.timer);
      pad.problem = "";
    }
    say();
  }, 200);
}

function say() {
  if (!at("dots")) return;
  const seconds = remainingS();
  const text = seconds > 0 ? page.t("wait_seconds", { seconds }) : pad.problem && page.t(pad.problem);
  at("dots").replaceChildren(...[...pad.pin].map(() => el("span", { class: "dot" })));
  at("dots").setAttribute("aria-label", `${page.t("pin")}: ${pad.pin.length}`);
  if (at("pad-problem").textContent !== text) at("pad-problem").textContent = text;
  for (const key of at("pad").querySelectorAll(".key")) key.disabled = seconds > 0;
}
