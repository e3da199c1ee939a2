"""Memberships and their seven statuses, computed for a local day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from access.domain.instants import add_days
from access.domain.people import Text

__all__ = ["Cancellation", "CancellationState", "Membership", "MembershipStatus", "Pause"]


class MembershipStatus(StrEnum):
    """The seven statuses of a membership that has not expired; an expired one has none."""

    ACTIVE_RECURRING = "active_recurring"
    ACTIVE_UNTIL = "active_until"
    SOON_TO_BE_ACTIVE = "soon_to_be_active"
    ON_PAUSE = "on_pause"
    UPCOMING_PAUSE = "upcoming_pause"
    CANCELLATION_REQUESTED = "cancellation_requested"
    UPCOMING_CANCELLATION = "upcoming_cancellation"

    @property
    def opens_door(self) -> bool:
        """Whether a membership in this status lets its people in."""
        return self not in (MembershipStatus.SOON_TO_BE_ACTIVE, MembershipStatus.ON_PAUSE)


@dataclass(frozen=True, slots=True)
class Pause:
    """Days without access, both ends included; no last day means until further notice."""

    first_on: date
    last_on: date | None = None

    def contains(self, day: date) -> bool:
        """Whether the day is one of the paused ones."""
        return self.first_on <= day and (self.last_on is None or day <= self.last_on)


class CancellationState(StrEnum):
    """A cancellation is asked for by the client, then scheduled by an admin."""

    REQUESTED = "requested"
    SCHEDULED = "scheduled"


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A coming end; `ends_on` is the last day with access, unknown while it is only requested."""

    state: CancellationState
    ends_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """An individual or multi-person membership. `ends_on` is its last day; none means recurring billing."""

    id: str
    account_id: str
    type_id: str
    name: Text
    person_ids: tuple[str, ...]
    starts_on: date
    ends_on: date | None = None
    pauses: tuple[Pause, ...] = ()
    cancellation: Cancellation | None = None

    @property
    def last_on(self) -> date | None:
        """The last day it can open a door: its expiration or its cancellation's end, whichever comes first."""
        cancelled_on = self.cancellation.ends_on if self.cancellation else None
        return min((day for day in (self.ends_on, cancelled_on) if day is not None), default=None)

    def status_on(self, day: date) -> MembershipStatus | None:
        """Its status on a local day of the organization, or None once it has expired."""
        if self.last_on is not None and (day > self.last_on or self.last_on < self.starts_on):
            return None
        if day < self.starts_on:
            return MembershipStatus.SOON_TO_BE_ACTIVE
        if self.pause_on(day):
            return MembershipStatus.ON_PAUSE
        if self.cancellation:
            is_requested = self.cancellation.state is CancellationState.REQUESTED
            return MembershipStatus.CANCELLATION_REQUESTED if is_requested else MembershipStatus.UPCOMING_CANCELLATION
        if any(self._is_coming(pause, day) for pause in self.pauses):
            return MembershipStatus.UPCOMING_PAUSE
        return MembershipStatus.ACTIVE_RECURRING if self.ends_on is None else MembershipStatus.ACTIVE_UNTIL

    def _is_coming(self, pause: Pause, day: date) -> bool:
        """Whether the pause will ever begin: it has days at all, and the membership lives to see the first."""
        has_days = pause.last_on is None or pause.first_on <= pause.last_on
        return has_days and day < pause.first_on and (self.last_on is None or pause.first_on <= self.last_on)

    def pause_on(self, day: date) -> Pause | None:
        """The pause that contains the day and ends last, if any."""
        found = [pause for pause in self.pauses if pause.contains(day)]
        return max(found, key=lambda pause: pause.last_on or date.max, default=None)

    def paused_through(self, day: date) -> date | None:
        """The last day of the pause around this paused day, pauses that touch or overlap taken as one.

        None is until further notice.
        """
        last = day
        for pause in sorted(self.pauses, key=lambda pause: pause.first_on):
            if pause.first_on > add_days(last, 1):
                break
            if pause.last_on is None:
                return None
            last = max(last, pause.last_on)
        return last
