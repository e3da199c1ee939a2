"""Where the files of imports are kept while they are needed: one folder an import, in the data directory."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any

from server.imports.errors import FileRefused
from server.models import new_id

__all__ = ["ImportFiles"]


class ImportFiles:
    """The folder `imports` of a data directory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def upload(self, job_id: str) -> Path:
        """The file as it came."""
        return self._folder / job_id / "upload"

    async def receive(self, chunks: AsyncIterator[bytes], *, most: int) -> tuple[str, str]:
        """Writes what comes; answers a new id and the SHA-256. Raises FileRefused above `most` bytes."""
        job_id, digest, size = new_id(), hashlib.sha256(), 0
        path = self.upload(job_id)
        path.parent.mkdir(mode=0o700, parents=True)
        try:
            with path.open("wb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > most:
                        raise FileRefused("too_large", most=most // 1024 // 1024)
                    digest.update(chunk)
                    file.write(chunk)
        except BaseException:
            self.remove(job_id)
            raise
        return job_id, digest.hexdigest()

    def remove(self, job_id: str) -> None:
        """Deletes an import's files."""
        shutil.rmtree(self._folder / job_id, ignore_errors=True)

    def remove_upload(self, job_id: str) -> None:
        """Deletes what came; the problems stay."""
        self.upload(job_id).unlink(missing_ok=True)

    def _problems(self, job_id: str) -> Path:
        return self._folder / job_id / "problems.jsonl"

    def start_problems(self, job_id: str, *, through_row: int = 0) -> None:
        """Begins the list anew, or keeps those up to a row: the chunk that was cut off is done again."""
        kept = [each for each in self.problems(job_id) if each["row"] <= through_row] if through_row else []
        self._problems(job_id).write_text("", encoding="utf-8")
        self.add_problems(job_id, kept)

    def add_problems(self, job_id: str, problems: Iterable[dict[str, Any]]) -> None:
        """Adds to the list."""
        with self._problems(job_id).open("a", encoding="utf-8") as file:
            for each in problems:
                file.write(json.dumps(each) + "\n")

    def problems(self, job_id: str) -> Iterator[dict[str, Any]]:
        """Every problem of an import, row by row."""
        path = self._problems(job_id)
        if path.is_file():
            with path.open(encoding="utf-8") as file:
                for line in file:
                    yield json.loads(line)
