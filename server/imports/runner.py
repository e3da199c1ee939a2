"""The server's own task that does imports: one after the other, chunk by chunk, so that doors never wait long.

It goes on after a restart; a check that was cut off begins again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.exc import IntegrityError, OperationalError

from server.db import Commit, Database
from server.imports import repository
from server.imports.errors import FileRefused
from server.imports.files import ImportFiles
from server.imports.picture_zip import PictureWork
from server.imports.records import PICTURES
from server.imports.work import Job, TableWork, Work, check_chunk, run_chunk
from server.models import ImportJob, utc_now
from server.pictures.store import PictureStore

__all__ = ["FILES_KEPT", "ImportRunner"]

FILES_KEPT: Final = timedelta(days=30)
_LOOK_ANYWAY_S: Final = 2.0
_PAUSE_S: Final = 0.02
"""Between two chunks, so that whoever waits to write gets their turn: the one writing connection is not fair."""
_TRIES: Final = 3
_MANY_CHUNKS: Final = 10
"""After so many, the tables are no longer what the engine knows of them."""
_log = structlog.get_logger(__name__)


class ImportRunner:
    """Looks after the imports of every organization."""

    def __init__(
        self,
        database: Database,
        files: ImportFiles,
        pictures: PictureStore,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database, self._files, self._pictures, self._now = database, files, pictures, now

    async def run(self) -> None:
        """Until cancelled."""
        loop, news = asyncio.get_running_loop(), asyncio.Event()

        def heard(commit: Commit) -> None:
            # Imports come with a bare commit: one that brings neither a feed nor an event.
            if not commit.feeds and not commit.events:
                with suppress(RuntimeError):  # the loop is closed
                    loop.call_soon_threadsafe(news.set)

        stop = self._database.commits.subscribe(heard)
        try:
            await asyncio.to_thread(self._clean_up)
            while True:
                news.clear()
                for job_id in await asyncio.to_thread(self._waiting):
                    await self._do(job_id)
                with suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), _LOOK_ANYWAY_S)
        finally:
            stop()

    async def _do(self, job_id: str) -> None:
        try:
            found = await asyncio.to_thread(self._open, job_id)
            if found is None:
                return
            job, work = found
            step = self._check if job.is_dry else self._run
            chunks = 0
            while await asyncio.to_thread(step, job, work):
                chunks += 1
                await asyncio.sleep(_PAUSE_S)
            if not job.is_dry and chunks >= _MANY_CHUNKS:
                await asyncio.to_thread(self._database.gather_statistics)
            _log.info("import_step_ended", job=job_id, kind=job.kind)
        except FileRefused as refused:
            await asyncio.to_thread(self._fail, job_id, refused.code)
        except FileNotFoundError:
            await asyncio.to_thread(self._fail, job_id, "file_gone")
        except Exception:
            _log.exception("import_failed", job=job_id)
            await asyncio.to_thread(self._fail, job_id, "internal")

    def _waiting(self) -> list[str]:
        with self._database.read() as session:
            return list(repository.waiting_jobs(session))

    def _open(self, job_id: str) -> tuple[Job, Work] | None:
        with self._database.write() as session:
            row = repository.locked_job(session, job_id)
            if row is None or row.state not in ("checking", "running"):
                return None
            if row.state == "checking":
                _zero(row)
            job = Job.of(row)
        self._files.start_problems(job.id, through_row=0 if job.is_dry or not job.rows_done else job.plan.last_row)
        return job, PictureWork(job, self._files, self._pictures) if job.kind == PICTURES else TableWork(
            job, self._files
        )

    def _check(self, job: Job, work: Work) -> bool:
        return check_chunk(self._database, work, job, self._files, self._now())

    def _run(self, job: Job, work: Work) -> bool:
        work.prepare()
        for left in reversed(range(_TRIES)):
            try:
                return run_chunk(self._database, work, job, self._files, self._now())
            except (IntegrityError, OperationalError):
                # Somebody else added the same key meanwhile, or the database was away: it is looked up anew.
                if not left:
                    raise
        return False

    def _fail(self, job_id: str, code: str) -> None:
        with self._database.write() as session:
            row = repository.locked_job(session, job_id)
            if row is not None and row.state in ("checking", "running"):
                row.state, row.failure, row.finished_at = "failed", code, self._now()

    def _clean_up(self) -> None:
        """The files of old imports: they are full of people."""
        with self._database.read() as session:
            old = repository.old_jobs(session, self._now() - FILES_KEPT)
        for job_id in old:
            self._files.remove(job_id)


def _zero(row: ImportJob) -> None:
    row.rows_done = row.added = row.changed = row.unchanged = row.refused = row.problem_count = 0
    row.problems = []
