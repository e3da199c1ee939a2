"""Between the door's thread and the kiosk pages: the newest status and screen of each access point, and who watches.

Called from any thread; listeners run in the web server's loop.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from kiosk.screen import Screen

__all__ = ["KioskHub", "ScanTiming", "Viewer"]

_MAX_TIMINGS = 2000


@dataclass(slots=True)
class ScanTiming:
    """How long a scan took from the read, in milliseconds: to its durable record, to the page, to the painted frame."""

    id: str
    read_at: float
    record_ms: float
    sent_ms: float | None = None
    painted_ms: float | None = None


@dataclass(eq=False, slots=True)
class Viewer:
    """One open page: its access point and its queue of messages."""

    access_point: str
    loop: asyncio.AbstractEventLoop
    messages: asyncio.Queue[dict[str, Any]] = field(default_factory=lambda: asyncio.Queue(64))

    def push(self, message: dict[str, Any]) -> None:
        """In the loop's thread. A page that does not keep up loses messages, never the door's time."""
        with suppress(asyncio.QueueFull):
            self.messages.put_nowait(message)


class KioskHub:
    """The last screen of each access point and its viewers. Thread-safe."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._viewers: set[Viewer] = set()
        self._last: dict[str, Screen] = {}
        self._timings: deque[ScanTiming] = deque(maxlen=_MAX_TIMINGS)
        self._by_id: dict[str, ScanTiming] = {}

    def show(self, access_point: str, screen: Screen, timing: ScanTiming | None = None) -> None:
        """Shows a screen on every page of the access point."""
        message = {"type": "screen", "screen": screen.to_json()}
        with self._lock:
            self._last[access_point] = screen
            viewers = [viewer for viewer in self._viewers if viewer.access_point == access_point]
            if timing is not None:
                self._note(timing)
        for viewer in viewers:
            with suppress(RuntimeError):  # the loop is closing
                viewer.loop.call_soon_threadsafe(viewer.push, message)
        if timing is not None and viewers:
            timing.sent_ms = self._since(timing)

    def push(self, access_point: str, message: dict[str, Any]) -> bool:
        """Sends a message to every page of the access point; whether there is one."""
        with self._lock:
            viewers = [viewer for viewer in self._viewers if viewer.access_point == access_point]
        for viewer in viewers:
            with suppress(RuntimeError):  # the loop is closing
                viewer.loop.call_soon_threadsafe(viewer.push, message)
        return bool(viewers)

    def remember(self, access_point: str, screen: Screen) -> None:
        """A screen of before a restart, for pages that come; nothing is pushed."""
        with self._lock:
            self._last.setdefault(access_point, screen)

    def last(self, access_point: str) -> Screen | None:
        """The newest screen of the access point, however old."""
        with self._lock:
            return self._last.get(access_point)

    def forget(self) -> None:
        """No screen is kept."""
        with self._lock:
            self._last.clear()

    def join(self, viewer: Viewer) -> None:
        """A page was opened."""
        with self._lock:
            self._viewers.add(viewer)

    def leave(self, viewer: Viewer) -> None:
        """A page went away."""
        with self._lock:
            self._viewers.discard(viewer)

    def painted(self, screen_id: str) -> None:
        """A page says that it has drawn a screen; the first word counts."""
        with self._lock:
            timing = self._by_id.get(screen_id)
            if timing is not None and timing.painted_ms is None:
                timing.painted_ms = self._since(timing)

    def timings(self) -> list[dict[str, Any]]:
        """The newest scans' times, oldest first."""
        with self._lock:
            return [
                {"id": each.id, "record_ms": each.record_ms, "sent_ms": each.sent_ms, "painted_ms": each.painted_ms}
                for each in self._timings
            ]

    def _note(self, timing: ScanTiming) -> None:
        if len(self._timings) == self._timings.maxlen:
            self._by_id.pop(self._timings[0].id, None)
        self._timings.append(timing)
        self._by_id[timing.id] = timing

    def _since(self, timing: ScanTiming) -> float:
        return round((self._monotonic() - timing.read_at) * 1000, 3)
