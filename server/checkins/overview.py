"""The Check-in overview: the scans of a local day at an access point or at all, and how many there were."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from access.domain.instants import add_days, local_day, start_of_day
from access.wire.events import EventKind
from server.checkins import repository
from server.checkins.activity import ActivityRow, Names, names_of
from server.db import Database

__all__ = ["SHOWN_SCANS", "Counts", "Overview", "overview"]

SHOWN_SCANS = 100


@dataclass(frozen=True, slots=True)
class Counts:
    """The figures of a day."""

    inside: int
    granted: int
    review: int
    denied: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The newest scans of a day, newest first, and the day's figures."""

    day: date
    rows: tuple[ActivityRow, ...]
    names: Names
    counts: Counts

    @property
    def day_before(self) -> date:
        """The day before."""
        return add_days(self.day, -1)

    @property
    def day_after(self) -> date:
        """The day after."""
        return add_days(self.day, 1)


def overview(
    database: Database,
    organization_id: str,
    *,
    zone: tzinfo,
    now: datetime,
    day: date | None = None,
    access_point_id: str | None = None,
) -> Overview:
    """The overview of a day, by default the one that is today in the zone."""
    shown_day = day or local_day(now, zone)
    span = (start_of_day(shown_day, zone), start_of_day(add_days(shown_day, 1), zone))
    with database.read() as session:
        events = repository.day_events(session, organization_id, access_point_id, span=span, limit=SHOWN_SCANS)
        kinds = repository.kind_counts(session, organization_id, access_point_id, span=span)
        people_in = repository.inside(session, organization_id, access_point_id, span=span)
        names = names_of(session, organization_id, events)
    unseen = kinds.get(EventKind.ANONYMOUS_EXIT, 0)
    counts = Counts(
        inside=max(0, people_in - unseen),
        granted=kinds.get(EventKind.CHECKED_IN, 0),
        review=kinds.get(EventKind.REVIEW_REQUESTED, 0),
        denied=kinds.get(EventKind.DENIED, 0),
    )
    return Overview(shown_day, tuple(map(ActivityRow, events)), names, counts)
