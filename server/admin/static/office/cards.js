// The preview of a card template, and the wait for an unknown card at a door.

const preview = (area) => {
  const form = area.closest("form");
  const unclear = area.querySelector("[data-unclear]");
  const names = ["code", "colour", "language", "has_picture", "has_membership", "prefix", "digits", "back_en", "back_fr"];
  let waiting;
  let asked = 0;
  const draw = async () => {
    const fields = new FormData(form);
    const wanted = new URLSearchParams(names.filter((name) => fields.has(name)).map((name) => [name, fields.get(name)]));
    const mine = (asked += 1);
    const hasBack = ["back_en", "back_fr"].some((name) => fields.get(name)?.trim() && [name.slice(-2), "both"].includes(fields.get("language")));
    const answer = await fetch(`${area.dataset.preview}?${wanted}`).catch(() => null);
    if (mine !== asked) return;
    unclear.hidden = Boolean(answer?.ok);
    if (!answer?.ok) return;
    area.querySelector('[data-side="front"]').src = `${area.dataset.preview}?${wanted}`;
    const back = area.querySelector('[data-side="back"]');
    back.hidden = !hasBack;
    if (hasBack) back.src = `${area.dataset.preview}?${wanted}&side=back`;
  };
  form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(draw, 250); });
  draw();
};

const scan = (area) => {
  const find = (name) => area.querySelector(`[data-${name}]`);
  const endsAt = Date.now() + Number(area.dataset.seconds) * 1000;
  const address = `${area.dataset.scan}?${new URLSearchParams({ point: area.dataset.point, since: area.dataset.since })}`;
  const look = async () => {
    const left = Math.ceil((endsAt - Date.now()) / 1000);
    find("left").textContent = String(Math.max(0, left));
    const found = await fetch(address).then((answer) => (answer.ok ? answer.json() : [])).catch(() => []);
    const card = found[0];
    if (card?.taken) { find("taken").textContent = card.taken; find("taken").hidden = false; }
    if (card && !card.taken) {
      find("offer").elements.event.value = card.event;
      find("kind").textContent = card.kind;
      find("waiting").hidden = true;
      find("taken").hidden = true;
      find("offer").hidden = false;
      return find("offer").querySelector("button").focus();
    }
    if (left <= 0) { find("waiting").hidden = true; find("over").hidden = false; return; }
    setTimeout(look, 1000);
  };
  look();
};

document.querySelectorAll("[data-preview]").forEach(preview);
document.querySelectorAll("[data-scan]").forEach(scan);
