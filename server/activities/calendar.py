"""When the occurrences of a rule take place: weekdays between two days, at a time of day on the wall clock. Pure.

The clock on the wall is what a rule means, so a class at 17:00 stays at 17:00 across a clock change.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from access.domain.instants import add_days, elapsed, in_utc
from server.activities.errors import Ended, TooMany

__all__ = ["MOST", "Rule", "Span", "meeting", "meetings"]

MOST: Final = 400
"""So many occurrences are made at once."""

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """On these weekdays (ISO: Monday is 1) from `first_on` to `last_on`, both included, except on some days.

    `ends` of 00:00 is midnight at the end of the day.
    """

    weekdays: Collection[int]
    first_on: date
    last_on: date
    starts: time
    ends: time
    except_on: Collection[date] = ()


def meeting(day: date, starts: time, ends: time, zone: tzinfo, *, ends_on: date | None = None) -> Span:
    """One occurrence as instants in UTC, on one day unless another one is given for its end. Raises Ended.

    A time that the clocks skip is read as if they had not yet turned; the occurrence then keeps its length.
    """
    first = datetime.combine(day, starts)
    last = datetime.combine(ends_on or (day if ends != time.min else add_days(day, 1)), ends)
    if last <= first:
        raise Ended
    starts_at, ends_at = in_utc(first.replace(tzinfo=zone)), in_utc(last.replace(tzinfo=zone))
    if elapsed(starts_at, ends_at) <= timedelta(0):
        ends_at = starts_at + (last - first)
    return starts_at, ends_at


def meetings(rule: Rule, zone: tzinfo) -> list[Span]:
    """All of them in their order; none when no weekday falls between the days. Raises Ended and TooMany."""
    days = (rule.last_on - rule.first_on).days + 1
    found: list[Span] = []
    for number in range(max(0, days)):
        day = add_days(rule.first_on, number)
        if day.isoweekday() not in rule.weekdays or day in rule.except_on:
            continue
        if len(found) == MOST:
            raise TooMany(MOST)
        found.append(meeting(day, rule.starts, rule.ends, zone))
    return found
