"""The cache: what the centre said of people, passes and rules, in `cache.db`. Disposable at any time.

`cache.db` is a symlink to a numbered file and is swapped in one step. One thread writes (the feed); readers open
connections of their own with `current_path` and notice by `generation` that the file was swapped.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import structlog

from access.wire.canonical import canonical_bytes
from access.wire.errors import WireError
from access.wire.events import CacheMark
from access.wire.feed import EntityKind, FeedDelta, FeedEntry, SnapshotMark, load_body
from edge_agent.errors import CacheFault

__all__ = ["Applied", "CacheState", "SqliteCache"]

_log = structlog.get_logger(__name__)

_KINDS = frozenset(EntityKind)
_NOT_KEPT = EntityKind.OFFICE_ACT
"""What the ledger keeps instead, for its time (see `office_acts`); a snapshot's go with the first delta."""
_RULES = (EntityKind.ACCESS_POINT, EntityKind.ORGANIZATION, EntityKind.DOOR)
_ACTS_SEQ = "acts_seq"
_PERSIST_AGE_S = 30.0


class Applied(StrEnum):
    """What became of a delta."""

    APPLIED = "applied"
    NOTHING_NEW = "nothing_new"
    GAP = "gap"
    OTHER_EPOCH = "other_epoch"


@dataclass(frozen=True, slots=True)
class CacheState:
    """Where the cache stands: the centre's epoch and seq, and how old its word is."""

    mark: CacheMark
    data_as_of: datetime


class SqliteCache:
    """The cache file of one organization and site. Methods that change it are for one thread, the feed's."""

    def __init__(self, folder: Path, *, organization: str, site: str) -> None:
        self._folder = folder
        self._owner = {"organization": organization, "site": site}
        self._link = folder / "cache.db"
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._state: CacheState | None = None
        self._acts_seq = 0
        self._persisted_as_of: datetime | None = None
        self._number = 0
        self.generation = 0
        """Rises when the file was swapped or thrown away."""
        self.rules_version = 0
        """Rises when the organization, an access point or a door may have changed."""
        self.is_damaged = threading.Event()
        """Set by a reader that found the file unreadable; the feed then fetches another."""

    @property
    def state(self) -> CacheState | None:
        """None while there is no usable cache."""
        return self._state

    @property
    def acts_told(self) -> CacheMark | None:
        """How far the feed had come when it last brought acts of the back office: the ledger has all of them."""
        with self._lock:
            if self._state is None:
                return None
            return CacheMark(epoch=self._state.mark.epoch, seq=self._acts_seq)

    @property
    def current_path(self) -> Path | None:
        """The numbered file behind the link."""
        with suppress(OSError):
            return self._folder / os.readlink(self._link)
        return None

    def open(self) -> bool:
        """Opens what is there. A file that is damaged or of another owner is thrown away; then False."""
        path = self.current_path
        if path is None:
            return False
        try:
            self._use(path)
        except (CacheFault, sqlite3.Error, OSError, ValueError) as error:
            self.discard(str(error) if isinstance(error, CacheFault) else type(error).__name__)
            return False
        return True

    def new_file(self) -> Path:
        """A path for a snapshot that is being fetched, beside the current file."""
        numbers = [int(stem) for path in self._folder.glob("cache-*.db*") if (stem := _number(path)).isdecimal()]
        self._number = max([self._number, *numbers]) + 1
        return self._folder / f"cache-{self._number}.db"

    def install(self, path: Path, mark: SnapshotMark) -> None:
        """Swaps in a snapshot file whose bytes have been verified. Raises `CacheFault` when it is not what its mark
        says; the current file then stays."""
        self._check_mark(path, mark)
        _sync(path)
        step = self._folder / "cache.db.next"
        step.unlink(missing_ok=True)
        step.symlink_to(path.name)
        os.replace(step, self._link)
        _sync(self._folder)
        self._use(path)
        self._remove_others(path)

    def apply(self, delta: FeedDelta) -> Applied:
        """Applies a verified delta in one transaction, with the new seq. Raises `CacheFault`."""
        with self._lock:
            if self._state is None or self._connection is None:
                return Applied.OTHER_EPOCH
            mark = self._state.mark
            if delta.epoch != mark.epoch:
                return Applied.OTHER_EPOCH
            if delta.after > mark.seq:
                return Applied.GAP
            if delta.through < mark.seq:
                return Applied.NOTHING_NEW
            entries = [each for each in delta.entries if each.seq > mark.seq]
            data_as_of = max(self._state.data_as_of, delta.made_at)
            if delta.through > mark.seq or self._is_age_due(data_as_of):
                self._write(entries, delta.through, data_as_of)
            self._state = CacheState(CacheMark(epoch=mark.epoch, seq=delta.through), data_as_of)
            if any(entry.kind in _RULES for entry in entries):
                self.rules_version += 1
            return Applied.APPLIED

    def settle(self) -> None:
        """Brings the log into the file, so that it can be moved. Raises `CacheFault`."""
        with self._lock:
            try:
                if self._connection is not None:
                    self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.Error as error:
                raise CacheFault(f"cannot write the cache: {type(error).__name__}") from error
            self._close()

    def check(self) -> None:
        """After a reader's alarm: a file that is really damaged is thrown away, any other is opened anew."""
        with self._lock:
            path = self.current_path
            try:
                if path is None or self._connection is None:
                    raise CacheFault("the cache is gone")
                problem = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
                if problem != "ok":
                    raise CacheFault("the cache is damaged")
                self._use(path)
            except (CacheFault, sqlite3.Error, OSError, ValueError) as error:
                self.discard(str(error) if isinstance(error, CacheFault) else type(error).__name__)
                self.is_damaged.clear()

    def discard(self, why: str) -> None:
        """Throws the file away, with an alarm."""
        _log.error("cache_discarded", alarm=True, reason=why)
        with self._lock:
            self._close()
            self._link.unlink(missing_ok=True)
            self._remove_others(None)
            self._changed()

    def close(self) -> None:
        """Closes the writing connection."""
        with self._lock:
            self._close()

    def _use(self, path: Path) -> None:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=2.0)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            # A revoked card stays revoked through a power cut: deltas are synced as events are.
            connection.execute("PRAGMA synchronous = FULL")
            meta = dict(connection.execute("SELECT key, value FROM meta"))
            foreign = [key for key, value in self._owner.items() if meta.get(key) != value]
            if foreign:
                raise CacheFault(f"the cache is of another {foreign[0]}")
            made_at = datetime.fromisoformat(meta.get("data_as_of") or meta["made_at"])
            if made_at.tzinfo is None:
                raise CacheFault("the cache's made_at names no time zone")
            state = CacheState(CacheMark(epoch=meta["epoch"], seq=int(meta["seq"])), made_at)
            # A snapshot has brought every act up to its own number.
            acts_seq = int(meta.get(_ACTS_SEQ, meta["seq"]))
        except KeyError as error:
            connection.close()
            raise CacheFault(f"the cache does not say its {error.args[0]}") from error
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._close()
            self._connection, self._state, self._persisted_as_of = connection, state, made_at
            self._acts_seq = acts_seq
            self.is_damaged.clear()
            self._changed()

    def _check_mark(self, path: Path, mark: SnapshotMark) -> None:
        try:
            with closing(sqlite3.connect(path)) as connection:
                meta = dict(connection.execute("SELECT key, value FROM meta"))
        except sqlite3.Error as error:
            raise CacheFault(f"the snapshot is no usable database: {type(error).__name__}") from error
        said = {**self._owner, "epoch": mark.epoch, "seq": str(mark.seq)}
        owner = {"organization": mark.organization, "site": mark.site}
        wrong = [key for key, value in said.items() if meta.get(key) != value or owner.get(key, value) != value]
        if wrong:
            raise CacheFault(f"the snapshot's {wrong[0]} is not what was expected")

    def _write(self, entries: list[FeedEntry], seq: int, data_as_of: datetime) -> None:
        connection = self._connection
        assert connection is not None
        acts_seq = max([self._acts_seq, *(each.seq for each in entries if each.kind == _NOT_KEPT and each.op == "put")])
        try:
            connection.execute("BEGIN IMMEDIATE")
            for entry in entries:
                _put(connection, entry)
            connection.execute("DELETE FROM entity WHERE kind = ?", (_NOT_KEPT.value,))
            meta = [("seq", str(seq)), ("data_as_of", data_as_of.isoformat()), (_ACTS_SEQ, str(acts_seq))]
            connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise CacheFault(f"cannot write the cache: {type(error).__name__}") from error
        self._persisted_as_of, self._acts_seq = data_as_of, acts_seq

    def _is_age_due(self, data_as_of: datetime) -> bool:
        kept = self._persisted_as_of
        return kept is None or (data_as_of - kept).total_seconds() >= _PERSIST_AGE_S

    def _changed(self) -> None:
        self.generation += 1
        self.rules_version += 1

    def _close(self) -> None:
        connection, self._connection, self._state = self._connection, None, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _remove_others(self, kept: Path | None) -> None:
        for path in self._folder.glob("cache-*.db*"):
            if kept is None or not path.name.startswith(kept.name):
                path.unlink(missing_ok=True)


def _put(connection: sqlite3.Connection, entry: FeedEntry) -> None:
    """One change. A body that is not of its kind takes the entity away: what cannot be read opens no door."""
    body = canonical_bytes(entry.body).decode() if entry.op == "put" and entry.body is not None else None
    if body is not None and entry.kind in _KINDS:
        try:
            load_body(EntityKind(entry.kind), body)
        except WireError as error:
            _log.error("feed_entry_unreadable", alarm=True, kind=entry.kind, seq=entry.seq, error=type(error).__name__)
            body = None
    if body is None:
        connection.execute("DELETE FROM entity WHERE kind = ? AND id = ?", (entry.kind, entry.id))
    else:
        values = (entry.kind, entry.id, entry.account, body)
        connection.execute("INSERT OR REPLACE INTO entity (kind, id, account_id, body) VALUES (?, ?, ?, ?)", values)


def _number(path: Path) -> str:
    return path.name.removeprefix("cache-").partition(".")[0]


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
