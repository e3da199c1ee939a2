"""Between the door's thread and the open desk pages: each page has a queue of what happened at its access point."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from dataclasses import dataclass, field

from edge_agent.desk_scans import KnownScan

__all__ = ["DeskHub", "DeskNews", "DeskPage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskNews:
    """A message before it is put into somebody's words: its type, and the scan or the list that it is about."""

    type: str
    scan: KnownScan | None = None
    what: str = ""


@dataclass(eq=False, slots=True)
class DeskPage:
    """One open page."""

    access_point: str
    loop: asyncio.AbstractEventLoop
    news: asyncio.Queue[DeskNews] = field(default_factory=lambda: asyncio.Queue(256))
    is_behind: bool = False
    """Set when news were lost: the page is told everything anew."""

    def push(self, news: DeskNews) -> None:
        """In the loop's thread. A page that does not keep up costs the door no time."""
        try:
            self.news.put_nowait(news)
        except asyncio.QueueFull:
            self.is_behind = True


class DeskHub:
    """The open pages. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: set[DeskPage] = set()

    def join(self, page: DeskPage) -> None:
        """A page was opened."""
        with self._lock:
            self._pages.add(page)

    def leave(self, page: DeskPage) -> None:
        """A page went away."""
        with self._lock:
            self._pages.discard(page)

    def tell(self, access_point: str, *news: DeskNews) -> None:
        """Tells the pages of an access point; lists that are out of date, those of every access point."""
        with self._lock:
            pages = list(self._pages)
        for page in pages:
            for each in news:
                if each.scan is None or page.access_point == access_point:
                    with suppress(RuntimeError):  # the loop is closing
                        page.loop.call_soon_threadsafe(page.push, each)
