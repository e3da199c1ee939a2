// The desk page of one access point: who is at the door, what staff may do about it, and whether the door still answers.

import { link } from "../link.js";
import { clockText, dayText } from "../paint.js";
import { actOfKey, askAssign, askReason, isAsking, paintActs, stopAsking } from "./acts.js";
import { forgetAttendance, paintAttendance, prepareAttendance, refreshAttendance } from "./attendance.js";
import { inLanguage, paintCorner, paintFrame, paintTabs } from "./bar.js";
import { at, toast } from "./dom.js";
import { accessPoint, ask, problemText, tell, whenSignedOut } from "./door.js";
import { forgetInside, insideCount, paintInside, prepareInside, refreshInside } from "./inside.js";
import { closePad, openPad, paintPad, preparePad } from "./pad.js";
import { paintPerson } from "./person.js";
import { paintRecent } from "./recent.js";
import { endSearch, isSearching, prepareSearch, startSearch } from "./search.js";
import { isOpen, Turns } from "./turns.js";

const CHOSEN_MS = 20_000;
const REFUSED_MS = 10_000;
const DONE_MS = 2_500;
const GUARD_MS = 400;
const INSIDE_EVERY_MS = 15_000;
const TABS = { door: null, attendance: "attendance", inside: "inside" };

const turns = new Turns();
const page = {
  hello: null, status: null, now: null, isGone: false, language: "en", tab: "door", look: null, assigning: null,
  heldUntil: 0, guardUntil: 0, isSending: false, padReason: "",
};
let settling = 0;
let idling = 0;

const t = (key, details = {}) => {
  const text = page.hello?.texts?.[page.language]?.[key] ?? "";
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(details[name] ?? whole));
};
const zone = () => page.hello?.time_zone;
const now = () => page.now ?? new Date();
const time = (at) => clockText(new Date(at), page.language, zone());
const may = (permission) => Boolean(page.hello?.may?.includes(permission));
const isSignedIn = () => document.body.dataset.mode === "desk";
const today = () => new Intl.DateTimeFormat("en-CA", { timeZone: zone() }).format(now());
const dayName = (day) => dayText(new Date(`${day}T12:00:00Z`), page.language, "UTC", { hasWeekday: true });

/** Whether the person on the page must not be replaced by another. */
function isHeld() {
  const isBusy = page.look || page.assigning || isAsking() || isSearching() || page.isSending || page.tab !== "door";
  return isBusy || isOpen(turns.shown) || performance.now() < page.heldUntil;
}

function arrive(scan) {
  turns.put(scan);
  if (!isHeld()) show(turns.next);
  render();
}

function show(scan, { holdMs = scan?.standing === "denied" ? REFUSED_MS : 0 } = {}) {
  if (!scan) return;
  page.look = null;
  if (scan.id !== turns.shownId) page.guardUntil = performance.now() + GUARD_MS;
  turns.show(scan.id);
  at("spoken").textContent = `${scan.title}: ${scan.person?.name ?? t("unknown_person")}`;
  hold(holdMs);
}

function hold(ms) {
  page.heldUntil = performance.now() + ms;
  clearTimeout(settling);
  settling = setTimeout(settle, ms + 10);
}

/** When nobody is being looked after any more, whoever waits comes to the page. */
function settle() {
  if (!isSignedIn() || isHeld()) return;
  if (turns.waiting.length || turns.newCount) show(turns.next);
  render();
}

function choose(scan) {
  if (!scan) return;
  endSearch();
  page.assigning = null;
  show(scan, { holdMs: CHOSEN_MS });
  turns.see();
  render();
  at("person").focus({ preventScroll: true });
}

function next() {
  if (performance.now() < page.guardUntil) return;
  page.heldUntil = 0;
  show(turns.next);
  render();
}

function back() {
  if (isSearching() || page.assigning) {
    page.assigning = null;
    endSearch();
  } else if (page.tab !== "door") {
    openTab("door");
  } else if (page.look) {
    page.look = null;
  } else {
    if (isOpen(turns.shown)) turns.setAside.add(turns.shownId);
    turns.see();
    show(turns.next);
  }
  if (!isHeld() && turns.waiting.length) show(turns.next);
  render();
}

/* What staff do. */

async function act(chosen) {
  const scan = page.look?.scan ?? turns.shown;
  if (!scan || page.isSending || page.isGone || performance.now() < page.guardUntil) return;
  if (chosen.act === "assign") {
    page.assigning = scan;
    startSearch({ isAssigning: true });
    render();
    return;
  }
  const note = chosen.act === "override" ? await askReason(chosen, t) : null;
  if (chosen.act === "override" && note === null) return;
  const extra = note ? { note } : {};
  if (scan.id === null) await send(chosen.act === "check_out" ? "check-out" : "check-in", { person: scan.person.id, ...extra });
  else await send("acts", { act: chosen.act, scan: scan.id, ...extra });
}

async function send(path, body) {
  page.isSending = true;
  render();
  const answer = await tell(path, body);
  page.isSending = false;
  if (!answer.ok) {
    toast(problemText(t, answer.problem));
  } else if (answer.scan) {
    toast("");
    turns.put(answer.scan);
    show(answer.scan, { holdMs: DONE_MS });
    page.guardUntil = performance.now() + GUARD_MS;
  }
  render();
}

async function pick(person) {
  if (page.assigning) {
    const scan = page.assigning;
    const isSure = await askAssign({ scan, person, t });
    page.assigning = null;
    endSearch();
    if (isSure) await send("acts", { act: "assign", scan: scan.id, person: person.id });
    render();
    return;
  }
  endSearch();
  await look(person.id);
}

async function look(id) {
  const { ok, problem, ...found } = await ask(`people/${encodeURIComponent(id)}`);
  if (ok) {
    openTab("door");
    page.look = found;
    page.guardUntil = performance.now() + GUARD_MS;
  } else {
    toast(problemText(t, problem));
  }
  render();
}

/* What is shown. */

function render() {
  document.documentElement.lang = page.language;
  corner();
  if (!isSignedIn()) return;
  const scan = page.look?.scan ?? turns.shown;
  const where = scan?.id ? [time(scan.at), scan.access_point].filter(Boolean).join(" · ") : "";
  paintPerson({ scan, look: page.look, t, where });
  const isSettled = !page.look && !isOpen(turns.shown);
  paintActs({ scan, next: isSettled ? turns.waiting[0] : null, isOff: page.isGone || page.isSending, t, onAct: act, onNext: next });
  paintRecent({ turns, isLooking: Boolean(page.look), t, time, onChoose: (id) => choose(turns.scans.find((each) => each.id === id)) });
  tabs();
}

function corner() {
  paintCorner({ ...page, t });
}

function frame() {
  paintFrame({ ...page, t, onLanguage: () => void switchLanguage(), onLock: () => void lock("") });
  at("search").hidden = !may("look_up");
  prepareSearch({ t, onPick: (person) => void pick(person), onLeave: back });
}

function tabs() {
  const waiting = turns.waiting.length + (isOpen(turns.shown) ? 1 : 0);
  const all = [
    ["door", page.tab === "door" ? null : waiting || null, true],
    ["attendance", null, false],
    ["inside", insideCount(), false],
  ];
  paintTabs({ tabs: all.filter(([tab]) => TABS[tab] === null || may(TABS[tab])), current: page.tab, t, onOpen: openTab });
}

function openTab(tab) {
  page.tab = tab;
  document.body.dataset.tab = tab;
  if (tab === "attendance") void refreshAttendance();
  if (tab === "inside") void freshInside();
  if (tab === "door") settle();
  render();
  // Enter is for the person from here on, not for the button that was pressed.
  if (tab === "door") at("person").focus({ preventScroll: true });
}

async function freshInside() {
  if (!isSignedIn() || !may("inside")) return;
  await refreshInside();
  if (isSignedIn()) tabs();
  else forgetInside();
}

/* Who is at the desk. */

function welcome(message) {
  page.hello = message;
  page.language = message.language === "fr" ? "fr" : "en";
  if (document.body.dataset.mode === "pad") paintPad();
  else close(page.padReason, message.locked_s);
}

function greet(message) {
  const isSame = isSignedIn() && page.hello?.staff?.id === message.staff?.id;
  page.hello = message;
  page.language = message.staff?.language === "fr" ? "fr" : "en";
  document.body.dataset.mode = "desk";
  closePad();
  turns.greet(message.recent ?? []);
  if (!turns.shown || !isSame) show(turns.next);
  frame();
  stir();
  if (page.tab === "attendance") paintAttendance();
  void freshInside();
  render();
}

/** Take everybody off the page and show the pad. */
function close(reason = "", lockedS = 0) {
  clearTimeout(idling);
  clearTimeout(settling);
  Object.assign(page, { look: null, assigning: null, padReason: "", isSending: false, heldUntil: 0 });
  stopAsking();
  turns.clear();
  for (const id of ["person", "acts", "recent", "staff", "search", "tabs", "spoken"]) at(id).replaceChildren();
  toast("");
  forgetAttendance();
  forgetInside();
  document.body.dataset.mode = "pad";
  page.tab = document.body.dataset.tab = "door";
  openPad({ reason, lockedS });
  corner();
}

async function lock(reason) {
  close(reason);
  page.padReason = reason;
  await tell("sign-out");
  reopen();
}

function signedOut() {
  if (!isSignedIn()) return;
  close("problem_signed_out");
  page.padReason = "problem_signed_out";
  reopen();
}

async function switchLanguage() {
  const language = page.language === "fr" ? "en" : "fr";
  if (!isSignedIn()) {
    page.language = language;
    paintPad();
    render();
    return;
  }
  const answer = await tell("language", { language });
  if (!answer.ok) toast(problemText(t, answer.problem));
}

/** Somebody is here: the page locks only after nobody was for a while. */
function stir() {
  clearTimeout(idling);
  const idleS = Number(page.hello?.idle_lock_s) || 600;
  if (isSignedIn()) idling = setTimeout(() => void lock("locked_idle"), idleS * 1000);
}

/* What is heard and pressed. */

const HEARD = {
  welcome,
  hello: greet,
  status: (message) => {
    page.status = message;
    corner();
  },
  beat: (message) => {
    const instant = new Date(message.at);
    if (!Number.isNaN(instant.getTime())) page.now = instant;
    corner();
  },
  scan: ({ scan }) => {
    if (isSignedIn() && scan) arrive(scan);
    void freshInside();
  },
  scan_changed: ({ scan }) => {
    if (!isSignedIn() || !scan) return;
    const wasOpen = isOpen(turns.shown);
    turns.put(scan);
    if (wasOpen && !isOpen(turns.shown) && !page.isSending) hold(DONE_MS);
    render();
  },
  changed: ({ what }) => {
    if (!isSignedIn()) return;
    if (what === "inside") void freshInside();
    else if (page.tab === "attendance") void refreshAttendance();
  },
};

function hear(message) {
  const wasGone = page.isGone;
  if (message.type === "beat" || message.type === "scan") page.isGone = false;
  HEARD[message.type]?.(message);
  if (wasGone && !page.isGone) settleLink();
}

function settleLink() {
  render();
  if (isSignedIn() && page.tab === "inside") paintInside({ isGone: page.isGone });
}

function lose() {
  page.isGone = true;
  settleLink();
}

function onKey(event) {
  stir();
  if (!isSignedIn() || event.ctrlKey || event.metaKey || event.altKey || isAsking()) return;
  const isTyping = event.target.matches("input, textarea");
  if (event.key === "Escape") back();
  else if (isTyping || event.repeat) return;
  else if (event.key === "/" && may("look_up")) startSearch();
  else if (page.tab !== "door" || !pressed(event)) return;
  event.preventDefault();
}

/** Whether the key means something for the person on the page. */
function pressed({ key, target }) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[key];
  if (step) {
    choose(turns.neighbour(page.look ? 0 : step));
    return true;
  }
  if (key === "Enter" && target.closest("button")) return false;
  const chosen = key.length === 1 || key === "Enter" ? actOfKey(page.look?.scan ?? turns.shown, key) : null;
  if (chosen) void act(chosen);
  else if (key === "Enter" && !page.look && turns.waiting.length) next();
  else return false;
  return true;
}

const names = () => [page.hello?.access_point, page.hello?.organization].map((each) => inLanguage(each, page.language));
preparePad({ t, names, onSignIn: () => reopen(), onLanguage: () => void switchLanguage() });
prepareAttendance({ t, time, dayName, may, today });
prepareInside({ t, time });
whenSignedOut(signedOut);
document.addEventListener("keydown", onKey);
document.addEventListener("pointerdown", stir);
setInterval(() => void (page.tab === "inside" && !page.isGone && freshInside()), INSIDE_EVERY_MS);
const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/desk/${encodeURIComponent(accessPoint())}`;
const { reopen } = link(address, { onMessage: hear, onGone: lose, onEnd: (code) => code === 4401 && signedOut() });
