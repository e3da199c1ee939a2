"""Dated things that open a door: sessions, drop-ins, private lessons, facility bookings and their occurrences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from access.domain.errors import InvalidFact
from access.domain.instants import elapsed, require_aware
from access.domain.people import Text

__all__ = ["Activity", "ActivityKind", "Occurrence", "Registration", "RegistrationStatus"]


class ActivityKind(StrEnum):
    """The dated access types."""

    SESSION = "session"
    DROP_IN = "drop_in"
    PRIVATE_LESSON = "private_lesson"
    FACILITY_BOOKING = "facility_booking"


class RegistrationStatus(StrEnum):
    """Only a registered person is let in."""

    REGISTERED = "registered"
    WAITING = "waiting"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One meeting of an activity, from `starts_at` until `ends_at` (aware instants)."""

    id: str
    starts_at: datetime
    ends_at: datetime
    is_cancelled: bool = False

    def __post_init__(self) -> None:
        require_aware(self.starts_at, f"starts_at of occurrence {self.id}")
        require_aware(self.ends_at, f"ends_at of occurrence {self.id}")
        if elapsed(self.starts_at, self.ends_at) <= timedelta(0):
            raise InvalidFact(f"occurrence {self.id} ends at or before its start")


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """An activity and the occurrences a door needs to know (those near today)."""

    id: str
    kind: ActivityKind
    name: Text
    facility_id: str | None = None
    occurrences: tuple[Occurrence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A person's place in an activity. No `occurrence_ids` means all of them; only bookings look at the invoice."""

    id: str
    account_id: str
    person_id: str
    activity_id: str
    status: RegistrationStatus = RegistrationStatus.REGISTERED
    occurrence_ids: tuple[str, ...] = ()
    has_invoice: bool = True
