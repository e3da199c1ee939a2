"""Who the doors are, remembered for a moment: brokers ask at every message, the database once a second a door."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from server.db import Database
from server.devices.service import DeviceIdentity, identify

__all__ = ["DeviceDirectory"]

_FRESH_S = 1.0
_MAX_REMEMBERED = 10_000


class DeviceDirectory:
    """Looks doors up; a revoked one is found out after at most a second. Safe to use from several threads."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[str, tuple[float, DeviceIdentity | None]] = {}
        self._lock = threading.Lock()

    def remembered(self, device_id: str) -> tuple[bool, DeviceIdentity | None]:
        """(True, answer) when it is known without asking the database."""
        at, identity = self._known.get(device_id, (float("-inf"), None))
        return self._clock() - at < _FRESH_S, identity

    def find(self, device_id: str) -> DeviceIdentity | None:
        """The door in service with this id. May ask the database: not for the event loop."""
        is_fresh, identity = self.remembered(device_id)
        if is_fresh:
            return identity
        with self._database.read() as session:
            identity = identify(session, device_id)
        with self._lock:
            if len(self._known) >= _MAX_REMEMBERED:
                self._known.clear()
            self._known[device_id] = (self._clock(), identity)
        return identity
