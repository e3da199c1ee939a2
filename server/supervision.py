"""Keeping the server's own tasks running: one that ends or fails is started again, and said so; and its log short."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

__all__ = ["calm_accepts", "keep_running"]

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
_SAY_AGAIN_S = 60.0
_log = structlog.get_logger(__name__)


async def keep_running(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Runs it until cancelled; after a failure again, with growing pauses."""
    loop, pause_s = asyncio.get_running_loop(), _FIRST_PAUSE_S
    while True:
        started_s = loop.time()
        try:
            await run()
            _log.error("task_ended", task=name)
        except Exception:
            _log.exception("task_failed", task=name)
        if loop.time() - started_s > _LONGEST_PAUSE_S:
            pause_s = _FIRST_PAUSE_S
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


def calm_accepts(loop: asyncio.AbstractEventLoop) -> None:
    """Has the loop say once a minute that no descriptors are left; asyncio says it a hundred times a second."""
    said_at = float("-inf")

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        nonlocal said_at
        if "accept() out of system resource" not in str(context.get("message")):
            loop.default_exception_handler(context)
        elif loop.time() - said_at >= _SAY_AGAIN_S:
            said_at = loop.time()
            _log.error("descriptors_exhausted", error=str(context.get("exception")))

    loop.set_exception_handler(handle)
