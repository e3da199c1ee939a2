"""Snapshots: all a site's doors need, as one SQLite file, made from one moment of the database.

A file is used again while the feed can lead on from it in one chunk; the door asks for the rest anyway.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from access.wire.feed import SNAPSHOT_DDL, EntityKind, SnapshotMark, dump_body
from server.db import Database
from server.errors import FeedGone
from server.feed import repository
from server.feed.projection import project
from server.feed.repository import Head
from server.feed.service import CHUNK
from server.models.base import utc_now

__all__ = ["Snapshot", "SnapshotStore", "snapshot_name"]

_KEPT_FILES = 3
_INSERT = "INSERT INTO entity (kind, id, account_id, body) VALUES (?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A finished file and what it is."""

    path: Path
    mark: SnapshotMark


def snapshot_name(organization_id: str, site_id: str) -> str:
    """What the names of a site's snapshots begin with, before a hyphen."""
    return hashlib.sha256(f"{organization_id}/{site_id}".encode()).hexdigest()[:16]


class SnapshotStore:
    """Makes snapshots in a folder of its own and keeps the last few of each site. Safe from several threads."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._made: dict[tuple[str, str], Snapshot] = {}
        self._locks: dict[tuple[str, str], threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, organization_id: str, site_id: str) -> Snapshot:
        """A snapshot that is new enough. Raises `FeedGone` for an organization that has no feed."""
        with self._lock:
            lock = self._locks.setdefault((organization_id, site_id), threading.Lock())
        with lock, self._database.read() as session:
            head = repository.head_of(session, organization_id)
            if head is None:
                raise FeedGone("this organization has nothing yet")
            made = self._made.get((organization_id, site_id))
            if made is None or not _leads_on(made, head) or not made.path.exists():
                made = self._make(session, head, site_id)
                self._made[organization_id, site_id] = made
            return made

    def _make(self, session: Session, head: Head, site_id: str) -> Snapshot:
        self._folder.mkdir(parents=True, exist_ok=True)
        made_at = utc_now()
        name = snapshot_name(head.organization_id, site_id)
        draft = self._folder / f".{name}-{secrets.token_hex(8)}"
        try:
            _write(session, draft, head, site_id, made_at)
            sha256, size = _digest(draft)
            path = self._folder / f"{name}-{head.seq:012}-{sha256[:16]}.db"
            draft.rename(path)
        finally:
            draft.unlink(missing_ok=True)
        # A file may still be on its way to a door: only older ones go.
        for old in sorted(self._folder.glob(f"{name}-*.db"), key=lambda each: each.stat().st_mtime)[:-_KEPT_FILES]:
            old.unlink(missing_ok=True)
        mark = SnapshotMark(
            organization=head.organization_id,
            site=site_id,
            epoch=head.epoch,
            seq=head.seq,
            made_at=made_at,
            sha256=sha256,
            size=size,
        )
        return Snapshot(path, mark)


def _leads_on(made: Snapshot, head: Head) -> bool:
    is_near = max(head.trimmed_through, head.seq - CHUNK) <= made.mark.seq <= head.seq
    return made.mark.epoch == head.epoch and is_near


def _write(session: Session, path: Path, head: Head, site_id: str, made_at: datetime) -> None:
    # Nobody reads it before it is whole and renamed, so it needs no journal.
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for statement in ("PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF", *SNAPSHOT_DDL, "BEGIN"):
            connection.execute(statement)
        facts = {
            "organization": head.organization_id,
            "site": site_id,
            "epoch": head.epoch,
            "seq": str(head.seq),
            "made_at": made_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        connection.executemany("INSERT INTO meta (key, value) VALUES (?, ?)", facts.items())
        connection.executemany(_INSERT, _rows(session, head.organization_id, site_id))
        connection.execute("COMMIT")
    finally:
        connection.close()
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _rows(session: Session, organization_id: str, site_id: str) -> Iterator[tuple[str, str, str | None, str]]:
    for kind in EntityKind:
        for item in project(session, kind, organization_id=organization_id):
            if item.site_id in (None, site_id):
                yield kind.value, item.id, item.account_id, dump_body(item.body)


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
