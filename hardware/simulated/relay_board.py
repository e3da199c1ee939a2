"""A relay board of the LCUS type that is not there, on a real pty: it understands the frames and keeps a record."""

import threading
import time
from dataclasses import dataclass
from typing import Self

from hardware.simulated.pty_line import PtyLine

__all__ = ["RelayEvent", "SimulatedRelayBoard"]


@dataclass(frozen=True, slots=True)
class RelayEvent:
    """A relay of the board changed; `at` is `time.monotonic()`."""

    channel: int
    is_on: bool
    at: float


class SimulatedRelayBoard:
    """Give `port` to a relay of driver "serial". Frames with a wrong sum are ignored, as on the real board."""

    def __init__(self) -> None:
        self._line = PtyLine()
        self._lock = threading.Lock()
        self._events: list[RelayEvent] = []
        self._on: set[int] = set()
        self._is_closed = False
        self._thread = threading.Thread(target=self._serve, name="simulated-relay-board", daemon=True)
        self._thread.start()

    @property
    def port(self) -> str:
        """The device path; the same over unplug and replug."""
        return str(self._line.path)

    @property
    def is_on(self) -> bool:
        """Whether any relay of the board is on."""
        with self._lock:
            return bool(self._on)

    @property
    def events(self) -> list[RelayEvent]:
        """Every change so far, oldest first."""
        with self._lock:
            return list(self._events)

    def unplug(self) -> None:
        """Pull the cable: without power every relay falls off."""
        self._line.unplug()
        for channel in sorted(self._on):
            self._switch(channel, is_on=False)

    def replug(self) -> None:
        """Put the cable back."""
        self._line.plug()

    def close(self) -> None:
        """Take it away for good."""
        self._is_closed = True
        self._thread.join(2)
        self._line.close()

    def _serve(self) -> None:
        held = b""
        while not self._is_closed:
            held += self._line.read()
            while len(held) >= 4:
                head, total = held[:3], held[3]
                if head[0] != 0xA0 or total != sum(head) % 256 or head[2] > 1:
                    held = held[1:]
                    continue
                held = held[4:]
                self._switch(head[1], is_on=bool(head[2]))

    def _switch(self, channel: int, *, is_on: bool) -> None:
        with self._lock:
            if is_on == (channel in self._on):
                return
            self._on.symmetric_difference_update({channel})
            self._events.append(RelayEvent(channel, is_on, time.monotonic()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
