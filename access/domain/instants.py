"""Days and instants in an organization's time zone.

Instants are aware datetimes; days are plain dates read on the organization's wall clock. Days are inclusive at
both ends; spans between instants include their start and exclude their end.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from access.domain.errors import InvalidFact

__all__ = ["ALL_DAYS", "Hours", "add_months", "is_within_hours", "local_day", "local_time", "start_of_day"]

ALL_DAYS = (1, 2, 3, 4, 5, 6, 7)


def local_day(at: datetime, zone: tzinfo) -> date:
    """The calendar day of an aware instant on the zone's wall clock."""
    return at.astimezone(zone).date()


def local_time(at: datetime, zone: tzinfo) -> time:
    """The wall-clock time of an aware instant in the zone, without seconds' fractions."""
    return at.astimezone(zone).time().replace(microsecond=0)


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """The first instant of a local day, in UTC; right on days whose midnight is skipped or repeated."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def add_months(day: date, months: int) -> date:
    """The same day of the month, `months` later; the last of a shorter month (31 January + 1 is 28 or 29 February)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
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

    def contains(self, at: datetime, zone: tzinfo) -> bool:
        """Whether the instant falls inside these hours on the zone's wall clock."""
        local = at.astimezone(zone)
        clock, weekday = local.time(), local.isoweekday()
        if self.opens < self.closes:
            return weekday in self.days and self.opens <= clock < self.closes
        yesterday = (local.date() - timedelta(days=1)).isoweekday()
        return (weekday in self.days and clock >= self.opens) or (yesterday in self.days and clock < self.closes)


def is_within_hours(hours: Iterable[Hours], at: datetime, zone: tzinfo) -> bool:
    """Whether any of the hours contains the instant; no hours at all means always."""
    listed = tuple(hours)
    return not listed or any(each.contains(at, zone) for each in listed)
