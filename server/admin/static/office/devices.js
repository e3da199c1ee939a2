// Parts of the doors' pages that change by themselves. All of it comes from the server as finished, escaped HTML.

const live = (part) => {
  let source;
  const connect = () => {
    source = new EventSource(part.dataset.livePart);
    source.addEventListener("rows", (message) => {
      part.innerHTML = JSON.parse(message.data).html;
    });
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(again, 2000);
    });
  };
  const again = async () => {
    const asked = new AbortController();
    try {
      const answer = await fetch(part.dataset.livePart, { signal: asked.signal, headers: { Accept: "text/event-stream" } });
      asked.abort();
      return answer.status === 401 ? location.reload() : connect();
    } catch {
      setTimeout(again, 2000);
    }
  };
  connect();
  window.addEventListener("pagehide", () => source.close());
};

const enrolment = (part) => {
  const left = () => {
    const shown = part.querySelector("[data-ends-at]");
    if (!shown) return;
    const seconds = Math.max(0, Math.round((new Date(shown.dataset.endsAt) - Date.now()) / 1000));
    shown.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  };
  const look = async () => {
    try {
      const answer = await fetch(part.dataset.enrolment, { headers: { Accept: "text/html" } });
      if (answer.status === 401) return location.reload();
      if (answer.ok) {
        const fresh = document.createElement("template");
        fresh.innerHTML = await answer.text();
        if (fresh.content.querySelector("[data-settled]")) {
          document.querySelector("[data-code]")?.remove();
          return part.replaceChildren(...fresh.content.childNodes);
        }
      }
    } catch { /* the server is away for a moment */ }
    setTimeout(look, 1500);
  };
  left();
  setInterval(left, 1000);
  // The countdown is for the eyes; a screen reader hears the end only.
  part.querySelector("[data-ends-at]")?.setAttribute("aria-hidden", "true");
  setTimeout(look, 1500);
};

document.querySelectorAll("[data-live-part]").forEach(live);
document.querySelectorAll("[data-enrolment]").forEach(enrolment);
