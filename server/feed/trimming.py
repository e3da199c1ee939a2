"""Keeping the log of changes bounded: once an hour its oldest part goes, far beyond what a door would still follow."""

from __future__ import annotations

import asyncio

from server.db import Database
from server.feed import repository
from server.feed.service import MAX_CATCH_UP

__all__ = ["FeedTrimmer"]

_EVERY_S = 3600.0


class FeedTrimmer:
    """Trims a log to `keep` entries when it has twice as many."""

    def __init__(self, database: Database, *, keep: int = 2 * MAX_CATCH_UP) -> None:
        self._database = database
        self._keep = keep

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_S)
            await asyncio.to_thread(self.trim_all)

    def trim_all(self) -> int:
        """Trims what has grown too long; answers how many entries went."""
        with self._database.read() as session:
            found = repository.heads(session)
        grown = [head for head in found if head.seq - head.trimmed_through >= 2 * self._keep]
        gone = 0
        for head in grown:
            with self._database.write() as session:
                gone += repository.trim(session, head.organization_id, keep=self._keep)
        return gone
