"""The database session of starlette-admin's own pages: `request.state.session`.

Reading requests get a session that cannot write. Others write through the database's one writing engine, so that the
feed hears of every change; they commit before the answer starts, and roll back when the answer is an error.
"""

from __future__ import annotations

from anyio.to_thread import run_sync
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette_admin.helpers import run_on_commit_callbacks

from server.db import Database

__all__ = ["Transactions"]

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Transactions:
    """ASGI middleware. A session connects at its first query, so a page that needs none costs nothing."""

    def __init__(self, app: ASGIApp, database: Database) -> None:
        self._app, self._database = app, database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        is_reading = request.method in _READING
        engine = self._database.read_engine if is_reading else self._database.write_engine
        session = Session(engine, expire_on_commit=False, autoflush=not is_reading)
        request.state.session = session

        async def send_after_commit(message: Message) -> None:
            if message["type"] == "http.response.start" and not is_reading:
                await run_sync(session.commit if message["status"] < 400 else session.rollback)
                if message["status"] < 400:
                    await run_on_commit_callbacks(request)
            await send(message)

        try:
            await self._app(scope, receive, send_after_commit)
        finally:
            await run_sync(session.close)
