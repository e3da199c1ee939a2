"""The database: one writing connection and many reading ones on SQLite, pools on PostgreSQL, the same code above.

SQLite up to 3.51.2 can corrupt a WAL when two connections write or checkpoint at once; so one connection alone does
both, and readers may do neither. Whoever commits changes that doors need is heard of through `Database.commits`.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from server.audit import hook as audit_hook
from server.clients import indexing
from server.feed import hook
from server.identities import hook as identities
from server.migrations import migrate

__all__ = ["Commit", "CommitSignal", "Database", "note_recorded"]

_BUSY_TIMEOUT_MS = 15_000
_NOTES = "gatehouse.commit"
_READERS = 8
_ANALYSED_ROWS = 10_000
"""More than a query ever names ids: an organization with more rows than are looked at seems to have so many only."""


@dataclass(frozen=True, slots=True)
class Commit:
    """What a commit brought: organizations whose feed moved, and (organization, event id) of recorded events."""

    feeds: frozenset[str] = frozenset()
    events: tuple[tuple[str, str], ...] = ()


class CommitSignal:
    """Tells its subscribers of each commit, in the committing thread; they must be quick and must not raise."""

    def __init__(self) -> None:
        self._subscribers: list[Callable[[Commit], None]] = []
        self._lock = threading.Lock()

    def subscribe(self, subscriber: Callable[[Commit], None]) -> Callable[[], None]:
        """Adds a subscriber; the answer takes it off again."""
        with self._lock:
            self._subscribers = [*self._subscribers, subscriber]
        return lambda: self._unsubscribe(subscriber)

    def _unsubscribe(self, subscriber: Callable[[Commit], None]) -> None:
        with self._lock:
            self._subscribers = [each for each in self._subscribers if each is not subscriber]

    def send(self, commit: Commit) -> None:
        """Tells everyone."""
        for subscriber in self._subscribers:
            subscriber(commit)


class Database:
    """The centre's database by its SQLAlchemy URL (`sqlite:///...` or `postgresql+psycopg://...`).

    `write_engine` and `read_engine` are for libraries that want an engine; everything else uses `write` and `read`.
    """

    def __init__(self, url: str) -> None:
        self.url = _with_driver(make_url(url))
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.commits = CommitSignal()
        self.write_engine = _sqlite_writer(self.url) if self.is_sqlite else _postgresql(self.url)
        self.read_engine = _sqlite_readers(self.url) if self.is_sqlite else _postgresql_readers(self.url)
        _OWNERS[self.write_engine] = self
        identities.install()
        audit_hook.install()
        hook.install()
        indexing.install()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits at the end, or rolls back when the block raises. On SQLite writers take turns."""
        with Session(self.write_engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one moment of the database from its first query on, and cannot write."""
        with Session(self.read_engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    def migrate(self) -> None:
        """Brings the tables to the newest version; nothing happens when they are."""
        migrate(self.write_engine)
        indexing.bring_up_to_date(self.write_engine)
        self.gather_statistics()

    def gather_statistics(self) -> None:
        """Lets the engine look how its tables are filled, so that it finds the rows of a query the short way.

        Some thousand rows of each index are looked at on SQLite, a sample of each table on PostgreSQL.
        """
        with self.write_engine.begin() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql(f"PRAGMA analysis_limit={_ANALYSED_ROWS}")
            connection.exec_driver_sql("ANALYZE")
        if self.is_sqlite:
            # SQLite reads what ANALYZE found when a connection is opened.
            self.read_engine.dispose()

    def close(self) -> None:
        """Closes every connection, the writing one last: whoever closes last checkpoints."""
        self.read_engine.dispose()
        self.write_engine.dispose()


_OWNERS: weakref.WeakKeyDictionary[Engine, Database] = weakref.WeakKeyDictionary()


def _with_driver(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url


def _sqlite_writer(url: URL) -> Engine:
    engine = create_engine(url, poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=60)
    pragmas = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_TIMEOUT_MS}")
    _on_connect(engine, pragmas)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _sqlite_readers(url: URL) -> Engine:
    engine = create_engine(url, poolclass=QueuePool, pool_size=_READERS, max_overflow=_READERS, pool_timeout=60)
    _on_connect(engine, ("wal_autocheckpoint=0", f"busy_timeout={_BUSY_TIMEOUT_MS}", "query_only=ON"))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _on_connect(engine: Engine, pragmas: tuple[str, ...]) -> None:
    def prepare(connection: Any, _record: object) -> None:
        # The driver's own BEGIN comes too late and is deferred; ours is sent by the "begin" listener.
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", prepare)


def _postgresql(url: URL) -> Engine:
    return _read_in_utc(create_engine(url, pool_pre_ping=True))


def _postgresql_readers(url: URL) -> Engine:
    return _read_in_utc(
        create_engine(
            url,
            pool_pre_ping=True,
            isolation_level="REPEATABLE READ",
            execution_options={"postgresql_readonly": True},
        )
    )


def _read_in_utc(engine: Engine) -> Engine:
    # In the server's own zone the first hours of the year 1, or the last of 9999, cannot be read.
    def prepare(connection: Any, _record: object) -> None:
        connection.execute("SET TIME ZONE 'UTC'")
        connection.commit()

    event.listen(engine, "connect", prepare)
    return engine


def note_recorded(session: Session, organization_id: str, event_id: str) -> None:
    """Has the commit of this session tell that an event was recorded."""
    session.info.setdefault(_NOTES, []).append((organization_id, event_id))


def _after_commit(session: Session) -> None:
    events: list[tuple[str, str]] = session.info.pop(_NOTES, [])
    feeds = hook.take_moved(session)
    bind = session.get_bind() if events or feeds else None
    owner = _OWNERS.get(bind) if isinstance(bind, Engine) else None
    if owner is not None:
        owner.commits.send(Commit(feeds=feeds, events=tuple(events)))


def _after_rollback(session: Session) -> None:
    # Only a savepoint: what was changed before it still will be.
    if session.in_nested_transaction():
        return
    session.info.pop(_NOTES, None)
    hook.forget(session)
    indexing.forget(session)
    audit_hook.forget(session)


event.listen(Session, "after_commit", _after_commit)
event.listen(Session, "after_rollback", _after_rollback)
