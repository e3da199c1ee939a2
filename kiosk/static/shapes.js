// Everything drawn: the marks of the outcomes and the hint of where to present a card. Vector shapes, no image files.

const SVG = "http://www.w3.org/2000/svg";

function draw(tag, attributes = {}, children = []) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const svg = (size, name, children) => draw("svg", { viewBox: `0 0 ${size}`, class: name, focusable: "false" }, children);
const path = (d, name) => draw("path", { d, class: name });
const circle = (cx, cy, r, name) => draw("circle", { cx, cy, r, class: name });
const box = (x, y, width, height, rx, name) => draw("rect", { x, y, width, height, rx, class: name });
const group = (name, children) => draw("g", { class: name }, children);

function octagon(middle, radius) {
  const corners = [...Array(8).keys()].map((corner) => {
    const angle = Math.PI / 8 + (corner * Math.PI) / 4;
    return `${(middle + radius * Math.cos(angle)).toFixed(2)} ${(middle + radius * Math.sin(angle)).toFixed(2)}`;
  });
  return `M${corners.join("L")}Z`;
}

const MARKS = {
  granted: () => [circle(50, 50, 48, "shape"), path("M27 52l16 16 31-35", "sign")],
  review: () => [
    path("M45.1 4.6a7 7 0 0 1 9.8 0L95.4 45.1a7 7 0 0 1 0 9.8L54.9 95.4a7 7 0 0 1-9.8 0L4.6 54.9a7 7 0 0 1 0-9.8Z", "shape"),
    path("M50 27v28", "sign"),
    circle(50, 72, 5.6, "dot"),
  ],
  denied: () => [path(octagon(50, 49), "shape"), path("M26 50h48", "sign")],
  trouble: () => [
    path("M50 50m-48 0a48 48 0 1 0 96 0a48 48 0 1 0-96 0", "shape"),
    path("M36 30v14M64 30v14", "sign"),
    path("M28 44h44v8a22 22 0 0 1-44 0Z", "body"),
    path("M50 74v10", "sign"),
  ],
  wait: () => [
    circle(50, 50, 48, "shape"),
    circle(28, 50, 6.5, "dot"),
    circle(50, 50, 6.5, "dot"),
    circle(72, 50, 6.5, "dot"),
  ],
};

/** The mark of an outcome: a tick in a circle, an exclamation in a diamond, a bar in an octagon. */
export function mark(kind) {
  return svg("100 100", `mark-${kind}`, MARKS[kind]());
}

function bars(x, y, height) {
  const widths = [3, 2, 5, 2, 3, 6, 2, 4, 2, 5, 3, 2, 6, 2, 3, 4, 2, 3];
  const drawn = [];
  let at = x;
  widths.forEach((width, index) => {
    if (index % 2 === 0) drawn.push(box(at, y, width, height, 0.5, "print"));
    at += width + 1;
  });
  return drawn;
}

function finder(x, y) {
  return [box(x, y, 20, 20, 4, "ring"), box(x + 6.5, y + 6.5, 7, 7, 1.5, "print")];
}

const READERS = {
  barcode: () => [
    path("M62 78L24 150H216L178 78Z", "beam"),
    box(52, 22, 136, 58, 18, "reader"),
    box(70, 66, 100, 8, 4, "window"),
    circle(120, 42, 6, "light"),
    group("drift", [
      box(44, 130, 152, 96, 14, "card"),
      circle(68, 154, 11, "soft"),
      box(88, 146, 62, 7, 3.5, "soft"),
      box(88, 159, 40, 6, 3, "soft"),
      ...bars(72, 180, 32),
    ]),
  ],
  camera: () => [
    path("M104 66L44 140H196L136 66Z", "view-cone"),
    box(64, 14, 112, 62, 18, "reader"),
    circle(120, 45, 21, "glass"),
    circle(120, 45, 11, "reader"),
    circle(116, 41, 3.5, "light"),
    circle(160, 28, 4, "light"),
    group("drift", [
      box(70, 110, 100, 122, 16, "card"),
      ...finder(86, 130),
      ...finder(134, 130),
      ...finder(86, 178),
      ...[[114, 132], [114, 144], [122, 156], [110, 164], [134, 164], [146, 172], [134, 182], [146, 190], [122, 178], [112, 190]].map(
        ([x, y]) => box(x, y, 8, 8, 1.5, "print"),
      ),
      box(104, 213, 32, 5, 2.5, "soft"),
    ]),
  ],
  nfc: () => [
    box(130, 30, 92, 180, 20, "reader"),
    path("M170 94a36 36 0 0 0 0 52", "wave"),
    path("M184 104a23 23 0 0 0 0 32", "wave"),
    circle(197, 120, 6, "light"),
    circle(176, 56, 5, "light"),
    group("drift sideways", [
      box(16, 80, 128, 82, 14, "card"),
      box(32, 98, 26, 20, 5, "chip"),
      box(32, 131, 62, 7, 3.5, "soft"),
      box(32, 144, 42, 6, 3, "soft"),
    ]),
  ],
};

/** Drawings of where to present a card, one for each kind of reader this door has, with its captions. */
export function hints(readers, captions) {
  const kinds = readers.filter((kind) => kind in READERS);
  return (kinds.length ? kinds : ["nfc"]).slice(0, 3).map((kind) => {
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    for (const text of captions(kind)) {
      const line = document.createElement("span");
      line.textContent = text;
      caption.append(line);
    }
    figure.append(svg("240 240", "reader-drawing", READERS[kind]()), caption);
    return figure;
  });
}

/** A small candle for a birthday line. */
export function candle() {
  return svg("24 24", "candle", [
    path("M12 1.5c2 2.4 2.6 3.6 2.6 4.8a2.6 2.6 0 0 1-5.2 0C9.4 5.1 10 3.9 12 1.5Z", "flame"),
    box(10.5, 10, 3, 6, 1, "stick"),
    path("M4 18.5a2.5 2.5 0 0 1 2.5-2.5h11a2.5 2.5 0 0 1 2.5 2.5V23H4Z", "stick"),
  ]);
}
