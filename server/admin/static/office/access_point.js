// Adds, removes and moves rows without asking the server, which does the same for a browser where this did not arrive.
// New rows come from the page's own templates; nothing is built from data here.

const form = document.querySelector("[data-point]");

const fresh = (kind, names) => {
  const made = document.createElement("template");
  let html = form.querySelector(`template[data-fresh="${kind}"]`).innerHTML;
  for (const [name, value] of Object.entries(names)) html = html.replaceAll(name, value);
  made.innerHTML = html;
  return made.content.firstElementChild;
};

const rowsOf = (list) => [...list.children].filter((each) => each.matches("[data-row]"));
const listNamed = (name) => form.querySelector(`[data-list="${CSS.escape(name)}"]`);

const add = (name) => {
  const list = listNamed(name);
  const rows = rowsOf(list);
  const key = Math.max(-1, ...rows.map((row) => Number(row.dataset.row))) + 1;
  const row = fresh(list.dataset.kind, { __list__: name, __key__: key });
  list.insertBefore(row, rows.at(-1)?.nextSibling ?? list.firstChild);
  row.querySelector("select, input:not([type=hidden])").focus();
};

const remove = (name, key) => {
  const list = listNamed(name);
  const row = rowsOf(list).find((each) => each.dataset.row === key);
  const next = row.nextElementSibling;
  row.remove();
  (next?.querySelector("input:not([type=hidden]), select") ?? list.querySelector(":scope > button") ?? list).focus();
};

const move = (name, key, step, button) => {
  const rows = rowsOf(listNamed(name));
  const place = rows.findIndex((each) => each.dataset.row === key);
  const other = rows[place + step];
  if (!other) return;
  if (step < 0) other.before(rows[place]);
  else other.after(rows[place]);
  const isHidden = getComputedStyle(button).visibility === "hidden";
  (isHidden ? button.parentElement.querySelector(`button[value^="${step < 0 ? "down" : "up"} "]`) : button).focus();
};

const act = (event) => {
  const button = event.target.closest("button[name=do]");
  if (!button || !button.value.includes(" ")) return; // "save", "draft", "discard": the form itself goes
  event.preventDefault();
  const [verb, name, key] = button.value.split(" ");
  if (verb === "add") add(name);
  else if (verb === "remove") remove(name, key);
  else move(name, key, verb === "up" ? -1 : 1, button);
  changed();
};

const showThings = (select) => {
  const row = select.closest(".rule");
  const scope = row.querySelector(".scope");
  for (const each of scope.querySelectorAll(".things")) each.hidden = each.dataset.type !== select.value;
  if (scope.querySelector(`.things[data-type="${select.value}"]`)) return;
  const made = document.createElement("template");
  made.innerHTML = form.querySelector(`template[data-things="${select.value}"]`).innerHTML.replaceAll("__row__", `rules.${row.dataset.row}`);
  scope.append(made.content.firstElementChild);
  filters();
};

const isNextDay = (row) => {
  const [opens, closes] = [...row.querySelectorAll("input[type=time]")].map((each) => each.value);
  row.querySelector("[data-next-day]").hidden = !closes || closes > opens || closes === "00:00";
};

const filters = () => {
  for (const each of form.querySelectorAll("[data-filter][hidden]")) each.hidden = false;
};

const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const filter = (field) => {
  const wanted = plain(field.value);
  for (const each of field.parentElement.querySelectorAll(".form-check")) each.hidden = !plain(each.textContent).includes(wanted);
};

let isChanged = form.hasAttribute("data-unsaved");
const changed = () => { isChanged = true; };

form.addEventListener("click", act);
form.addEventListener("input", ({ target }) => {
  if (target.matches("[data-filter]")) return filter(target);
  changed();
  if (target.matches("[data-rule-type]")) showThings(target);
  if (target.type === "time") isNextDay(target.closest(".hours"));
});
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("[data-filter]")) event.preventDefault();
});
form.addEventListener("submit", () => { isChanged = false; });
window.addEventListener("beforeunload", (event) => { if (isChanged) event.preventDefault(); });
filters();
form.querySelector("[aria-invalid=true]")?.focus({ preventScroll: false });
