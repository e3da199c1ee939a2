"""Files of the data directory that say something about people, and what is deleted of them after a commit."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import select

from server.db import Database
from server.errors import NotFound
from server.feed.snapshot import snapshot_name
from server.imports.files import ImportFiles
from server.models import ImportJob
from server.pictures.store import PictureStore
from server.privacy import repository
from server.privacy.erasure import Erased

__all__ = ["PersonalFiles"]

_DAY_S: Final = 86_400.0


class PersonalFiles:
    """Pictures, snapshots for doors, and files of imports. `data_dir` is the centre's."""

    def __init__(self, database: Database, data_dir: Path) -> None:
        self._database, self._folder = database, data_dir
        self.pictures = PictureStore(data_dir / "pictures")
        self.imports = ImportFiles(data_dir / "imports")

    def clean(self, erased: Erased) -> None:
        """After the commit of an erasure: what only the person's rows pointed to. Does nothing the second time."""
        self.drop_pictures(erased.pictures)
        for site_id in erased.sites:
            for path in (self._folder / "snapshots").glob(f"{snapshot_name(erased.organization_id, site_id)}-*.db"):
                path.unlink(missing_ok=True)
        with self._database.read() as session:
            done = select(ImportJob.id).where(
                ImportJob.organization_id == erased.organization_id,
                ImportJob.state.in_(("done", "failed", "cancelled")),
            )
            jobs = session.scalars(done).all()
        for job_id in jobs:
            self.imports.remove(job_id)

    def drop_pictures(self, pictures: Iterable[str]) -> int:
        """Deletes those of the pictures to which nothing refers any more, in whatever organization."""
        gone = 0
        for sha256 in sorted(pictures):
            with self._database.read() as session:
                is_used = repository.is_picture_used(session, sha256)
            if not is_used:
                gone += self._unlink(sha256)
        return gone

    def abandoned_pictures(self) -> list[str]:
        """The pictures of yesterday and before to which nothing refers."""
        limit = time.time() - _DAY_S
        old = [path.stem for path in (self._folder / "pictures").glob("??/*.jpg") if path.stat().st_mtime < limit]
        with self._database.read() as session:
            return [sha256 for sha256 in sorted(old) if not repository.is_picture_used(session, sha256)]

    def old_snapshots(self) -> list[Path]:
        """Snapshots of yesterday and before; whoever needs one gets a new one."""
        limit = time.time() - _DAY_S
        return [path for path in (self._folder / "snapshots").glob("*.db") if path.stat().st_mtime < limit]

    def drop(self, paths: Collection[Path]) -> int:
        """Deletes files."""
        for path in paths:
            path.unlink(missing_ok=True)
        return len(paths)

    def imports_before(self, organization_id: str, before: datetime) -> list[str]:
        """The imports that ended, or were left alone, before the instant, and still have a file or a list."""
        wanted = select(ImportJob.id, ImportJob.problems, ImportJob.finished_at).where(
            ImportJob.organization_id == organization_id,
            ImportJob.created_at < before,
            ImportJob.state.not_in(("running", "checking")),
        )
        with self._database.read() as session:
            rows = session.execute(wanted.order_by(ImportJob.id)).all()
        old = [row for row in rows if row.finished_at is None or row.finished_at < before]
        return [row.id for row in old if row.problems or self.imports.upload(row.id).parent.exists()]

    def _unlink(self, sha256: str) -> int:
        try:
            self.pictures.path(sha256).unlink()
        except (NotFound, FileNotFoundError):
            return 0
        return 1
