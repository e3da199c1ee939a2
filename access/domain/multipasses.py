"""Multipasses: counted or unlimited, individual or family, and what is left of them.

Uses are a set keyed by the event that made them. What is left is computed from that set and from nothing else, so
the union of what the centre, this door and its neighbours know counts no use twice, in any order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from enum import StrEnum

from access.domain.errors import InvalidFact
from access.domain.instants import add_days, add_months, local_day, require_aware
from access.domain.people import Text

__all__ = ["Effective", "Multipass", "MultipassState", "MultipassStatus", "PassUse", "Period"]


class Effective(StrEnum):
    """When a multipass takes effect."""

    ON_PURCHASE = "on_purchase"
    ON_DATE = "on_date"
    ON_FIRST_USE = "on_first_use"


class MultipassStatus(StrEnum):
    """What Registrations says of a multipass that has something left; a used-up or expired one has none."""

    ACTIVATES_ON_FIRST_USE = "activates_on_first_use"
    NO_EXPIRATION = "no_expiration"
    EXPIRES = "expires"


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days or calendar months; exactly one of them."""

    days: int = 0
    months: int = 0

    def __post_init__(self) -> None:
        if (self.days > 0) == (self.months > 0) or min(self.days, self.months) < 0:
            raise InvalidFact("a period is a number of days or a number of months, above zero")

    def after(self, day: date) -> date:
        """The day this period after the given one."""
        return add_days(day, self.days) if self.days else add_months(day, self.months)


@dataclass(frozen=True, slots=True, kw_only=True)
class PassUse:
    """One use, keyed by the id of the check-in event that took it."""

    id: str
    multipass_id: str
    person_id: str
    used_at: datetime
    is_undone: bool = False

    def __post_init__(self) -> None:
        require_aware(self.used_at, f"used_at of use {self.id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Multipass:
    """A pass as sold. `total` None is unlimited; `person_id` None is a family pass of the account.

    `first_used_on` fixes the first use of a pass that was in use before its uses were recorded here. Of a strict pass a
    door spends only uses that the centre lent it.
    """

    id: str
    account_id: str
    type_id: str
    name: Text
    purchased_on: date
    person_id: str | None = None
    total: int | None = None
    effective: Effective = Effective.ON_PURCHASE
    effective_on: date | None = None
    first_used_on: date | None = None
    expires_on: date | None = None
    expires_after: Period | None = None
    is_one_use_a_day: bool = False
    is_strict: bool = False

    def __post_init__(self) -> None:
        if self.effective is Effective.ON_DATE and self.effective_on is None:
            raise InvalidFact(f"multipass {self.id} takes effect on a date, so it needs effective_on")
        if self.total is not None and self.total < 0:
            raise InvalidFact(f"multipass {self.id} has a total of {self.total}; it is zero or more")

    def state(self, uses: Iterable[PassUse], zone: tzinfo) -> MultipassState:
        """What the given uses leave of this pass; uses of other passes are passed over, repeats count once.

        Of two tellings of one use the earlier time is taken, and undone stays undone, whichever is heard first.
        """
        told = [use for use in uses if use.multipass_id == self.id]
        undone = {use.id for use in told if use.is_undone}
        own: dict[str, PassUse] = {}
        for use in sorted(told, key=lambda each: (each.used_at.timestamp(), each.person_id)):
            own.setdefault(use.id, use)
        kept = [use for use in own.values() if use.id not in undone]
        days = frozenset((use.person_id, local_day(use.used_at, zone)) for use in kept)
        return MultipassState(
            multipass=self,
            used=len(days) if self.is_one_use_a_day else len(kept),
            days=days,
            effective_on=self._effective_on(own.values(), zone),
        )

    def _effective_on(self, uses: Iterable[PassUse], zone: tzinfo) -> date | None:
        if self.effective is Effective.ON_PURCHASE:
            return self.purchased_on
        if self.effective is Effective.ON_DATE:
            return self.effective_on
        # An undone use has fixed the date all the same: the first check-in fixes it for good.
        first_days = [local_day(use.used_at, zone) for use in uses]
        return min([*first_days, *([self.first_used_on] if self.first_used_on else [])], default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class MultipassState:
    """A multipass with its uses counted. `days` are the (person, local day) pairs on which a use was taken."""

    multipass: Multipass
    used: int
    days: frozenset[tuple[str, date]]
    effective_on: date | None

    @property
    def remaining(self) -> int | None:
        """Uses left; None is unlimited, below zero is overdrawn."""
        return None if self.multipass.total is None else self.multipass.total - self.used

    @property
    def expires_on(self) -> date | None:
        """The last day it can be used, as far as known: an expiry counted from a first use waits for that use."""
        period, day = self.multipass.expires_after, self.effective_on
        counted_on = period.after(day) if period is not None and day is not None else None
        return min((each for each in (self.multipass.expires_on, counted_on) if each is not None), default=None)

    def status_on(self, day: date) -> MultipassStatus | None:
        """What is said of it on a local day; None once nothing is left or it has expired."""
        if (self.remaining is not None and self.remaining <= 0) or self.is_expired_on(day):
            return None
        if self.effective_on is None:
            return MultipassStatus.ACTIVATES_ON_FIRST_USE
        return MultipassStatus.NO_EXPIRATION if self.expires_on is None else MultipassStatus.EXPIRES

    def is_expired_on(self, day: date) -> bool:
        """Whether its last day is over."""
        return self.expires_on is not None and day > self.expires_on

    def has_started_on(self, day: date) -> bool:
        """Whether it is in effect, or would be with a first use on this day.

        A pass that a first use activates has started with that use, even when the other door's clock was ahead.
        """
        if self.multipass.effective is Effective.ON_FIRST_USE:
            return True
        return self.effective_on is None or self.effective_on <= day

    def is_used_on(self, day: date, person_id: str) -> bool:
        """Whether the person took a use of it on that local day."""
        return (person_id, day) in self.days
