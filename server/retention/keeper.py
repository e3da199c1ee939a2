"""The daily run in the centre: each organization once on each of its local days, after four in the morning.

Afterwards the engine looks anew how its tables are filled: SQLite never does by itself, and a centre runs for months.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select

from access.domain.instants import local_day
from server.db import Database
from server.models import Organization, utc_now
from server.privacy.files import PersonalFiles
from server.retention.service import Retention, last_runs

__all__ = ["RetentionKeeper"]

_EVERY_S: Final = 600.0
_FROM_HOUR: Final = 4
_log = structlog.get_logger(__name__)


class RetentionKeeper:
    """Looks every ten minutes whose turn it is. `now` answers the present instant."""

    def __init__(self, database: Database, files: PersonalFiles, *, now: Callable[[], datetime] = utc_now) -> None:
        self._database, self._now = database, now
        self._retention = Retention(database, files)

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            await asyncio.to_thread(self.run_due)
            await asyncio.sleep(_EVERY_S)

    def run_due(self) -> list[str]:
        """Runs for every organization whose turn it is; answers whose it was. A run that fails is tried again."""
        now = self._now()
        found = self._due(now)
        for organization_id in found:
            done = self._retention.run(organization_id, now=now)
            _log.info("retention_ran", organization=organization_id, **{k: v for k, v in done.items() if v})
        if found:
            self._database.gather_statistics()
        return found

    def _due(self, now: datetime) -> list[str]:
        found = []
        with self._database.read() as session:
            for id_, time_zone in session.execute(select(Organization.id, Organization.time_zone)):
                zone = ZoneInfo(time_zone)
                runs = [each for each in last_runs(session, id_) if each.finished_at is not None]
                is_done = bool(runs) and local_day(runs[0].started_at, zone) >= local_day(now, zone)
                if not is_done and now.astimezone(zone).hour >= _FROM_HOUR:
                    found.append(id_)
        return found
