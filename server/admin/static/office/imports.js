// Two small things: a file that is sent with a bar that says how far, and an import that shows by itself how far it is.

const send = (form) => {
  const bar = form.querySelector("[data-upload-progress]");
  const said = bar.querySelector("[role=status]");
  const problem = form.querySelector("[data-upload-error]");
  form.addEventListener("submit", (event) => {
    const file = form.elements.file.files[0];
    if (!file) return;
    event.preventDefault();
    const button = form.querySelector("button");
    const done = (text) => {
      button.disabled = false;
      bar.hidden = true;
      problem.hidden = false;
      problem.textContent = text;
    };
    const request = new XMLHttpRequest();
    request.open("POST", `${form.action}?${new URLSearchParams({ kind: form.elements.kind.value })}`);
    request.setRequestHeader("X-CSRFToken", form.elements.csrftoken.value);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-File-Name", encodeURIComponent(file.name));
    request.upload.addEventListener("progress", (sent) => {
      const percent = Math.floor((100 * sent.loaded) / Math.max(1, sent.total));
      bar.querySelector("progress").value = percent;
      said.textContent = form.dataset.sending.replace("{percent}", percent);
    });
    request.addEventListener("load", () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* an answer that is not ours */ }
      if (request.status === 200 && answer.location) return location.assign(answer.location);
      if (request.status === 401) return location.reload();
      done(answer.error ?? request.statusText);
    });
    request.addEventListener("error", () => done(request.statusText || "…"));
    button.disabled = true;
    problem.hidden = true;
    bar.hidden = false;
    request.send(file);
  });
};

const watch = (panel) => {
  const look = async () => {
    const moving = panel.querySelector("[data-moving]");
    if (!moving) return;
    try {
      const answer = await fetch(panel.dataset.progressUrl, { headers: { Accept: "text/html" } });
      if (answer.status === 401) return location.reload();
      if (answer.ok) show(await answer.text(), moving);
    } catch { /* the server is away for a moment */ }
    setTimeout(look, 700);
  };
  const show = (html, moving) => {
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    const next = fresh.content.querySelector("[data-state]");
    if (!next) return;
    if (next.dataset.state !== moving.dataset.state) return panel.replaceChildren(...fresh.content.childNodes);
    // The buttons stay as they are, so that the keyboard does not lose its place.
    const bar = moving.querySelector("progress");
    bar.value = next.querySelector("progress").value;
    moving.querySelector("[role=status]").textContent = next.querySelector("[role=status]").textContent;
    moving.querySelector(".counts").replaceWith(next.querySelector(".counts"));
  };
  setTimeout(look, 300);
};

document.querySelectorAll("form[data-upload]").forEach(send);
document.querySelectorAll("[data-progress-url]").forEach(watch);
