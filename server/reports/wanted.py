"""What a report is asked for: days, access points, what happened, and how. Pure; from a link, and back into one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final, Self, TypeVar

from access.domain.instants import add_days, start_of_day
from access.domain.policy import AccessType
from access.wire.events import EventKind
from access.wire.movements import ENTRIES, EXITS

__all__ = ["COLUMNS", "DEFAULT_COLUMNS", "GroupBy", "Period", "Wanted", "What", "columns_of", "days_of"]

_T = TypeVar("_T", bound=StrEnum)
_ID: Final = re.compile(r"[0-9A-Za-z._-]{1,64}")
_MOST_POINTS: Final = 200
COLUMNS: Final = (
    "time",
    "participant",
    "member_id",
    "age_group",
    "city",
    "kind",
    "outcome",
    "reasons",
    "access_point",
    "pass_type",
    "pass_name",
    "credential",
    "decided_by",
    "offline",
    "recorded",
)
DEFAULT_COLUMNS: Final = ("time", "participant", "kind", "access_point", "pass_name", "reasons")


class Period(StrEnum):
    """Days as people ask for them; a week begins on Monday."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    THIS_WEEK = "this_week"
    LAST_WEEK = "last_week"
    THIS_MONTH = "this_month"
    LAST_MONTH = "last_month"
    CUSTOM = "custom"


class What(StrEnum):
    """Which of the things that happened."""

    ENTRIES = "entries"
    EXITS = "exits"
    REFUSED = "refused"
    REVIEWS = "reviews"
    ALL = "all"

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of events, sorted."""
        return tuple(sorted(each.value for each in _KINDS[self]))


_KINDS: Final[dict[What, frozenset[EventKind]]] = {
    What.ENTRIES: ENTRIES,
    What.EXITS: EXITS | {EventKind.ANONYMOUS_EXIT},
    What.REFUSED: frozenset({EventKind.DENIED, EventKind.REVIEW_REFUSED}),
    What.REVIEWS: frozenset({EventKind.REVIEW_REQUESTED}),
    What.ALL: frozenset(EventKind) - {EventKind.LOOKED_UP, EventKind.CARD_REQUESTED},
}


class GroupBy(StrEnum):
    """By what the counts are grouped."""

    DAY = "day"
    HOUR = "hour"
    WEEKDAY = "weekday"
    ACCESS_POINT = "access_point"
    KIND = "kind"
    PASS_TYPE = "pass_type"
    AGE_GROUP = "age_group"
    CITY = "city"
    OFFLINE = "offline"


def days_of(period: Period, today: date) -> tuple[date, date]:
    """The first and the last day; a custom period without days is today."""
    monday = add_days(today, -today.weekday())
    if period is Period.YESTERDAY:
        return add_days(today, -1), add_days(today, -1)
    if period is Period.THIS_WEEK:
        return monday, today
    if period is Period.LAST_WEEK:
        return add_days(monday, -7), add_days(monday, -1)
    if period is Period.THIS_MONTH:
        return today.replace(day=1), today
    if period is Period.LAST_MONTH:
        last = add_days(today.replace(day=1), -1)
        return last.replace(day=1), last
    return today, today


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to report. Days are the organization's local days, both included; no points means all of them."""

    first_on: date
    last_on: date
    period: Period = Period.TODAY
    what: What = What.ENTRIES
    point_ids: tuple[str, ...] = ()
    pass_type: AccessType | None = None
    is_offline: bool | None = None

    @classmethod
    def parse(cls, pairs: Iterable[tuple[str, str]], *, today: date) -> Self:
        """From a form or a link; whatever is not understood is left out. Days without a period are a custom one."""
        said: dict[str, list[str]] = {}
        for name, value in pairs:
            said.setdefault(name, []).append(value)
        one = {name: values[-1] for name, values in said.items()}
        has_days = any(_day(one.get(each)) for each in ("from", "to"))
        period = _word(Period, one.get("period"), Period.CUSTOM if has_days else Period.THIS_WEEK)
        first_on, last_on = days_of(period, today)
        if period is Period.CUSTOM:
            first_on, last_on = _days(one.get("from"), one.get("to"), today)
        pass_type, offline = one.get("pass"), one.get("offline")
        points = [each for each in said.get("point", ()) if _ID.fullmatch(each)]
        return cls(
            first_on=first_on,
            last_on=last_on,
            period=period,
            what=_word(What, one.get("what"), What.ENTRIES),
            point_ids=tuple(dict.fromkeys(points))[:_MOST_POINTS],
            pass_type=AccessType(pass_type) if pass_type in set(AccessType) else None,
            is_offline={"yes": True, "no": False}.get(offline or ""),
        )

    def span(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """The instants from (included) and until (excluded)."""
        return start_of_day(self.first_on, zone), start_of_day(add_days(self.last_on, 1), zone)

    @property
    def days(self) -> list[date]:
        """Every day of it."""
        return [self.first_on + timedelta(days=each) for each in range((self.last_on - self.first_on).days + 1)]

    def query(self) -> list[tuple[str, str]]:
        """The form's values again, for links."""
        pairs = [("period", self.period.value), ("what", self.what.value)]
        if self.period is Period.CUSTOM:
            pairs += [("from", self.first_on.isoformat()), ("to", self.last_on.isoformat())]
        pairs += [("point", each) for each in self.point_ids]
        pairs += [("pass", self.pass_type.value)] if self.pass_type else []
        return pairs + ([("offline", "yes" if self.is_offline else "no")] if self.is_offline is not None else [])


def columns_of(asked: Iterable[str]) -> tuple[str, ...]:
    """The known columns among those, in the report's order; the usual ones when there are none."""
    wanted = set(asked)
    return tuple(each for each in COLUMNS if each in wanted) or DEFAULT_COLUMNS


def _days(first: str | None, last: str | None, today: date) -> tuple[date, date]:
    one, other = _day(first), _day(last)
    one, other = one or other or today, other or one or today
    return min(one, other), max(one, other)


def _day(text: str | None) -> date | None:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    # A day at the edge of the calendar has no instant in every zone.
    return day if 1900 <= day.year <= 2999 else None


def _word(words: type[_T], text: str | None, otherwise: _T) -> _T:
    return words(text) if text in set(words) else otherwise
