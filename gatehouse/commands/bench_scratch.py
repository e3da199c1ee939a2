"""A centre's database for one measurement: filled past the hooks, in bulk, and gone afterwards unless it is kept."""

from __future__ import annotations

import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import URL, create_engine, inspect, make_url, text

from server.db import Database

__all__ = ["KEPT_NAME", "ORGANIZATION", "Scratch", "scratch", "tell"]

ORGANIZATION: Final = "bench"
KEPT_NAME: Final = "gatehouse_bench_kept"
_BATCH: Final = 20_000
_TOLD_EVERY: Final = 500_000
_TODAY: Final = date(2026, 11, 21)


@dataclass(frozen=True, slots=True)
class Scratch:
    """The database, how much of each thing was asked for, and the day it is there."""

    database: Database
    people: int
    events: int
    days: int
    today: date
    zone: ZoneInfo
    most_calls: int = sys.maxsize

    def calls(self, usual: int) -> int:
        """How many calls to time where that many are usual."""
        return min(usual, self.most_calls)

    def bulk(self, table: Any, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Inserts rows as fast as the engine takes them: values as the driver wants them, in the columns' order."""
        connection = self.database.write_engine.raw_connection()
        try:
            names, waiting = ", ".join(columns), iter(rows)
            cursor: Any = connection.cursor()
            done, next_told = 0, _TOLD_EVERY
            if self.database.is_sqlite:
                # The writer begins nothing by itself: without this each row would be a transaction.
                cursor.execute("BEGIN")
                marks = ", ".join("?" * len(columns))
                while some := list(islice(waiting, _BATCH)):
                    cursor.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", some)
                    done += len(some)
                    if done >= next_told:
                        tell(f"    {done:,}")
                        next_told += _TOLD_EVERY
            else:
                # Every row names rows that are here: looking each of them up takes half of the time.
                cursor.execute("SELECT current_setting('is_superuser')")
                if cursor.fetchone()[0] == "on":
                    cursor.execute("SET LOCAL session_replication_role = replica")
                with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
                    for row in waiting:
                        copy.write_row(row)
                        done += 1
                        if done >= next_told:
                            tell(f"    {done:,}")
                            next_told += _TOLD_EVERY
            connection.commit()
        finally:
            connection.close()

    @contextmanager
    def in_bulk(self) -> Iterator[None]:
        """SQLite waits for no disk and keeps no journal; afterwards it is as the centre has it."""
        if not self.database.is_sqlite:
            yield
            return
        self.database.read_engine.dispose()
        self._pragmas("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000", "threads = 2")
        yield
        self._pragmas("journal_mode = WAL")
        self.database.write_engine.dispose()

    def _pragmas(self, *pragmas: str) -> None:
        connection = self.database.write_engine.raw_connection()
        cursor: Any = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}").fetchall()
        connection.close()

    def analyze(self) -> None:
        """What autovacuum does by itself on PostgreSQL, and the centre on SQLite."""
        if self.database.is_sqlite:
            self.database.gather_statistics()
        else:
            engine = self.database.write_engine.execution_options(isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.execute(text("VACUUM ANALYZE"))

    def filled(self) -> dict[str, str]:
        """What a database that was kept is filled with: the sizes by the area."""
        with self.database.read_engine.connect() as connection:
            if not inspect(connection).has_table("bench_filled"):
                return {}
            return {area: sizes for area, sizes in connection.execute(text("SELECT area, sizes FROM bench_filled"))}  # noqa: C416 - a Row is no pair

    def note_filled(self, area: str, sizes: str) -> None:
        """Has the next run find an area filled."""
        with self.database.write_engine.begin() as connection:
            connection.execute(
                text(
                    "CREATE TABLE IF NOT EXISTS bench_filled (area VARCHAR(40) PRIMARY KEY, sizes VARCHAR(80) NOT NULL)"
                )
            )
            said = {"area": area, "sizes": sizes}
            connection.execute(text("INSERT INTO bench_filled (area, sizes) VALUES (:area, :sizes)"), said)


@contextmanager
def scratch(
    url: str | None,
    *,
    people: int,
    events: int,
    days: int,
    folder: Path | None,
    keep: bool = False,
    most_calls: int = sys.maxsize,
) -> Iterator[Scratch]:
    """A migrated database: a SQLite file, or one made for this on the PostgreSQL server of the URL.

    `keep` leaves it there for the next run, which finds it filled. A SQLite file is kept in `folder`.
    """
    zone = ZoneInfo("America/Toronto")
    made = _sqlite(folder, keep=keep) if url is None else _postgresql(make_url(url), keep=keep)
    with made as database:
        yield Scratch(database, people, events, days, _TODAY, zone, most_calls)


@contextmanager
def _sqlite(parent: Path | None, *, keep: bool) -> Iterator[Database]:
    folder = parent if keep and parent else Path(tempfile.mkdtemp(prefix="gatehouse-bench-", dir=parent))
    path = folder / f"{KEPT_NAME}.db"
    is_new = not path.exists()
    database = Database(f"sqlite:///{path}")
    try:
        if is_new:
            database.migrate()
        yield database
    finally:
        database.close()
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _postgresql(url: URL, *, keep: bool) -> Iterator[Database]:
    name = KEPT_NAME if keep else f"gatehouse_bench_{uuid.uuid4().hex[:12]}"
    maintenance = create_engine(url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    known = text("SELECT 1 FROM pg_database WHERE datname = :name")
    with maintenance.connect() as connection:
        is_new = connection.scalar(known, {"name": name}) is None
        if is_new:
            connection.execute(text(f"CREATE DATABASE {name}"))
    database = Database(url.set(database=name).render_as_string(hide_password=False))
    try:
        if is_new:
            database.migrate()
        yield database
    finally:
        database.close()
        if not keep:
            with maintenance.connect() as connection:
                connection.execute(text(f"DROP DATABASE {name}"))
        maintenance.dispose()


def tell(said: str) -> None:
    """A line of progress, beside the figures."""
    print(said, file=sys.stderr, flush=True)
