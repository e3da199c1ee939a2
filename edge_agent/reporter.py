"""What the door tells the centre of itself: a retained device state, on every change and every 15 seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from access.wire.state import Connection, DeviceState
from edge_agent.errors import LedgerFault

__all__ = ["StateReporter", "last_will"]

_EVERY_S = 15.0
_LOOK_S = 1.0


def last_will(device: str) -> bytes:
    """What the broker says of a door that is gone."""
    return DeviceState(device=device, connection=Connection.OFFLINE).to_bytes()


class StateReporter:
    """Publishes `state()` through `publish` while `is_up`. What changes with every event waits for the next round."""

    def __init__(
        self,
        state: Callable[[], DeviceState],
        *,
        publish: Callable[[bytes], bool],
        is_up: Callable[[], bool],
    ) -> None:
        self._state = state
        self._publish = publish
        self._is_up = is_up
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="state", daemon=True)

    def start(self) -> None:
        """Starts reporting."""
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Ends."""
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout_s)

    def report(self) -> None:
        """Report now. From any thread; returns at once."""
        self._wake.set()

    def _run(self) -> None:
        said: object = None
        next_at = 0.0
        while not self._stop.is_set():
            is_asked = self._wake.wait(_LOOK_S)
            self._wake.clear()
            if not self._is_up():
                said = None
                continue
            with suppress(LedgerFault):
                state = self._state()
                lasting = (state.clock, state.readers, state.relays, state.cache.epoch if state.cache else None)
                if is_asked or lasting != said or time.monotonic() >= next_at:
                    self._publish(state.to_bytes())
                    said, next_at = lasting, time.monotonic() + _EVERY_S
