// What the page asks of its door. Never throws: an answer always has `ok`, and `problem` when it is not.

const PATIENCE_MS = 5000;

let onSignedOut = () => {};

/** Call `done` whenever the door says that the sign-in has ended. */
export function whenSignedOut(done) {
  onSignedOut = done;
}

/** The access point this page belongs to, from its own address. */
export const accessPoint = () => decodeURIComponent(location.pathname.replace(/\/+$/, "").split("/").pop());

export const ask = (path, query = {}) =>
  answer(`${path}?${new URLSearchParams({ access_point: accessPoint(), ...query })}`, { method: "GET" });

export const tell = (path, body = {}) =>
  answer(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ access_point: accessPoint(), ...body }),
  });

async function answer(path, options) {
  try {
    const response = await fetch(`/desk/api/${path}`, { ...options, signal: AbortSignal.timeout(PATIENCE_MS) });
    const body = await response.json().catch(() => ({}));
    if (body.problem === "signed_out") onSignedOut();
    return { ...body, ok: response.ok, problem: response.ok ? null : (body.problem ?? "other") };
  } catch {
    return { ok: false, problem: "no_answer" };
  }
}

/** The words for a problem. */
export function problemText(t, problem) {
  if (problem === "no_answer") return t("no_answer");
  return t(`problem_${problem}`) || t("problem_other");
}
