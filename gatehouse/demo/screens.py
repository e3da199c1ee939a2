"""Watches a door's visitor screen as a kiosk browser would: over its WebSocket, noting when each answer arrived."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

__all__ = ["ScreenWatch", "Seen"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer on the screen; `at` is `time.monotonic()` of its arrival. `offered` is what the visitor chose from."""

    id: str
    outcome: str
    is_offline: bool
    at: float
    offered: tuple[str, ...] = ()


class ScreenWatch:
    """A thread that stays connected to one visitor screen and hands on each answer once.

    `wanted` names what the next visitor touches when the screen asks; left empty, nobody touches it.
    """

    def __init__(self, url: str) -> None:
        self._url = url.replace("http://", "ws://").replace("/kiosk/", "/ws/kiosk/")
        self._answers: queue.Queue[Seen] = queue.Queue()
        self._known: set[str] = set()
        self._offered: tuple[str, ...] = ()
        self.wanted = ""
        self._stop = threading.Event()
        self.is_connected = threading.Event()
        self._thread = threading.Thread(target=self._run, name="screen-watch", daemon=True)
        self._thread.start()

    def next(self, timeout_s: float) -> Seen | None:
        """The next answer, or None when none came in time."""
        try:
            return self._answers.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def close(self) -> None:
        """Stops watching."""
        self._stop.set()
        self._thread.join(3)

    def _run(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(OSError, WebSocketException, TimeoutError), connect(self._url) as socket:
                self.is_connected.set()
                self._listen(socket)
            self.is_connected.clear()
            self._stop.wait(0.1)

    def _listen(self, socket: Any) -> None:
        while not self._stop.is_set():
            message = json.loads(socket.recv(timeout=2))
            if message["type"] == "choice":
                self._choose(socket, message)
            screen = message.get("screen") if message["type"] == "screen" else message.get("last")
            if screen and screen["id"] not in self._known:
                self._known.add(screen["id"])
                offered, self._offered = self._offered, ()
                answer = Seen(screen["id"], screen["outcome"], screen["is_offline"], time.monotonic(), offered)
                self._answers.put(answer)
                socket.send(json.dumps({"type": "painted", "id": screen["id"]}))

    def _choose(self, socket: Any, offer: dict[str, Any]) -> None:
        """Touches what is wanted, as the page does."""
        self._offered = tuple(each["text"] for each in offer["options"])
        for option in offer["options"]:
            if self.wanted and option["text"].startswith(self.wanted):
                socket.send(json.dumps({"type": "choose", "id": offer["id"], "choice": option["id"]}))
                return
