"""Says each site's changes on the broker as soon as they are committed, and every two seconds that it is alive.

Commits of this process wake it; those of others are seen within a quarter of a second. A door that misses a message
sees the gap at the next one and asks over HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from access.wire.sealing import CentreKey
from access.wire.topics import feed_topic
from server.db import Commit, Database
from server.devices.repository import sites_with_devices
from server.feed import repository
from server.feed.repository import Head
from server.feed.service import beat, sealed_messages
from server.models.base import utc_now

__all__ = ["BEAT_S", "FeedPublisher"]

BEAT_S = 2.0
_POLL_S = 0.25
_MAX_SAID = 2_000
_log = structlog.get_logger(__name__)


class FeedPublisher:
    """`publish(topic, payload)` says a message once; whether it arrived does not matter."""

    def __init__(self, database: Database, key: CentreKey, publish: Callable[[str, bytes], Awaitable[bool]]) -> None:
        self._database = database
        self._key = key
        self._publish = publish
        self._said: dict[str, tuple[str, int]] = {}
        self._beaten_at = float("-inf")

    async def run(self) -> None:
        """Works until cancelled."""
        loop, news = asyncio.get_running_loop(), asyncio.Event()

        def heard(commit: Commit) -> None:
            if commit.feeds and not loop.is_closed():
                loop.call_soon_threadsafe(news.set)

        stop_hearing = self._database.commits.subscribe(heard)
        try:
            while True:
                await self._turn(loop.time())
                try:
                    await asyncio.wait_for(news.wait(), _POLL_S)
                except TimeoutError:
                    continue
                finally:
                    news.clear()
        finally:
            stop_hearing()

    async def _turn(self, now_s: float) -> None:
        is_beat_due = now_s - self._beaten_at >= BEAT_S
        try:
            messages = await asyncio.to_thread(self._due_messages, is_beat_due)
        except DBAPIError as error:
            _log.error("feed_database_failed", error=type(error).__name__)
            return
        if is_beat_due:
            self._beaten_at = now_s
        for topic, payload in messages:
            await self._publish(topic, payload)

    def _due_messages(self, is_beat_due: bool) -> list[tuple[str, bytes]]:
        messages: list[tuple[str, bytes]] = []
        with self._database.read() as session:
            found = {head.organization_id: head for head in repository.heads(session)}
            moved = {id_: head for id_, head in found.items() if self._said.get(id_) != (head.epoch, head.seq)}
            if not moved and not is_beat_due:
                return []
            for organization_id, site_id in sorted(sites_with_devices(session)):
                head = found.get(organization_id)
                if head is None:
                    continue
                payloads = self._changes(session, head, site_id) if organization_id in moved else []
                if not payloads and (is_beat_due or organization_id in moved):
                    payloads = [self._key.seal(beat(head, site_id, utc_now()))]
                messages += [(feed_topic(organization_id, site_id), payload) for payload in payloads]
        self._said = {id_: (head.epoch, head.seq) for id_, head in found.items()}
        return messages

    def _changes(self, session: Session, head: Head, site_id: str) -> list[bytes]:
        """The changes since the last turn; none when nobody could follow them (a start, a new epoch, an import)."""
        epoch, after = self._said.get(head.organization_id, (head.epoch, head.seq))
        if epoch != head.epoch or not 0 < head.seq - after <= _MAX_SAID:
            return []
        entries = repository.entries_between(session, head.organization_id, site_id, after=after, through=head.seq)
        return list(sealed_messages(head, site_id, after=after, entries=entries, key=self._key, now=utc_now()))
