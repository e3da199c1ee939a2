// The Check-in overview that updates by itself, and small things of the frame.
// Every row comes from the server as finished, escaped HTML; nothing is built from data here.

const live = (board) => {
  const list = board.querySelector("[data-rows]");
  const status = board.querySelector("[data-live-status]");
  let waiting;
  const say = (state) => {
    clearTimeout(waiting);
    status.dataset.state = state;
    status.querySelector("[data-live-text]").textContent = state === "live" ? status.dataset.live : status.dataset.reconnecting;
  };
  const show = (message) => {
    const update = JSON.parse(message.data);
    if (update.day !== board.dataset.day) return location.reload();
    for (const [name, value] of Object.entries(update.counts)) {
      const count = board.querySelector(`[data-count="${name}"]`);
      if (count) count.textContent = value;
    }
    const known = new Set([...list.children].map((row) => row.dataset.event));
    const fresh = document.createElement("template");
    fresh.innerHTML = update.html;
    const rows = [...fresh.content.children].filter((row) => !known.has(row.dataset.event));
    if (!rows.length) return;
    board.querySelector("[data-empty]")?.remove();
    rows.forEach((row) => row.classList.add("is-new"));
    for (const row of rows.reverse()) {
      const older = [...list.children].find((each) => each.dataset.at <= row.dataset.at);
      list.insertBefore(row, older ?? null);
    }
    while (list.children.length > Number(board.dataset.limit)) list.lastElementChild.remove();
  };
  let source;
  const connect = () => {
    source = new EventSource(board.dataset.stream);
    source.addEventListener("open", () => say("live"));
    source.addEventListener("rows", show);
    source.addEventListener("error", lost);
  };
  const lost = () => {
    // A stream ends every minute and comes back in half a second: that is worth no word.
    clearTimeout(waiting);
    waiting = setTimeout(() => say("reconnecting"), 1500);
    if (source.readyState === EventSource.CLOSED) setTimeout(again, 2000);
  };
  const again = async () => {
    const asked = new AbortController();
    try {
      const answer = await fetch(board.dataset.stream, { signal: asked.signal, headers: { Accept: "text/event-stream" } });
      asked.abort();
      return answer.status === 401 ? location.reload() : connect();
    } catch {
      setTimeout(again, 2000);
    }
  };
  connect();
  window.addEventListener("pagehide", () => source.close());
};

// On a narrow screen what is looked for comes before the filters.
if (window.matchMedia("(max-width: 767.98px)").matches) document.querySelectorAll("details[data-folds]").forEach((each) => { each.open = false; });
// A small form that opened over the page closes with Escape; the cursor goes in with it and back out.
document.querySelectorAll("details[data-opens]").forEach((each) => {
  each.addEventListener("toggle", () => { if (each.open) each.querySelector("input:not([type=hidden])")?.focus(); });
  each.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !each.open) return;
    each.open = false;
    each.querySelector("summary").focus();
  });
});
document.querySelector('.navbar-vertical [aria-current="page"]')?.scrollIntoView({ block: "nearest" });
document.querySelector(".nav-tabs-scroll .active")?.scrollIntoView({ inline: "center", block: "nearest" });
document.querySelectorAll("[data-stream]").forEach(live);
document.querySelectorAll("select[data-submit]").forEach((select) => select.addEventListener("change", () => select.form.requestSubmit()));
// The frame's fields that choose one thing of many ask in English while nothing is chosen; here they ask as the page does.
const relationSearch = document.querySelector('meta[name="relation-search"]')?.content;
const select2 = window.jQuery?.fn.select2;
if (relationSearch && select2) {
  const asking = (said) => (item) => (item.id ? said(item) : relationSearch);
  window.jQuery.fn.select2 = Object.assign(function (options, ...more) {
    const { templateResult, templateSelection } = options ?? {};
    const ours = templateSelection && { templateResult: asking(templateResult), templateSelection: asking(templateSelection) };
    return select2.call(this, ours ? { ...options, ...ours } : options, ...more);
  }, select2);
}
// The calendar of a form puts a readable field over the real one; it takes the real one's label with it.
window.jQuery?.(() => {
  for (const field of document.querySelectorAll("input.flatpickr-input[type=hidden][id]")) {
    const label = document.querySelector(`label[for="${CSS.escape(field.id)}"]`);
    if (label) field.nextElementSibling?.setAttribute("aria-label", label.textContent.replace("*", "").trim());
  }
});
