// Choosing a picture: a file, a drop or the camera, then a crop of three by four that is sent in the file's place.
// It is sent as it is, with the form's token beside it, and the page is asked for anew.

const WIDTH = 720;
const HEIGHT = 960;
const STEP = 12;

const cropper = (canvas, zoom) => {
  const state = { image: null, turns: 0, scale: 1, x: 0, y: 0 };
  const sides = () => (state.turns % 2 ? [state.image.height, state.image.width] : [state.image.width, state.image.height]);
  const cover = () => { const [w, h] = sides(); return Math.max(WIDTH / w, HEIGHT / h) * state.scale; };
  const clamp = () => {
    const [w, h] = sides().map((side) => side * cover());
    const bound = (value, room) => Math.min(room, Math.max(-room, value));
    state.x = bound(state.x, Math.max(0, (w - WIDTH) / 2));
    state.y = bound(state.y, Math.max(0, (h - HEIGHT) / 2));
  };
  const draw = (target = canvas) => {
    if (!state.image) return;
    clamp();
    const pen = target.getContext("2d");
    const factor = target.width / WIDTH;
    pen.save();
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, target.width, target.height);
    pen.scale(factor, factor);
    pen.translate(WIDTH / 2 + state.x, HEIGHT / 2 + state.y);
    pen.rotate((state.turns * Math.PI) / 2);
    pen.scale(cover(), cover());
    pen.imageSmoothingQuality = "high";
    pen.drawImage(state.image, -state.image.width / 2, -state.image.height / 2);
    pen.restore();
    canvas.dataset.crop = [state.x, state.y, state.scale, state.turns].map((each) => Math.round(each * 100) / 100).join(" ");
  };
  const begin = () => {
    state.scale = 1;
    state.x = 0;
    // Faces are above the middle of what people take upright.
    const room = (sides()[1] * cover() - HEIGHT) / 2;
    state.y = Math.max(0, room) * 0.6;
    zoom.value = "1";
    draw();
  };
  const magnify = (scale) => {
    const wanted = Math.min(Number(zoom.max), Math.max(1, scale));
    state.x *= wanted / state.scale;
    state.y *= wanted / state.scale;
    state.scale = wanted;
    zoom.value = String(wanted);
    draw();
  };
  const move = (x, y) => { state.x += x; state.y += y; draw(); };
  const turn = () => { state.turns = (state.turns + 1) % 4; begin(); };

  zoom.addEventListener("input", () => magnify(Number(zoom.value)));
  canvas.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
    if (moves[event.key]) move(...moves[event.key]);
    else if (event.key === "+" || event.key === "=") magnify(state.scale * 1.1);
    else if (event.key === "-") magnify(state.scale / 1.1);
    else if (event.key === "0") begin();
    else return;
    event.preventDefault();
  });
  canvas.addEventListener("wheel", (event) => { event.preventDefault(); magnify(state.scale * (event.deltaY < 0 ? 1.08 : 1 / 1.08)); }, { passive: false });

  const held = new Map();
  const spread = () => { const [a, b] = [...held.values()]; return Math.hypot(a.x - b.x, a.y - b.y); };
  canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); held.set(event.pointerId, { x: event.clientX, y: event.clientY }); });
  canvas.addEventListener("pointermove", (event) => {
    const last = held.get(event.pointerId);
    if (!last) return;
    const before = held.size === 2 ? spread() : 0;
    held.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (before) return magnify(state.scale * (spread() / before));
    const factor = WIDTH / canvas.getBoundingClientRect().width;
    move((event.clientX - last.x) * factor, (event.clientY - last.y) * factor);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => held.delete(event.pointerId));

  return {
    show(image) { state.image = image; state.turns = 0; begin(); canvas.focus(); },
    turn,
    async made() {
      const whole = document.createElement("canvas");
      [whole.width, whole.height] = [WIDTH, HEIGHT];
      draw(whole);
      return new Promise((done) => whole.toBlob(done, "image/jpeg", 0.92));
    },
  };
};

const prepare = (form) => {
  const find = (selector) => form.querySelector(selector);
  const [file, drop, camera, stage, problem] = ["input[type=file]", "[data-drop]", "[data-camera]", "[data-crop]", "[data-problem]"].map(find);
  const [video, canvas] = [find("video"), find("canvas")];
  const crop = cropper(canvas, find("[data-zoom]"));
  let stream;
  let source;
  const say = (text) => { problem.textContent = text; problem.hidden = !text; };
  const only = (shown) => { for (const each of [drop, camera, stage]) each.hidden = each !== shown; };
  const release = () => { stream?.getTracks().forEach((track) => track.stop()); stream = undefined; video.srcObject = null; };
  const begin = () => { release(); file.value = ""; only(drop); };
  const frame = (image, from) => { say(""); source = from; only(stage); crop.show(image); };

  const choose = async (chosen) => {
    if (!chosen) return;
    try { frame(await createImageBitmap(chosen), "upload"); } catch { begin(); say(form.dataset.notShown); }
  };
  file.addEventListener("change", () => choose(file.files[0]));
  for (const kind of ["dragenter", "dragover"]) drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("is-over"); });
  for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("is-over"));
  drop.addEventListener("drop", (event) => { event.preventDefault(); choose(event.dataTransfer.files[0]); });

  const open = find("[data-open-camera]");
  open.hidden = !navigator.mediaDevices?.getUserMedia;
  open.addEventListener("click", async () => {
    say("");
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 960 } } });
    } catch { return say(form.dataset.cameraRefused); }
    only(camera);
    video.srcObject = stream;
    await video.play();
    camera.dataset.ready = "";
    find("[data-take]").focus();
  });
  find("[data-stop]").addEventListener("click", () => { begin(); open.focus(); });
  find("[data-take]").addEventListener("click", async () => {
    if (!video.videoWidth) return;
    const image = await createImageBitmap(video);
    release();
    frame(image, "webcam");
  });
  find("[data-turn]").addEventListener("click", () => crop.turn());
  find("[data-cancel]").addEventListener("click", () => { begin(); file.focus(); });
  find("[data-keep]").addEventListener("click", async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    say("");
    try {
      const answer = await fetch(`${form.dataset.address}?source=${source}`, {
        method: "POST",
        headers: { "Content-Type": "application/octet-stream", "X-CSRFToken": find("[name=csrftoken]").value },
        body: await crop.made(),
      });
      if (answer.ok) return location.reload();
      say(answer.status === 413 || answer.status === 422 ? await answer.text() : form.dataset.failed);
    } catch { say(form.dataset.failed); }
    button.disabled = false;
  });
  window.addEventListener("pagehide", release);
};

document.querySelectorAll("[data-picture-form]").forEach(prepare);
