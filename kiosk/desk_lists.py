"""The desk's lists: attendance of an occurrence, who is inside now, who may pick up a child. Values and JSON only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from kiosk.desk import DeskMemo, DeskPerson
from kiosk.plain import plain
from kiosk.screen import Picture

__all__ = ["Adult", "Attendee", "AttendeeState", "DoorCount", "Inside", "Insider", "Occurrence", "Place"]


class AttendeeState(StrEnum):
    """Where a registered person is, as far as anyone has told this door."""

    EXPECTED = "expected"
    IN = "in"
    OUT = "out"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    """One person on an attendance list. `at` and `by` (a staff name) are of the newest change; `note` is the day's."""

    person: DeskPerson
    memos: tuple[DeskMemo, ...] = ()
    state: AttendeeState = AttendeeState.EXPECTED
    at: datetime | None = None
    by: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One meeting of an activity with its list; the three settings are the access point's attendance tracking."""

    id: str
    activity: str
    starts_at: datetime
    ends_at: datetime
    facility: str | None = None
    people: tuple[Attendee, ...] = ()
    has_check_out: bool = False
    has_pick_up: bool = False
    has_notes: bool = False

    def to_json(self) -> dict[str, Any]:
        """The contract's Occurrence."""
        shown: dict[str, Any] = plain(self)
        return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Adult:
    """Someone allowed to pick up a child; `relation` in the staff member's words ("mother", "neighbour")."""

    id: str
    name: str
    relation: str
    picture: Picture

    def to_json(self) -> dict[str, Any]:
        """The contract's Adult."""
        shown: dict[str, Any] = plain(self)
        return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Insider:
    """One person inside, since when and through which access point."""

    person: DeskPerson
    since: datetime
    access_point: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorCount:
    """How many of a place's people came in through one access point."""

    id: str
    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A facility, or an access point that belongs to none. `count` includes people whose name nobody knows."""

    id: str
    name: str
    count: int
    capacity: int | None = None
    access_points: tuple[DoorCount, ...] = ()
    people: tuple[Insider, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """The evacuation list. Not `is_complete` when another door of the site has not been heard from since it counts.

    `count` is of all places together, each person once.
    """

    as_of: datetime
    is_complete: bool
    count: int
    places: tuple[Place, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The contract's Inside."""
        shown: dict[str, Any] = plain(self)
        return shown
