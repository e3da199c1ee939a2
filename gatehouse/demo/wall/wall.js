// The card wall: everyone's card with a button for each reader, and the doors' screens beside them.

const LABELS = {
  barcode: "Pool scanner",
  camera: "Pool camera",
  nfc: "Gym reader",
};

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

const said = document.getElementById("said");
let quiet = 0;
function say(text) {
  said.textContent = text;
  clearTimeout(quiet);
  quiet = setTimeout(() => (said.textContent = ""), 2500);
}

async function present(body, text) {
  const answer = await fetch("/present", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  }).catch(() => null);
  say(answer?.ok ? text : "The demo is not running any more. Start it again with make demo.");
}

function cardOf(card, doors) {
  const acts = doors.flatMap((door) =>
    door.technologies.map((technology) =>
      make("button", {
        type: "button",
        textContent: LABELS[technology],
        onclick: () => present({ card: card.key, door: door.id, technology }, `${card.name}: ${LABELS[technology]}`),
      }),
    ),
  );
  const image = make("img", { src: `/cards/${card.key}.png`, alt: `Card of ${card.name}`, loading: "lazy" });
  const story = make("div", { className: "story", textContent: card.story });
  return make("article", { className: "card" }, image, story, make("div", { className: "acts" }, ...acts));
}

function doorOf(door) {
  const link = make("a", { href: door.kiosk, target: "_blank", rel: "noopener", textContent: "full screen" });
  const desk = make("a", { href: door.desk, target: "_blank", rel: "noopener", textContent: "desk" });
  const title = make("h2", {}, `${door.id[0].toUpperCase()}${door.id.slice(1)} door`, link, desk);
  const screen = make("iframe", { src: door.kiosk, title: `Visitor screen of the ${door.id} door`, allow: "autoplay" });
  const parts = [title, make("p", { textContent: door.rules }), screen];
  if (door.technologies.includes("barcode")) parts.push(strayCode(door));
  return make("section", { className: "door" }, ...parts);
}

function strayCode(door) {
  const input = make("input", { value: "999999999", maxLength: 200, ariaLabel: "Any code" });
  const form = make("form", { className: "stray" }, input, make("button", { textContent: "Scan this code" }));
  form.onsubmit = (event) => {
    event.preventDefault();
    if (input.value) void present({ code: input.value, door: door.id, technology: "barcode" }, "Scanned");
  };
  return form;
}

const { doors, families, office } = await (await fetch("/cards")).json();
document.getElementById("office").href = office;
document.getElementById("cards").append(...families.flatMap((family) => family.cards.map((card) => cardOf(card, doors))));
document.getElementById("doors").append(...doors.map(doorOf));
