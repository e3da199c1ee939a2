// The visitor page of one access point: listens to its door, shows one thing at a time, and says when the door is gone.

import { moveChoice, paintChoice, stopChoice } from "./choice.js";
import { link } from "./link.js";
import { fit, paintCorners, paintIdle, paintTrouble, paintVerdict } from "./paint.js";
import { play } from "./sound.js";

const LAST_SHOWN_MS = 6000;
const GONE = [
  ["en", "This door is not answering", "Please see the desk"],
  ["fr", "Cette porte ne répond pas", "Merci de passer à l’accueil"],
];

const page = { hello: null, status: null, screen: null, isGone: false, now: null, lastId: null, choice: null };
let holding = 0;

const languages = () => {
  const { language, languages: known } = page.hello;
  return [language, ...known.filter((each) => each !== language)].slice(0, 2);
};

const VIEWS = { idle: "idle", choice: "choice", verdict: "verdict", gone: "trouble", out: "trouble" };

function mode() {
  if (page.isGone) return "gone";
  if (!page.hello) return "starting";
  if (page.choice) return "choice";
  if (page.screen) return "verdict";
  return page.status?.connection === "out_of_service" ? "out" : "idle";
}

function troubles() {
  if (page.isGone) {
    return page.hello ? languages().map((each) => say(each, "not_answering", "see_desk")) : GONE;
  }
  const { cause } = page.status;
  if (cause === "not_ready") return languages().map((each) => say(each, "starting", "cause_not_ready"));
  return languages().map((each) => [each, text(each, "out_of_service"), `${causeText(each, cause)}${text(each, "see_desk")}`]);
}

const text = (language, key) => page.hello.texts[language][key] ?? "";
const say = (language, headline, line) => [language, text(language, headline), text(language, line)];
const causeText = (language, cause) => (cause && text(language, `cause_${cause}`) ? `${text(language, `cause_${cause}`)}. ` : "");

function render() {
  const now = mode();
  document.body.dataset.mode = now;
  document.body.dataset.outcome = page.screen?.outcome ?? "";
  document.documentElement.lang = page.choice?.language ?? page.screen?.language ?? page.hello?.language ?? "en";
  if (now === "gone" || now === "out") {
    paintTrouble(page.status?.cause === "not_ready" && !page.isGone ? "wait" : "trouble", troubles());
  }
  corners();
  fitView();
}

function fitView() {
  const view = VIEWS[document.body.dataset.mode];
  if (view) fit(document.getElementById(view));
}

function corners() {
  if (!page.hello) return;
  const shown = page.screen ? [page.screen.language] : languages();
  const status = page.screen?.is_offline && page.status?.connection === "connected" ? { connection: "offline" } : page.status;
  const isStarting = status?.cause === "not_ready" && !page.screen;
  paintCorners({ now: page.now, status: page.isGone || isStarting ? null : status, hello: page.hello, languages: shown });
}

function show(screen, { isNew }) {
  clearTimeout(holding);
  const holdMs = Math.min(60_000, Math.max(500, Number(screen.hold_ms) || LAST_SHOWN_MS));
  holding = setTimeout(hide, holdMs);
  page.screen = { ...screen, language: screen.language === "fr" ? "fr" : "en" };
  page.lastId = screen.id;
  paintVerdict(page.screen);
  render();
  if (isNew) void play(screen.sound, page.hello?.sound);
  afterPaint(() => send({ type: "painted", id: screen.id }));
}

// The message channel's task runs once the frame that the animation callback belongs to has been drawn.
function afterPaint(done) {
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(null);
  });
}

function offer(choice) {
  page.choice = choice;
  paintChoice(choice, { text, onChoose: (id) => send({ type: "choose", id: choice.id, choice: id }) });
  render();
}

function withdraw(id) {
  if (page.choice?.id !== id) return;
  stopChoice();
  page.choice = null;
  render();
}

function hide() {
  clearTimeout(holding);
  page.screen = null;
  render();
}

function greet(hello) {
  page.hello = hello;
  paintIdle(hello);
  const last = hello.last;
  const age = last ? Date.now() - Date.parse(last.occurred_at) : Infinity;
  render();
  if (last && last.id !== page.lastId && age >= -1000 && age < last.hold_ms) show(last, { isNew: false });
}

const HEARD = {
  hello: greet,
  status: (message) => {
    page.status = message;
    // Whoever stands there now is not the one whose answer is still shown.
    if (message.cause === "fault" || message.cause === "revoked") hide();
  },
  screen: (message) => {
    if (page.hello && message.screen) show(message.screen, { isNew: true });
  },
  choice: (message) => {
    if (page.hello && Array.isArray(message.options)) offer({ ...message, language: message.language === "fr" ? "fr" : "en" });
  },
  choice_over: (message) => withdraw(message.id),
  beat: (message) => {
    const instant = new Date(message.at);
    if (!Number.isNaN(instant.getTime())) page.now = instant;
  },
};

function hear(message) {
  const wasGone = page.isGone;
  // A door that greets and then falls silent is not back yet.
  if (message.type === "beat" || message.type === "screen") page.isGone = false;
  HEARD[message.type]?.(message);
  if (wasGone !== page.isGone || message.type === "status") render();
  else if (message.type === "beat") corners();
}

function lose() {
  clearTimeout(holding);
  page.isGone = true;
  page.screen = page.choice = null;
  render();
}

function holdStill() {
  const refuse = (event) => event.preventDefault();
  for (const name of ["contextmenu", "dragstart", "drop", "dragover", "selectstart", "gesturestart", "auxclick"]) {
    document.addEventListener(name, refuse);
  }
  document.addEventListener("wheel", refuse, { passive: false });
  document.addEventListener("touchmove", refuse, { passive: false });
  document.addEventListener("keydown", (event) => {
    const isZoom = (event.ctrlKey || event.metaKey) && ["+", "-", "=", "0"].includes(event.key);
    if (page.choice) moveChoice(event);
    if (isZoom || [" ", "Tab", "/", "'"].includes(event.key)) refuse(event);
  });
  window.addEventListener("resize", fitView);
}

function address() {
  const point = location.pathname.replace(/\/+$/, "").split("/").pop();
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/kiosk/${point}`;
}

holdStill();
render();
const { send } = link(address(), { onMessage: hear, onGone: lose });
