"""From the broker to the database: messages in the order they came, some at a time in one transaction, in a thread.

A receipt goes out only after the commit, one a device for all of its batches in the group.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from access.wire.canonical import canonical_bytes, parse_object
from access.wire.errors import WireError
from access.wire.receipts import Receipt
from access.wire.sealing import CentreKey
from access.wire.topics import Channel, DeviceTopic, parse_device_topic
from server.db import Database
from server.ingest import quarantine, repository
from server.ingest.service import record_batch, record_state
from server.models.base import utc_now

__all__ = ["IngestWorker"]

_GROUP = 16
_WAITING = 500
_PAUSE_S = 0.5
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Message:
    topic: DeviceTopic
    payload: bytes


class IngestWorker:
    """`publish(topic, payload)` sends the receipts; `key` seals them."""

    def __init__(self, database: Database, key: CentreKey, publish: Callable[[str, bytes], Awaitable[bool]]) -> None:
        self._database = database
        self._key = key
        self._publish = publish
        self._queue: asyncio.Queue[_Message] = asyncio.Queue(_WAITING)

    async def hand_over(self, topic: str, payload: bytes) -> None:
        """Takes a message of the broker; waits while too many wait."""
        parsed = parse_device_topic(topic)
        if parsed is not None and parsed.channel in (Channel.EVENTS, Channel.STATE):
            await self._queue.put(_Message(parsed, payload))

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            group = [await self._queue.get()]
            while len(group) < _GROUP and not self._queue.empty():
                group.append(self._queue.get_nowait())
            try:
                receipts = await asyncio.to_thread(self._record, group)
            except DBAPIError as error:
                # No receipt, so the doors send it all again: nothing is lost while the database is away.
                _log.error("ingest_database_failed", error=type(error).__name__, messages=len(group))
                await asyncio.sleep(_PAUSE_S)
                continue
            for topic, receipt in receipts.items():
                await self._publish(str(topic), self._key.seal(receipt))

    def _record(self, group: list[_Message]) -> dict[DeviceTopic, Receipt]:
        try:
            with self._database.write() as session:
                return _receipts([_record_one(session, each) for each in group])
        except Exception as error:
            if isinstance(error, DBAPIError) and not _is_about_data(error):
                raise
            _log.warning("ingest_group_split", error=type(error).__name__, messages=len(group))
        return _receipts([self._record_apart(each) for message in group for each in _single_events(message)])

    def _record_apart(self, message: _Message) -> tuple[DeviceTopic, Receipt | None]:
        """One event in a transaction of its own; what still fails is our fault, and is kept for us to look at."""
        try:
            with self._database.write() as session:
                return _record_one(session, message)
        except Exception as error:
            if isinstance(error, DBAPIError) and not _is_about_data(error):
                raise
            _log.exception("ingest_failed", device=message.topic.device)
            self._keep_for_us(message, type(error).__name__)
        return message.topic, None

    def _keep_for_us(self, message: _Message, problem: str) -> None:
        topic, now = message.topic, utc_now()
        with self._database.write() as session:
            quarantine.keep(session, topic, message.payload, reason="internal_error", detail=problem, now=now)
            if repository.device_of(session, topic) is not None:
                quarantine.raise_alarm(session, topic, "internal_error", topic.device, {"problem": problem}, now=now)


def _record_one(session: Session, message: _Message) -> tuple[DeviceTopic, Receipt | None]:
    topic = message.topic
    answer_to = DeviceTopic(topic.organization, topic.site, topic.device, Channel.RECEIPTS)
    if topic.channel is Channel.EVENTS:
        return answer_to, record_batch(session, topic, message.payload)
    record_state(session, topic, message.payload)
    return answer_to, None


def _receipts(answers: list[tuple[DeviceTopic, Receipt | None]]) -> dict[DeviceTopic, Receipt]:
    # The last receipt of a device says everything the earlier ones did.
    return {topic: receipt for topic, receipt in answers if receipt is not None}


def _is_about_data(error: DBAPIError) -> bool:
    """Whether the statement was refused (its data, a constraint), rather than the database being away."""
    return type(error).__name__ in ("DataError", "IntegrityError", "ProgrammingError", "StatementError")


def _single_events(message: _Message) -> list[_Message]:
    try:
        document = parse_object(message.payload)
    except WireError:
        return [message]
    events = document.get("events")
    if not isinstance(events, list) or len(events) < 2 or not all(isinstance(each, dict) for each in events):
        return [message]
    try:
        return [_Message(message.topic, canonical_bytes({**document, "events": [each]})) for each in events]
    except (ValueError, UnicodeEncodeError):
        return [message]
