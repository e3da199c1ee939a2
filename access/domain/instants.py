"""Days and instants in an organization's time zone.

Instants are aware datetimes; days are plain dates read on the organization's wall clock. Days are inclusive at
both ends; spans between instants include their start and exclude their end. Nothing here overflows: what would lie
before the year 1 or after 9999 (legacy data is full of such dates) is the first or the last day there is.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from access.domain.errors import InvalidFact

__all__ = [
    "ALL_DAYS",
    "Hours",
    "add_days",
    "add_months",
    "elapsed",
    "in_utc",
    "is_within_hours",
    "local_day",
    "local_time",
    "require_aware",
    "shift",
    "start_of_day",
    "wall_clock",
]

ALL_DAYS = (1, 2, 3, 4, 5, 6, 7)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def local_day(at: datetime, zone: tzinfo) -> date:
    """The calendar day of an aware instant on the zone's wall clock."""
    return wall_clock(at, zone).date()


def local_time(at: datetime, zone: tzinfo) -> time:
    """The wall-clock time of an aware instant in the zone, without seconds' fractions."""
    return wall_clock(at, zone).time().replace(microsecond=0)


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """The first instant of a local day, in UTC; right on days whose midnight is skipped or repeated."""
    return wall_clock(datetime.combine(day, time.min, tzinfo=zone), UTC)


def elapsed(since: datetime, until: datetime) -> timedelta:
    """The real time between two aware instants.

    Python's own subtraction of two instants in one time zone is wrong by the hour that a clock change adds or takes.
    """
    offset_then, offset_now = since.utcoffset() or timedelta(0), until.utcoffset() or timedelta(0)
    return (until.replace(tzinfo=None) - since.replace(tzinfo=None)) - (offset_now - offset_then)


def shift(at: datetime, *, minutes: int) -> datetime:
    """The instant so many minutes later (earlier when negative), in UTC."""
    try:
        return in_utc(at) + timedelta(minutes=minutes)
    except OverflowError:
        return _FIRST if minutes < 0 else _LAST


def in_utc(at: datetime) -> datetime:
    """The same instant in UTC, where instants compare by when they are and not by what a clock on the wall says."""
    return wall_clock(at, UTC)


def require_aware(at: datetime, what: str) -> None:
    """Raises `InvalidFact` for an instant without its offset from UTC: nobody can say when that was."""
    if at.utcoffset() is None:
        raise InvalidFact(f"{what} needs its offset from UTC")


def wall_clock(at: datetime, zone: tzinfo) -> datetime:
    """The instant on the zone's wall clock; beyond the calendar, its first or last moment."""
    try:
        return at.astimezone(zone)
    except OverflowError:
        return (_FIRST if at.year == 1 else _LAST).replace(tzinfo=zone)


def add_days(day: date, days: int) -> date:
    """The day so many days later (earlier when negative)."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.min if days < 0 else date.max


def add_months(day: date, months: int) -> date:
    """The same day of the month, `months` later; the last of a shorter month (31 January + 1 is 28 or 29 February)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if not date.min.year <= year <= date.max.year:
        return date.min if months < 0 else date.max
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Opening or access hours on some weekdays (ISO: Monday is 1), from `opens` until `closes`, local time.

    `closes` at or before `opens` runs past midnight into the next day; `closes` of 00:00 is the end of the day.
    """

    days: tuple[int, ...] = ALL_DAYS
    opens: time = time.min
    closes: time = time.min

    def __post_init__(self) -> None:
        if not self.days or any(day not in ALL_DAYS for day in self.days):
            raise InvalidFact(f"hours need weekdays from 1 (Monday) to 7 (Sunday), got {self.days}")
        if self.opens.tzinfo is not None or self.closes.tzinfo is not None:
            raise InvalidFact("hours are read on the local wall clock; write them without an offset")

    def contains(self, at: datetime, zone: tzinfo) -> bool:
        """Whether the instant falls inside these hours on the zone's wall clock."""
        local = wall_clock(at, zone)
        clock, weekday = local.time(), local.isoweekday()
        if self.opens < self.closes:
            return weekday in self.days and self.opens <= clock < self.closes
        yesterday = (weekday - 2) % 7 + 1
        return (weekday in self.days and clock >= self.opens) or (yesterday in self.days and clock < self.closes)


def is_within_hours(hours: Iterable[Hours], at: datetime, zone: tzinfo) -> bool:
    """Whether any of the hours contains the instant; no hours at all means always."""
    listed = tuple(hours)
    return not listed or any(each.contains(at, zone) for each in listed)
