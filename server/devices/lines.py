"""A door as the back office tells of it: what it last said of itself, and what is recorded of what it made.

Pure over the rows; `now` is an aware instant. Of a door that is away, what it had said is still told, with its age.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from server.ingest.marks import Marks
from server.models import Device, DeviceMark

__all__ = ["SILENT_AFTER", "DeviceLine"]

SILENT_AFTER = timedelta(seconds=60)
"""A door says its state every 15 seconds: one that has been silent for so long is away, whatever the broker says."""


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """A door with what it last said of itself, and the mark of what is recorded of it."""

    device: Device
    mark: DeviceMark | None
    now: datetime

    @property
    def said(self) -> dict[str, Any]:
        """Its last state document; empty before the first."""
        return self.device.last_state or {}

    @property
    def state(self) -> str:
        """One of written_off, revoked, never, connected, offline."""
        if self.device.written_off_at is not None:
            return "written_off"
        if self.device.revoked_at is not None:
            return "revoked"
        if not self.said:
            return "never"
        seen = self.device.last_seen_at
        is_fresh = seen is not None and self.now - seen <= SILENT_AFTER
        return "connected" if is_fresh and self.said.get("connection") == "online" else "offline"

    @property
    def is_in_service(self) -> bool:
        """Whether it may still let people in."""
        return self.device.revoked_at is None

    @property
    def parked(self) -> int:
        """How many of its events are here but not understood (of the latest hundred)."""
        return len(self.mark.parked) if self.mark else 0

    @property
    def recorded(self) -> int:
        """How many of its events are recorded."""
        marks = self._marks
        return marks.through + sum(last - first + 1 for first, last in marks.ranges) - self.parked

    @property
    def made(self) -> int:
        """How many it made, as far as anyone has heard."""
        return max(self._number("last_seq") or 0, self._marks.highest)

    @property
    def missing(self) -> list[tuple[int, int]]:
        """The inclusive runs of numbers that it made and that are not here."""
        marks, made = self._marks, self.made
        return [*marks.gaps(), *([(marks.highest + 1, made)] if made > marks.highest else [])]

    @property
    def missing_count(self) -> int:
        """How many those are."""
        return sum(last - first + 1 for first, last in self.missing)

    @property
    def waiting(self) -> int | None:
        """How many events wait at the door for the centre's receipt."""
        return self._number("waiting")

    @property
    def free_mb(self) -> int | None:
        """The room where its ledger is, in megabytes."""
        return self._number("free_mb")

    @property
    def last_scan_at(self) -> datetime | None:
        """When somebody last presented something there."""
        return self._instant("last_scan_at")

    @property
    def started_at(self) -> datetime | None:
        """When its agent was started."""
        return self._instant("started_at")

    @property
    def data_as_of(self) -> datetime | None:
        """The centre's word that its last state was decided by."""
        return self._instant("data_as_of")

    @property
    def data_age(self) -> timedelta | None:
        """How old its data is now; of a connected door as old as it was when it said so."""
        as_of, said_at = self.data_as_of, self._instant("at")
        if as_of is None:
            return None
        until = said_at if self.state == "connected" and said_at is not None else self.now
        return max(until - as_of, timedelta(0))

    @property
    def clock(self) -> str | None:
        """How far its clock can be believed."""
        return self._text("clock")

    @property
    def web(self) -> str | None:
        """Where it serves its pages."""
        return self._text("web")

    def parts(self, kind: str) -> dict[str, str]:
        """The `readers` or `relays` with their states."""
        found = self.said.get(kind)
        return {str(name): str(state) for name, state in found.items()} if isinstance(found, dict) else {}

    def lost(self, kind: str) -> list[str]:
        """The names of those that cannot be reached."""
        return sorted(name for name, state in self.parts(kind).items() if state == "lost")

    def lost_since(self, name: str) -> datetime | None:
        """Since when a lost reader is, where the door says so."""
        found = self.said.get("lost_since")
        at = found.get(name) if isinstance(found, dict) and name in self.lost("readers") else None
        return datetime.fromisoformat(at) if isinstance(at, str) else None

    @property
    def _marks(self) -> Marks:
        if self.mark is None:
            return Marks()
        return Marks(self.mark.through_seq, tuple((first, last) for first, last in self.mark.ranges))

    def _number(self, name: str) -> int | None:
        value = self.said.get(name)
        return value if isinstance(value, int) else None

    def _text(self, name: str) -> str | None:
        value = self.said.get(name)
        return value if isinstance(value, str) else None

    def _instant(self, name: str) -> datetime | None:
        text = self._text(name)
        return datetime.fromisoformat(text) if text else None
