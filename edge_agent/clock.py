"""Time at a door: wall clock, monotonic clock, and how far the wall clock can be believed.

`now` never lies below the floor: the build, the persisted mark and the last signed time of the centre.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from access.domain.facts import ClockTrust

__all__ = ["AGREEMENT", "BUILT_AT", "DoorClock", "Moment", "SystemTime", "TimeSource"]

BUILT_AT = datetime(2026, 11, 1, tzinfo=UTC)
"""No door that runs this code lives before this instant; moved on with each release."""

AGREEMENT = timedelta(minutes=2)
"""How far the door's clock and the centre's may lie apart and still agree."""


_STEP = timedelta(seconds=5)  # a time daemon may step back this far without a reason for doubt


class TimeSource(Protocol):
    """Where time comes from."""

    @property
    def boot_id(self) -> str:
        """Names this boot: monotonic readings compare within it only."""

    def wall(self) -> datetime:
        """The wall clock, aware UTC."""

    def monotonic(self) -> float:
        """Seconds since some start; never goes back within a boot."""


class SystemTime:
    """The operating system's clocks."""

    def __init__(self) -> None:
        try:
            self._boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        except OSError:
            self._boot_id = f"process-{time.time_ns()}"

    @property
    def boot_id(self) -> str:
        """The kernel's boot id, or one of this process where the kernel has none."""
        return self._boot_id

    def wall(self) -> datetime:
        """The system clock."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """The monotonic clock."""
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading of both clocks. `now` is never below the floor; `trust` says how far to believe it."""

    now: datetime
    monotonic: float
    trust: ClockTrust


class DoorClock:
    """A clock with a floor and a degree of trust. Thread-safe.

    `own_mark` is the latest instant this door itself has lived through, `centre_mark` the newest signed time of
    the centre; both are persisted by the caller. A newer word of the centre corrects an own mark that ran ahead.
    """

    def __init__(
        self, source: TimeSource, *, own_mark: datetime | None = None, centre_mark: datetime | None = None
    ) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._own_mark = own_mark or BUILT_AT
        self._centre_mark = centre_mark or BUILT_AT
        self._agreed: tuple[datetime, float] | None = None

    @property
    def boot_id(self) -> str:
        """Names this boot."""
        return self._source.boot_id

    @property
    def floor(self) -> datetime:
        """The instant before which it cannot be."""
        return max(BUILT_AT, self._own_mark, self._centre_mark)

    def monotonic(self) -> float:
        """The monotonic clock."""
        return self._source.monotonic()

    def read(self) -> Moment:
        """Both clocks now."""
        wall, monotonic = self._source.wall(), self._source.monotonic()
        with self._lock:
            floor = self.floor
            trust = self._trust(wall, monotonic)
            if trust is not ClockTrust.UNTRUSTED:
                self._own_mark = max(self._own_mark, wall)
        return Moment(max(wall, floor), monotonic, trust)

    def hear(self, centre_at: datetime) -> None:
        """Takes a signed time of the centre, just received; older than one heard before is passed over."""
        wall, monotonic = self._source.wall(), self._source.monotonic()
        with self._lock:
            if centre_at < self._centre_mark:
                return
            self._centre_mark = centre_at
            if self._own_mark > centre_at + AGREEMENT:
                self._own_mark = centre_at
            self._agreed = (wall, monotonic) if abs(wall - centre_at) <= AGREEMENT else None

    def marks(self) -> tuple[datetime, datetime]:
        """The own mark and the centre's, for the ledger."""
        with self._lock:
            return self._own_mark, self._centre_mark

    def _trust(self, wall: datetime, monotonic: float) -> ClockTrust:
        if wall < max(BUILT_AT, self._own_mark - _STEP, self._centre_mark - AGREEMENT):
            return ClockTrust.UNTRUSTED
        if self._agreed is None:
            return ClockTrust.HOLDOVER
        agreed_wall, agreed_monotonic = self._agreed
        drift = wall - agreed_wall - timedelta(seconds=monotonic - agreed_monotonic)
        return ClockTrust.TRUSTED if abs(drift) <= AGREEMENT else ClockTrust.HOLDOVER
