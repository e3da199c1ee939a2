"""Access pictures by the SHA-256 of their bytes, in `pictures/`: fetched in the background, verified, bounded in size.

A missing picture is never waited for before a decision: the screen shows initials.
"""

from __future__ import annotations

import hashlib
import os
import queue
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

import structlog

from access.wire.enrolment import PICTURE_PATH
from access.wire.feed import FeedDelta
from edge_agent.backoff import Backoff
from edge_agent.cache import SqliteCache
from edge_agent.centre import CentreClient
from edge_agent.errors import CentreRefused, CentreUnreachable

__all__ = ["MAX_PICTURE_BYTES", "PictureFetcher", "PictureStore", "media_type"]

_log = structlog.get_logger(__name__)

MAX_PICTURE_BYTES = 5 * 1024 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PAUSE_S = 0.05
_PAGE = 500
_PICTURED, _FIRST = ("allowed_adult", "person"), ("", "")
_WANTED = (
    "SELECT kind, id, json_extract(body, '$.picture') FROM entity"
    " WHERE (kind, id) > (?, ?) AND kind IN ('allowed_adult', 'person') ORDER BY kind, id LIMIT ?"
)


def media_type(head: bytes) -> str | None:
    """What kind of picture these bytes begin; None for anything a kiosk does not show."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return "image/webp" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else None


class PictureStore:
    """The files. The least recently shown go when there are more than `max_bytes`. Thread-safe."""

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._size = sum(path.stat().st_size for path in self._files())

    @property
    def is_full(self) -> bool:
        """Whether another picture would push one out."""
        return self._size >= self._max_bytes * 0.95

    def has(self, sha256: str) -> bool:
        """Whether the picture is here."""
        return self._path(sha256).exists()

    def read(self, sha256: str) -> bytes | None:
        """The picture; None when it is not here or is not what it was (then it is removed)."""
        path = self._path(sha256)
        try:
            data = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        if hashlib.sha256(data).hexdigest() != sha256:
            path.unlink(missing_ok=True)
            return None
        return data

    def add(self, sha256: str, data: bytes) -> bool:
        """Keeps a picture if it is one and has this hash."""
        if hashlib.sha256(data).hexdigest() != sha256 or media_type(data[:16]) is None:
            _log.error("picture_refused", alarm=True, sha256=sha256, size=len(data))
            return False
        path = self._path(sha256)
        part = path.with_suffix(".part")
        with self._lock, suppress(OSError):
            part.write_bytes(data)
            os.replace(part, path)
            self._size += len(data)
            self._make_room(self._max_bytes)
            return True
        part.unlink(missing_ok=True)
        return False

    def clear(self) -> None:
        """Gives all the room back: pictures go first when the disk is full."""
        with self._lock:
            self._make_room(0)

    def wipe(self) -> None:
        """Removes every picture and every part of one."""
        with self._lock:
            for path in self._folder.iterdir():
                path.unlink(missing_ok=True)
            self._size = 0

    def _make_room(self, max_bytes: int) -> None:
        if self._size <= max_bytes:
            return
        files = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in self._files())
        self._size = sum(size for _, size, _ in files)
        for _, size, path in files:
            if self._size <= max_bytes:
                break
            path.unlink(missing_ok=True)
            self._size -= size

    def _files(self) -> Iterator[Path]:
        return (path for path in self._folder.iterdir() if _SHA256.fullmatch(path.name))

    def _path(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise ValueError("a picture is named by 64 hexadecimal digits")
        return self._folder / sha256


class PictureFetcher:
    """Fetches what is missing: what a screen waits for first, then what the feed brought, then everybody."""

    def __init__(
        self, store: PictureStore, centre: CentreClient, cache: SqliteCache, *, is_connected: Callable[[], bool]
    ) -> None:
        self._store = store
        self._centre = centre
        self._cache = cache
        self._is_connected = is_connected
        self._wanted: queue.LifoQueue[str] = queue.LifoQueue()
        self._refused: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)
        self._backoff = Backoff(1.0, 60.0)
        self._after = _FIRST
        self._generation = -1

    def start(self) -> None:
        """Starts fetching in the background."""
        self._thread.start()

    def stop(self, timeout_s: float = 3.0) -> None:
        """Ends."""
        self._stop.set()
        self._thread.join(timeout_s)

    def feed_applied(self, delta: FeedDelta) -> None:
        """People who were changed are likely to come: their pictures are fetched first."""
        for entry in delta.entries:
            picture = (entry.body or {}).get("picture") if entry.kind in _PICTURED else None
            if isinstance(picture, str) and _SHA256.fullmatch(picture):
                self._refused.discard(picture)
                self._wanted.put(picture)

    def fetch_now(self, sha256: str, *, budget_s: float = 0.4) -> bytes | None:
        """The picture, fetched within the budget if it is not here. For the web's threads, never for the door's."""
        data = self._store.read(sha256)
        if data is None and self._is_connected() and self._fetch(sha256, timeout_s=budget_s):
            data = self._store.read(sha256)
        return data

    def _run(self) -> None:
        while not self._stop.wait(_PAUSE_S):
            try:
                sha256 = self._next()
                if sha256 is None:
                    self._stop.wait(1.0)
                elif not self._store.has(sha256) and sha256 not in self._refused:
                    self._fetch(sha256, timeout_s=5.0)
            except (sqlite3.Error, OSError) as error:
                _log.warning("pictures_paused", error=type(error).__name__)
                self._stop.wait(5.0)

    def _next(self) -> str | None:
        if self._wanted.empty():
            self._look_through_cache()
        with suppress(queue.Empty):
            return self._wanted.get_nowait()
        return None

    def _look_through_cache(self) -> None:
        """Queues the missing pictures of the next people of the cache, once through for each cache file."""
        path = self._cache.current_path
        if self._generation != self._cache.generation:
            self._generation, self._after = self._cache.generation, _FIRST
        if path is None or self._store.is_full or not self._is_connected():
            return
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
            rows = connection.execute(_WANTED, (*self._after, _PAGE)).fetchall()
        for kind, id_, sha256 in rows:
            self._after = (kind, id_)
            if isinstance(sha256, str) and _SHA256.fullmatch(sha256) and not self._store.has(sha256):
                self._wanted.put(sha256)

    def _fetch(self, sha256: str, *, timeout_s: float) -> bool:
        path = PICTURE_PATH.format(sha256=sha256)
        try:
            answer = self._centre.get(path, limit=MAX_PICTURE_BYTES, timeout_s=timeout_s)
        except CentreRefused:
            self._refused.add(sha256)
            return False
        except CentreUnreachable:
            if threading.current_thread() is self._thread:
                self._stop.wait(self._backoff.next_s())
            return False
        self._backoff.reset()
        if self._store.add(sha256, answer.body):
            return True
        self._refused.add(sha256)
        return False
