// The client list answers while one types and is walked with the arrow keys; chosen people get a bar of their own.
// Every row comes from the server as finished, escaped HTML.

const form = document.getElementById("clients");
const found = document.getElementById(form.dataset.found);
const field = form.elements.q;
const said = document.getElementById("said");
const links = () => [...found.querySelectorAll("a[data-row]")];

const chosen = () => {
  const list = found.querySelector(".clients");
  const bar = list.querySelector(".selection");
  list.classList.add("is-live");
  if (!bar) return;
  const boxes = [...list.querySelectorAll('input[name="people"]')];
  const on = boxes.filter((box) => box.checked);
  const people = on.reduce((sum, box) => sum + Number(box.dataset.people), 0);
  const count = bar.querySelector("[data-selected]");
  bar.classList.toggle("is-on", on.length > 0);
  count.textContent = (people === 1 ? count.dataset.one : count.dataset.other).replace("#", people);
  const all = list.querySelector("[data-all]");
  all.checked = on.length > 0 && on.length === boxes.length;
  all.indeterminate = on.length > 0 && on.length < boxes.length;
};

const asked = () => new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
let timer, running, shown = asked().toString();
const search = async () => {
  clearTimeout(timer);
  const query = asked();
  if (query.toString() === shown) return true;
  running?.abort();
  const mine = (running = new AbortController());
  found.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`${form.dataset.answers}?${query}`, { signal: mine.signal, headers: { Accept: "text/html" } });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) return false;
    found.innerHTML = await answer.text();
    shown = query.toString();
    history.replaceState(null, "", shown ? `${location.pathname}?${shown}` : location.pathname);
    said.textContent = found.querySelector("[data-said]").dataset.said;
    chosen();
    return true;
  } catch (error) {
    if (error.name !== "AbortError") throw error;
    return false;
  } finally {
    if (running === mine) found.removeAttribute("aria-busy");
  }
};

form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(search, 120);
});
form.addEventListener("submit", async (event) => {
  // A scanner ends a card with Enter: when it means one family, that family opens.
  event.preventDefault();
  if (!(await search())) return;
  if (field.value && links().length === 1) links()[0].click();
});

const step = (event, by) => {
  const all = links();
  const next = all.indexOf(document.activeElement) + by;
  const target = next < 0 ? field : all[Math.min(next, all.length - 1)];
  if (!target) return;
  event.preventDefault();
  target.focus();
};
document.addEventListener("keydown", (event) => {
  const at = document.activeElement;
  const isWriting = at.matches("input, select, textarea") && at !== field;
  if (isWriting || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && at !== field) {
    event.preventDefault();
    field.select();
  } else if (at === field || at.matches("a[data-row]")) {
    if (event.key === "ArrowDown") step(event, 1);
    else if (event.key === "ArrowUp" && at !== field) step(event, -1);
    else if (event.key === "Escape" && at !== field) field.select();
  }
});
found.addEventListener("change", (event) => {
  if (event.target.matches("[data-all]"))
    for (const box of found.querySelectorAll('input[name="people"]')) box.checked = event.target.checked;
  chosen();
});
chosen();
