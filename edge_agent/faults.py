"""Scans that came to nothing because something failed: the access point says so until the next one is good."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["FAULT_S", "ScanFaults"]

FAULT_S = 15.0
"""How long a failed scan is shown when nobody comes after it."""


class ScanFaults:
    """Written by the door's thread, read by any. `monotonic` is a clock of seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._failed_at: dict[str, float] = {}

    def fail(self, access_point: str) -> None:
        """A scan failed there."""
        self._failed_at[access_point] = self._monotonic()

    def clear(self, access_point: str) -> None:
        """A scan was answered there."""
        self._failed_at.pop(access_point, None)

    def is_failing(self, access_point: str) -> bool:
        """Whether the newest scan there failed, lately."""
        failed_at = self._failed_at.get(access_point)
        return failed_at is not None and self._monotonic() - failed_at < FAULT_S
