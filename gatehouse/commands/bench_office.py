"""The back office in this process, asked as a browser asks it, with a staff member signed in: for `gatehouse bench`."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from fastapi import FastAPI
from sqlalchemy import event as signal

from gatehouse.commands.bench_scratch import ORGANIZATION
from gatehouse.commands.bench_stopwatch import Figure, Stopwatch, Timed
from server.admin import mount_admin
from server.admin.gate import SESSION_COOKIE
from server.db import Database
from server.models import utc_now
from server.settings import ServerSettings
from server.staff.service import create_staff, start_session

__all__ = ["Office", "office"]

_WARM_UP: Final = 2


class Office:
    """Pages by their paths. `first_byte` ends a download after its first piece."""

    def __init__(self, app: FastAPI, database: Database, token: str) -> None:
        self._app, self._database, self._token = app, database, token
        self._watch = Stopwatch(database)

    def figures(self, name: str, path: str, *, bare: str, calls: int, is_download: bool = False) -> list[Figure]:
        """The page in turn with its bare query: the first of its statements that has the words of `bare` in order."""
        statement, parameters = self._heard(path, bare, is_download=is_download)
        for _ in range(min(_WARM_UP, calls - 1)):
            self._ask(path, is_download=is_download)
        self._watch.look()
        pages: list[Timed] = []
        queries: list[Timed] = []
        for _ in range(calls):
            pages.append(self._watch.time(lambda: self._ask(path, is_download=is_download)))
            queries.append(self._bare(statement, parameters))
        return [Figure.of(name, pages), Figure.of(f"{name}, its query", queries, bare_for=name)]

    def _ask(self, path: str, *, is_download: bool) -> None:
        asyncio.run(_answered(self._app, path, self._token, is_download=is_download))

    def _heard(self, path: str, bare: str, *, is_download: bool) -> tuple[str, Any]:
        found: list[tuple[str, Any]] = []
        words = bare.split(" .. ")

        def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
            place = 0
            for word in words:
                place = statement.find(word, place)
                if place < 0:
                    return
            found.append((statement, parameters))

        signal.listen(self._database.read_engine, "before_cursor_execute", hear)
        try:
            self._ask(path, is_download=is_download)
        finally:
            signal.remove(self._database.read_engine, "before_cursor_execute", hear)
        return found[0]

    def _bare(self, statement: str, parameters: Any) -> Timed:
        raw = self._database.read_engine.raw_connection()
        try:
            cursor = raw.cursor()
            begun = self._watch.begin()
            cursor.execute(statement, parameters)
            cursor.fetchall()
            timed = self._watch.end(begun)
            cursor.close()
        finally:
            raw.close()
        return timed


@contextmanager
def office(database: Database) -> Iterator[Office]:
    """The office of the organization that is measured."""
    app = FastAPI()
    with TemporaryDirectory() as folder:
        mount_admin(app, database, ServerSettings(data_dir=Path(folder)))
        with database.write() as session:
            staff = create_staff(
                session,
                organization_id=ORGANIZATION,
                email=f"{secrets.token_hex(8)}@example.org",
                name="Bench",
                password=secrets.token_urlsafe(24),
                role="admin",
            )
            session.flush()
            token = start_session(session, staff.id, now=utc_now())
        yield Office(app, database, token)


async def _answered(app: FastAPI, path: str, token: str, *, is_download: bool) -> None:
    """Asks for a page; raises RuntimeError when it is not given. Of a download only the first piece is waited for."""
    plain, _, query = path.partition("?")
    cookie = f"{SESSION_COOKIE}={token}".encode()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": plain, "raw_path": plain.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(b"host", b"bench.local"), (b"cookie", cookie)],
        "client": ("127.0.0.1", 1), "server": ("bench.local", 80),
    }  # fmt: skip
    asked = False
    ended = asyncio.Event()

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await ended.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise RuntimeError(f"{path} was answered {message['status']}")
        if message["type"] == "http.response.body" and (
            not message.get("more_body") or (is_download and message["body"])
        ):
            ended.set()

    running = asyncio.ensure_future(app(scope, receive, send))
    waiting = asyncio.ensure_future(ended.wait())
    await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not is_download:
        await running
        return
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
