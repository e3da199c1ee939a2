"""Events and doors made by hand, for tests that need many or odd ones."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from access.domain.facts import ClockTrust
from access.domain.ids import uuid7
from access.domain.reasons import Outcome, Reason
from access.wire.events import Event, EventKind
from access.wire.feed import Body, SnapshotMark
from edge_agent.cache import SqliteCache
from edge_agent.ledger import SqliteLedger
from edge_agent.ledger_schema import open_writing
from hardware.api import Read, Technology
from tests.component.edge_agent.fake_centre import build_snapshot

__all__ = ["FakeTime", "denied", "fill", "install_cache", "open_unsynced", "read"]

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


class FakeTime:
    """Clocks that a test moves by hand."""

    boot_id = "boot-1"

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at
        self.seconds = 1000.0

    def wall(self) -> datetime:
        """The wall clock."""
        return self.at

    def monotonic(self) -> float:
        """The monotonic clock."""
        return self.seconds

    def pass_(self, seconds: float) -> None:
        """Time passes."""
        self.at += timedelta(seconds=seconds)
        self.seconds += seconds

    def jump(self, to: datetime) -> None:
        """Somebody sets the wall clock."""
        self.at = to


def denied(at: datetime = NOW, *, device: str = "door-1") -> Callable[[int, str], Event]:
    """Builds an event of an unknown card."""

    def make(seq: int, prev: str) -> Event:
        return Event(
            id=uuid7(int(at.timestamp() * 1000) + seq, os.urandom(10)),
            device=device,
            seq=seq,
            prev=prev,
            kind=EventKind.DENIED,
            occurred_at=at + timedelta(milliseconds=seq),
            boot_id="boot-1",
            monotonic_ms=seq,
            clock=ClockTrust.TRUSTED,
            is_offline=True,
            access_point="pool",
            reader="front",
            outcome=Outcome.DENIED,
            reasons=(Reason.UNKNOWN_CARD,),
        )

    return make


def open_unsynced(path: Path) -> sqlite3.Connection:
    """For a ledger whose many events are a test's past: written as ever, without waiting for the disk at each."""
    connection = open_writing(path)
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def fill(ledger: SqliteLedger, count: int) -> None:
    """Records that many events."""
    for _ in range(count):
        ledger.record(denied())


def install_cache(folder: Path, bodies: list[Body], *, seq: int = 1, made_at: datetime = NOW) -> SqliteCache:
    """A cache with these entities, in use."""
    cache = SqliteCache(folder, organization="maple", site="main")
    path = cache.new_file()
    meta = {"organization": "maple", "site": "main", "epoch": "e1", "seq": str(seq), "made_at": made_at.isoformat()}
    build_snapshot(path, bodies, meta=meta)
    mark = SnapshotMark(
        organization="maple", site="main", epoch="e1", seq=seq, made_at=made_at, sha256="0" * 64, size=0
    )
    cache.install(path, mark)
    return cache


def read(data: bytes, *, reader: str = "front", is_oversize: bool = False) -> Read:
    """What a serial scanner read."""
    return Read(
        reader=reader,
        technology=Technology.BARCODE,
        data=data,
        symbology=None,
        is_oversize=is_oversize,
        read_at=1000.0,
    )
