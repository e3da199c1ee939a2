"""A centre's database for one measurement: filled past the hooks, in bulk, and gone afterwards."""

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

from sqlalchemy import create_engine, make_url, text

from server.db import Database

__all__ = ["ORGANIZATION", "Scratch", "scratch", "tell"]

ORGANIZATION: Final = "bench"
_BATCH: Final = 20_000
_TOLD_EVERY: Final = 500_000


@dataclass(frozen=True, slots=True)
class Scratch:
    """The database, how much of each thing was asked for, and the day it is there."""

    database: Database
    people: int
    events: int
    today: date
    zone: ZoneInfo

    def bulk(self, table: Any, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Inserts rows as fast as the engine takes them: values as the driver wants them, in the columns' order."""
        connection = self.database.write_engine.raw_connection()
        try:
            names, waiting = ", ".join(columns), iter(rows)
            cursor: Any = connection.cursor()
            if self.database.is_sqlite:
                # The writer begins nothing by itself: without this each row would be a transaction.
                cursor.execute("BEGIN")
                marks = ", ".join("?" * len(columns))
                done, next_told = 0, _TOLD_EVERY
                while some := list(islice(waiting, _BATCH)):
                    cursor.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", some)
                    done += len(some)
                    if done >= next_told:
                        tell(f"    {done:,}")
                        next_told += _TOLD_EVERY
            else:
                with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
                    for row in waiting:
                        copy.write_row(row)
            connection.commit()
        finally:
            connection.close()

    def in_bulk(self) -> None:
        """From here on SQLite waits for no disk and writes through a large cache."""
        if not self.database.is_sqlite:
            return
        connection = self.database.write_engine.raw_connection()
        cursor: Any = connection.cursor()
        # The one writing connection; the pages are measured on the readers, which keep their own settings.
        for pragma in ("synchronous = OFF", "cache_size = -1000000"):
            cursor.execute(f"PRAGMA {pragma}")
        connection.close()

    def analyze(self) -> None:
        """What autovacuum does by itself on PostgreSQL, and the centre on SQLite."""
        if self.database.is_sqlite:
            self.database.gather_statistics()
        else:
            engine = self.database.write_engine.execution_options(isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.execute(text("VACUUM ANALYZE"))


@contextmanager
def scratch(url: str | None, *, people: int, events: int, folder: Path | None) -> Iterator[Scratch]:
    """An empty migrated database: a SQLite file, or one made for this on the PostgreSQL server of the URL."""
    zone = ZoneInfo("America/Toronto")
    with _database(url, folder) as database:
        database.migrate()
        yield Scratch(database, people, events, date(2026, 11, 21), zone)


@contextmanager
def _database(url: str | None, parent: Path | None) -> Iterator[Database]:
    if url is None:
        folder = Path(tempfile.mkdtemp(prefix="gatehouse-bench-", dir=parent))
        database = Database(f"sqlite:///{folder / 'centre.db'}")
        try:
            yield database
        finally:
            database.close()
            shutil.rmtree(folder, ignore_errors=True)
        return
    name = f"gatehouse_bench_{uuid.uuid4().hex[:12]}"
    database = Database(make_url(url).set(database=name).render_as_string(hide_password=False))
    maintenance = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with maintenance.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield database
    finally:
        database.close()
        with maintenance.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))
        maintenance.dispose()


def tell(said: str) -> None:
    """A line of progress, beside the figures."""
    print(said, file=sys.stderr, flush=True)
