// Warns before a half-typed form is left, puts the cursor where the form has a problem, and sends no ticks of dates
// that are not asked for (the style sheet hides them). Nothing else needs a script.
const form = document.querySelector("[data-form]");

if (form) {
  let isChanged = form.hasAttribute("data-unsaved");
  form.addEventListener("input", () => { isChanged = true; });
  form.addEventListener("submit", () => { isChanged = false; });
  window.addEventListener("beforeunload", (event) => { if (isChanged) event.preventDefault(); });
  const first = form.querySelector("[aria-invalid=true]") ?? form.querySelector(".form-fields input:not([type=hidden]), .form-fields select, .form-fields textarea");
  first?.focus({ preventScroll: !first.matches("[aria-invalid=true]") });
  const [scope, dates] = [form.querySelector("#scope"), form.querySelector("#occurrences")];
  const ask = () => { dates.disabled = scope.value === "all"; };
  if (scope && dates) {
    scope.addEventListener("change", ask);
    ask();
  }
}
