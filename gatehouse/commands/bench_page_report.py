"""`gatehouse bench page`: the Access points report, its figures and its pages, beside the bare count under them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from typing import Final
from zoneinfo import ZoneInfo

from gatehouse.commands.bench_page import Area, Figure, figure
from gatehouse.commands.bench_scratch import ORGANIZATION, Scratch
from server.reports import service
from server.reports.repository import tallies
from server.reports.wanted import GroupBy, Period, Wanted

__all__ = ["AREA"]

_CALLS: Final = 10
_ZONE: Final = ZoneInfo("America/Toronto")


def fill(_place: Scratch) -> None:
    """The history of Account activity is enough."""


def measure(place: Scratch) -> list[Figure]:
    """A day, a month and a year; grouped; a page far into a year."""
    if not place.events:
        return []
    database, now = place.database, datetime.combine(place.today, clock_time(23), UTC)
    figures: list[Figure] = []

    def timed(name: str, call: Callable[[], object], *, is_baseline: bool = False) -> None:
        figures.append(figure(name, [call] * _CALLS, is_baseline=is_baseline))

    for name, days in (("a day", 1), ("a month", 30), ("a year", 365)):
        wanted = Wanted(
            first_on=place.today - timedelta(days=days + 30),
            last_on=place.today - timedelta(days=31),
            period=Period.CUSTOM,
        )

        def bare(wanted: Wanted = wanted) -> object:
            with database.read() as session:
                return tallies(session, ORGANIZATION, wanted, wanted.span(_ZONE), is_by_minute=False)

        def shown(wanted: Wanted = wanted) -> object:
            return service.figures(database, ORGANIZATION, wanted, zone=_ZONE, now=now)

        timed(f"report, {name}: every chart", shown)
        timed(f"report, {name}: counted by hour and point", bare, is_baseline=True)

    def by_city() -> object:
        return service.groups(database, ORGANIZATION, wanted, GroupBy.CITY, zone=_ZONE, today=place.today)

    def rows() -> object:
        return service.page(database, ORGANIZATION, wanted, zone=_ZONE)

    timed("report, a year: by city", by_city)
    timed("report, a year: fifty rows", rows)
    return figures


AREA: Final = Area("report", 30, fill, measure)
