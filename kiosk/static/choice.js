// The visitor's choice: what the door offers, said large; a touch answers, and the door alone decides what comes of it.

const at = (id) => document.getElementById(id);
let counting = 0;

/** Paint an offer; `onChoose(id)` is called once, with the thing that was touched. */
export function paintChoice({ options, seconds, language }, { text, onChoose }) {
  stopChoice();
  at("choice").lang = language;
  at("choose").textContent = text(language, "choose");
  at("options").replaceChildren(...options.slice(0, 4).map((option) => button(option, onChoose)));
  const until = performance.now() + seconds * 1000;
  const say = () => {
    const left = Math.max(0, Math.ceil((until - performance.now()) / 1000));
    const words = text(language, "choose_else").replace("{seconds}", String(left));
    at("choose-else").textContent = words.replace("{name}", options[0]?.text ?? "");
  };
  say();
  counting = setInterval(say, 250);
}

/** Arrows move from one thing to the next and Enter takes it; what a scanner types as a keyboard chooses nothing. */
export function moveChoice({ key }) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key];
  const options = [...at("options").children];
  if (!step || !options.length) return;
  const now = options.indexOf(document.activeElement);
  options[now < 0 ? (step > 0 ? 0 : options.length - 1) : (now + step + options.length) % options.length].focus();
}

export function stopChoice() {
  clearInterval(counting);
}

function button({ id, text, until }, onChoose) {
  const made = document.createElement("button");
  made.type = "button";
  made.dir = "auto";
  made.append(text);
  if (until) {
    const line = document.createElement("span");
    line.textContent = until;
    made.append(line);
  }
  made.onclick = () => {
    for (const each of at("options").children) each.disabled = true;
    onChoose(id);
  };
  return made;
}
