"""Keeps a Mosquitto's two files as the database says: at the start, and after each commit that enrols or ends a door.

Mosquitto reads them again at a SIGHUP. It gets one when `mosquitto_pid_file` is set and the centre may send it;
otherwise a path unit on Mosquitto's side does it (docs/operations.md).
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from server.db import Commit, Database
from server.devices.mosquitto import write_mosquitto_files
from server.devices.repository import active_devices

__all__ = ["MosquittoSync"]

_CALM_S = 0.1
_LOOK_ANYWAY_S = 30.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class MosquittoSync:
    """`centre` is the centre's own name and password there; `folder` has to exist, or is made."""

    database: Database
    folder: Path
    centre: tuple[str, str]
    pid_file: Path | None = None

    async def run(self) -> None:
        """Until cancelled. A folder that cannot be written raises OSError: whoever supervises this says so."""
        written: frozenset[str] | None = None
        with self._told() as news:
            while True:
                news.clear()
                await asyncio.sleep(_CALM_S)
                written = await asyncio.to_thread(self._bring_up, written)
                # Another process on the same database may have enrolled or ended a door.
                with suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), _LOOK_ANYWAY_S)

    def _bring_up(self, written: frozenset[str] | None) -> frozenset[str]:
        with self.database.read() as session:
            devices = active_devices(session)
        wanted = frozenset(f"{each.id} {each.site_id} {each.broker_password}" for each in devices)
        if wanted != written:
            self.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            write_mosquitto_files(devices, self.centre, self.folder)
            self._tell()
            _log.info("mosquitto_files_written", doors=len(devices))
        return wanted

    def _tell(self) -> None:
        if self.pid_file is None:
            return
        try:
            os.kill(int(self.pid_file.read_text()), signal.SIGHUP)
        except (OSError, ValueError) as error:
            _log.warning("mosquitto_not_told", pid_file=str(self.pid_file), error=type(error).__name__)

    @contextmanager
    def _told(self) -> Iterator[asyncio.Event]:
        loop, news = asyncio.get_running_loop(), asyncio.Event()

        def heard(commit: Commit) -> None:
            # A door is part of the feed of its site.
            if commit.feeds:
                with suppress(RuntimeError):  # the loop is closed
                    loop.call_soon_threadsafe(news.set)

        stop = self.database.commits.subscribe(heard)
        try:
            yield news
        finally:
            stop()
