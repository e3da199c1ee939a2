"""Who is on the line of the embedded broker: a bounded number, and nobody for long without having logged in.

When all lines are taken, the one that has been silent longest makes room: those that never log in cannot shut out a
door. A quarter of the process's descriptors is kept for everything else.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

__all__ = ["PATIENCE_S", "Callers"]

PATIENCE_S = 10.0
_log = structlog.get_logger(__name__)


class Callers:
    """At most `most` connections; each has `patience_s` to log in. For one event loop."""

    def __init__(self, most: int, *, patience_s: float = PATIENCE_S) -> None:
        self.most = min(most, _descriptors() * 3 // 4)
        self._patience_s = patience_s
        self._count = 0
        self._silent: dict[asyncio.Task[object] | None, asyncio.StreamWriter] = {}
        self._is_full = False

    @contextmanager
    def line(self, writer: asyncio.StreamWriter) -> Iterator[bool]:
        """Keeps count of this task's connection, and closes it at the end; False when there is no room for it."""
        task = asyncio.current_task()
        has_room = self._make_room()
        self._silent[task] = writer
        self._count += 1
        deadline = asyncio.get_running_loop().call_later(self._patience_s, self._give_up, task)
        try:
            yield has_room
        finally:
            deadline.cancel()
            self._silent.pop(task, None)
            self._count -= 1
            writer.close()

    def logged_in(self) -> None:
        """This task's connection is somebody's."""
        self._silent.pop(asyncio.current_task(), None)

    def answer(self, packet: bytes) -> None:
        """Says something on this task's connection, if it is still silent."""
        writer = self._silent.get(asyncio.current_task())
        if writer is not None:
            writer.write(packet)

    def _make_room(self) -> bool:
        is_full = self._count >= self.most
        if is_full and not self._is_full:
            _log.warning("broker_full", connections=self._count, silent=len(self._silent))
        self._is_full = is_full
        if not is_full:
            return True
        if self._silent:
            self._give_up(next(iter(self._silent)))
            return True
        return False

    def _give_up(self, task: asyncio.Task[object] | None) -> None:
        writer = self._silent.pop(task, None)
        if writer is not None:
            writer.transport.abort()


def _descriptors() -> int:
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft if soft != resource.RLIM_INFINITY else 1_000_000
