"""Says the open commands on the broker, each again every few seconds until its door has answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import DBAPIError

from access.wire.sealing import CentreKey
from server.db import Database
from server.devices.commands import said_now
from server.models.base import utc_now

__all__ = ["CommandPublisher"]

_LOOK_S = 0.5
_AGAIN_S = 5.0
_log = structlog.get_logger(__name__)


class CommandPublisher:
    """`publish(topic, payload)` says a message once; whether it arrived, the door's state tells."""

    def __init__(self, database: Database, key: CentreKey, publish: Callable[[str, bytes], Awaitable[bool]]) -> None:
        self._database = database
        self._key = key
        self._publish = publish
        self._said: dict[str, float] = {}

    async def run(self) -> None:
        """Works until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await self._turn(loop.time())
            await asyncio.sleep(_LOOK_S)

    async def _turn(self, now_s: float) -> None:
        try:
            due = await asyncio.to_thread(self._due, now_s)
        except DBAPIError as error:
            _log.error("commands_database_failed", error=type(error).__name__)
            return
        for id_, topic, payload in due:
            if await self._publish(topic, payload):
                self._said[id_] = now_s

    def _due(self, now_s: float) -> list[tuple[str, str, bytes]]:
        with self._database.read() as session:
            waiting = said_now(session, now=utc_now())
        self._said = {id_: self._said[id_] for id_, _, _ in waiting if id_ in self._said}
        return [
            (id_, str(topic), self._key.seal(command))
            for id_, topic, command in waiting
            if now_s - self._said.get(id_, float("-inf")) >= _AGAIN_S
        ]
