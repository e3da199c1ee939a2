// The WebSocket to the door: alive only while the door keeps talking, and coming back by itself for ever.

const SILENCE_MS = 900;
const CLOSED_GRACE_MS = 400;
const PATIENCE_MS = 1500;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 1000;

/**
 * Open and keep a link. `onMessage(message)` gets each message; `onGone()` is called when the door has said nothing
 * for 900 ms or its socket stayed closed for 400 ms; `onEnd(code)` when the door closed the socket. Returns
 * `send(message)` and `reopen()`, which gives up the socket for a new one.
 */
export function link(url, { onMessage, onGone, onEnd = () => {} }) {
  let socket = null;
  let retryMs = FIRST_RETRY_MS;
  let deadline = performance.now() + SILENCE_MS;
  let watch = setTimeout(onGone, SILENCE_MS);
  let next = 0;

  function expectBefore(at) {
    deadline = at;
    clearTimeout(watch);
    watch = setTimeout(onGone, Math.max(0, at - performance.now()));
  }

  function openAfter(ms) {
    clearTimeout(next);
    next = setTimeout(open, ms);
  }

  function open() {
    drop();
    const mine = (socket = new WebSocket(url));
    mine.onmessage = ({ data }) => hear(data);
    mine.onclose = closed;
    // A socket that stays silent (a hung door) is given up like one that closed.
    openAfter(PATIENCE_MS);
  }

  function closed({ code }) {
    const soon = performance.now() + CLOSED_GRACE_MS;
    if (soon < deadline) expectBefore(soon);
    openAfter(retryMs);
    retryMs = Math.min(LAST_RETRY_MS, retryMs * 1.5);
    onEnd(code);
  }

  function drop() {
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    socket.close();
    socket = null;
  }

  function hear(data) {
    retryMs = FIRST_RETRY_MS;
    openAfter(PATIENCE_MS);
    expectBefore(performance.now() + SILENCE_MS);
    let message = null;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (message && typeof message === "object") onMessage(message);
  }

  function send(message) {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  }

  open();
  return { send, reopen: open };
}
