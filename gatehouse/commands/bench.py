"""`gatehouse bench`: figures anyone can measure again, each beside what the machine itself can do."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.table import Table

from access.wire.enrolment import Enrolment
from access.wire.feed import SnapshotMark
from edge_agent.cache import SqliteCache
from edge_agent.clock import DoorClock, SystemTime
from edge_agent.door import Door, Place
from edge_agent.gather import FactsReader
from edge_agent.guessing import GuessGuard
from edge_agent.ledger import SqliteLedger
from gatehouse.commands.bench_page import page
from gatehouse.commands.bench_town import EPOCH, FINGERPRINT_KEY, ORGANIZATION, POINT, SITE, Town
from gatehouse.commands.bench_what_if import what_if
from hardware.api import Read, Technology

__all__ = ["bench", "door"]

bench = typer.Typer(add_completion=False, help="Measure this machine.", no_args_is_help=True)

_WARM_UP = 50
_READER = "bench"


@bench.callback()
def _bench() -> None:
    """Measure this machine."""


@bench.command(short_help="A scan at a door.")
def door(
    people: Annotated[int, typer.Option(min=1, help="How many people the door's cache holds.")] = 10_000,
    scans: Annotated[int, typer.Option(min=1, help="How many random cards to scan.")] = 2_000,
    dir: Annotated[Path | None, typer.Option(help="Where to write; default: the system's temporary folder.")] = None,
) -> None:
    """Time a scan at a door: from a reader's bytes to the durable record, beside one bare durable SQLite commit.

    Both are timed in turn on the same file system, and the commit writes the same bytes that the scan recorded.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with _folder(dir) as folder:
        town = Town(people)
        _tell(f"building a cache of {people:,} people")
        _build(folder, town)
        _tell(f"scanning {scans:,} cards")
        measured = _measure(folder, town, scans)
    figures = _figures(people, measured)
    _print(figures, scans, measured)
    print(json.dumps(figures))


bench.command(short_help="The pages of the back office.")(page)
bench.command("what-if", short_help="A what-if at the centre.")(what_if)


class _Measured:
    """Milliseconds of every scan and commit, and what the scans came to."""

    def __init__(self) -> None:
        self.door_ms: list[float] = []
        self.commit_ms: list[float] = []
        self.outcomes: dict[str, int] = {}
        self.rss_mb = 0.0


def _build(folder: Path, town: Town) -> None:
    path = folder / "cache-1.db"

    def progress(done: int) -> None:
        if done and done % 100_000 == 0:
            _tell(f"  {done:,} people")

    town.write(path, progress)
    cache = _cache(folder)
    mark = SnapshotMark(
        organization=ORGANIZATION, site=SITE, epoch=EPOCH, seq=1, made_at=datetime.now(UTC), sha256="0" * 64, size=0
    )
    cache.install(path, mark)
    cache.close()


def _measure(folder: Path, town: Town, scans: int) -> _Measured:
    cache, ledger = _cache(folder), SqliteLedger(folder / "ledger.db")
    cache.open()
    facts = FactsReader(cache, ledger)
    subject = Door(
        _identity(),
        ledger=ledger,
        facts=facts,
        clock=DoorClock(SystemTime()),
        places={_READER: Place(POINT)},
        is_connected=lambda: True,
        guard=GuessGuard(burst=10**9),
    )
    commit = _bare_commit(folder / "commit.db")
    chosen = random.Random(1)
    measured = _Measured()
    for number in range(_WARM_UP + scans):
        is_counted = number >= _WARM_UP
        card = town.card(chosen.randrange(town.people))
        read = Read(reader=_READER, technology=Technology.BARCODE, data=card, symbology=None, read_at=time.monotonic())
        started = time.perf_counter()
        scan = subject.handle(read)
        took_ms = (time.perf_counter() - started) * 1000
        if scan is None:
            raise typer.Exit(1)
        body = scan.event.to_bytes().decode()
        commit_ms = commit(body)
        if is_counted:
            measured.door_ms.append(took_ms)
            measured.commit_ms.append(commit_ms)
            outcome = scan.event.outcome.value
            measured.outcomes[outcome] = measured.outcomes.get(outcome, 0) + 1
    measured.rss_mb = _rss_mb()
    facts.close()
    cache.close()
    ledger.close()
    return measured


def _bare_commit(path: Path) -> Callable[[str], float]:
    """One INSERT of the given text in a transaction of its own, synced as the ledger is; returns milliseconds."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE events (seq INTEGER PRIMARY KEY, body TEXT NOT NULL)")

    def commit(body: str) -> float:
        started = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO events (body) VALUES (?)", (body,))
        connection.execute("COMMIT")
        return (time.perf_counter() - started) * 1000

    return commit


def _figures(people: int, measured: _Measured) -> dict[str, object]:
    door_ms, commit_ms = _percentiles(measured.door_ms), _percentiles(measured.commit_ms)
    return {
        "people": people,
        "door_ms": door_ms,
        "commit_ms": commit_ms,
        "ratio_p50": round(door_ms["p50"] / commit_ms["p50"], 2),
        "ratio_p99": round(door_ms["p99"] / commit_ms["p99"], 2),
        "rss_mb": round(measured.rss_mb, 1),
    }


def _percentiles(values: list[float]) -> dict[str, float]:
    cuts = quantiles(values, n=100, method="inclusive") if len(values) > 1 else values * 99
    return {"p50": round(cuts[49], 3), "p99": round(cuts[98], 3)}


def _print(figures: dict[str, object], scans: int, measured: _Measured) -> None:
    table = Table(title=f"A scan at a door that knows {figures['people']:,} people ({scans:,} scans)")
    for name in ("", "p50 ms", "p99 ms"):
        table.add_column(name, justify="left" if not name else "right")
    for label, key in (("read to durable record", "door_ms"), ("one bare durable commit", "commit_ms")):
        values = figures[key]
        assert isinstance(values, dict)
        table.add_row(label, f"{values['p50']:.3f}", f"{values['p99']:.3f}")
    table.add_row("times as long", f"{figures['ratio_p50']}", f"{figures['ratio_p99']}")
    console = Console(width=100)
    console.print(table)
    outcomes = ", ".join(f"{count:,} {name}" for name, count in sorted(measured.outcomes.items()))
    console.print(f"{outcomes}; {figures['rss_mb']} MB resident")


def _cache(folder: Path) -> SqliteCache:
    return SqliteCache(folder, organization=ORGANIZATION, site=SITE)


def _identity() -> Enrolment:
    return Enrolment(
        organization=ORGANIZATION,
        site=SITE,
        device="bench",
        secret="0" * 32,
        centre_public_key="0" * 64,
        fingerprint_key=FINGERPRINT_KEY.hex(),
        mqtt_url="mqtt://127.0.0.1",
        access_points=(POINT,),
    )


def _rss_mb() -> float:
    """Resident memory now; 0 where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS:"))


@contextmanager
def _folder(parent: Path | None) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-bench-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
