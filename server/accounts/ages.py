"""A child who becomes a teen, or a teen an adult, does so at midnight with nobody's doing: the doors must hear of it.

Each organization's feed remembers the local day that its age groups are of; once that day is over, those whose group is
another one are projected anew. Missed midnights are caught up with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from access.domain.instants import add_months, local_day
from access.wire.feed import EntityKind
from server.db import Database
from server.feed.hook import touch
from server.feed.projection import CLOCK, age_group
from server.feed.touched import Key
from server.models import FeedHead, Organization, Person, utc_now

__all__ = ["AgeKeeper"]

_EVERY_S: Final = 60.0
_FIRST_LOOK_BACK: Final = timedelta(days=366)
_BIRTHDAYS: Final = (13, 18)
_SLACK: Final = timedelta(days=1)
"""29 February falls on another day in most years; `age_group` decides."""


class AgeKeeper:
    """Looks once a minute whether somewhere a day has begun. `now` answers the present instant."""

    def __init__(self, database: Database, *, now: Callable[[], datetime] = utc_now) -> None:
        self._database, self._now = database, now

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            await asyncio.to_thread(self.catch_up)
            await asyncio.sleep(_EVERY_S)

    def catch_up(self) -> int:
        """Tells the doors of everyone whose age group has changed; answers of how many."""
        now = self._now()
        with self._database.read() as session:
            found = session.execute(
                select(FeedHead.organization_id, FeedHead.ages_on, Organization.time_zone).join(
                    Organization, Organization.id == FeedHead.organization_id
                )
            ).all()
        told = 0
        for organization_id, ages_on, time_zone in found:
            if ages_on is None or ages_on < local_day(now, ZoneInfo(time_zone)):
                told += self._turn(organization_id, now)
        return told

    def _turn(self, organization_id: str, now: datetime) -> int:
        with self._database.write() as session:
            session.info[CLOCK] = lambda: now
            head = session.get_one(FeedHead, organization_id, with_for_update=True)
            zone = ZoneInfo(session.get_one(Organization, organization_id).time_zone)
            today = local_day(now, zone)
            changed = _changed(session, organization_id, head.ages_on or today - _FIRST_LOOK_BACK, today)
            touch(session, [Key(EntityKind.PERSON, id_, organization_id) for id_ in changed])
            head.ages_on = today
        return len(changed)


def _changed(session: Session, organization_id: str, since: date, today: date) -> list[str]:
    """The people whose group is not the same on both days."""
    crossing = [
        Person.date_of_birth.between(add_months(since, -12 * years) - _SLACK, add_months(today, -12 * years) + _SLACK)
        for years in _BIRTHDAYS
    ]
    wanted = select(Person.id, Person.date_of_birth).where(Person.organization_id == organization_id, or_(*crossing))
    found = session.execute(wanted.order_by(Person.id))
    return [id_ for id_, born_on in found if age_group(born_on, since) is not age_group(born_on, today)]
