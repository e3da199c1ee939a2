"""The stream behind the live overview: server-sent events, woken by the database's commits.

A stream ends by itself after a minute and the browser opens the next one, so that a session that ended stops seeing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from server.db import Commit, Database

__all__ = ["STREAM_S", "server_sent_events"]

STREAM_S: Final = 60.0
_CALM_S: Final = 0.2
_LOOK_ANYWAY_S: Final = 5.0


@contextmanager
def _told(database: Database, organization_id: str) -> Iterator[asyncio.Event]:
    loop, news = asyncio.get_running_loop(), asyncio.Event()

    def heard(commit: Commit) -> None:
        if any(each == organization_id for each, _ in commit.events):
            with suppress(RuntimeError):  # the loop is closed: nobody is listening any more
                loop.call_soon_threadsafe(news.set)

    stop = database.commits.subscribe(heard)
    try:
        yield news
    finally:
        stop()


async def server_sent_events(
    database: Database,
    organization_id: str,
    update: Callable[[], Awaitable[dict[str, Any] | None]],
    *,
    stream_s: float = STREAM_S,
    look_s: float = _LOOK_ANYWAY_S,
) -> AsyncIterator[str]:
    """Sends what `update` answers (None: nothing new), at once and after each commit with events of the organization.

    It also looks every `look_s`: another process may have recorded something, or nothing but a state changed.
    """
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + stream_s
    yield "retry: 500\n\n"
    with _told(database, organization_id) as news:
        while (left_s := ends_at - loop.time()) > 0:
            news.clear()
            message = await update()
            yield f"event: rows\ndata: {json.dumps(message)}\n\n" if message else ": nothing new\n\n"
            await asyncio.sleep(min(_CALM_S, left_s))
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), min(look_s, left_s))
