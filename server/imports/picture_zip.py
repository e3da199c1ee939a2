"""Pictures of people from a zip: each file is named by a member ID or by a key of another system.

A zip says what it holds before anything is taken out, and no file is read further than a picture may be long.
"""

from __future__ import annotations

import hashlib
import io
import os
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Final

from sqlalchemy.orm import Session

from server.errors import TooLarge, Unprocessable
from server.imports.errors import FileRefused
from server.imports.files import ImportFiles
from server.imports.problems import Problem, RowRefused
from server.imports.records.base import Batch, Outcome, Source
from server.imports.records.lookup import People
from server.imports.work import Job, Tally
from server.models import Organization, Person, PictureVersion
from server.pictures.intake import MAX_PICTURE_BYTES, made_anew
from server.pictures.store import PictureStore

__all__ = ["MAX_ZIP_BYTES", "PictureWork", "check_zip"]

MAX_ZIP_BYTES: Final = 500 * 1024 * 1024
_MAX_FILES: Final = 20_000
_MAX_DIRECTORY_BYTES: Final = 8 * 1024 * 1024
"""Enough for 20,000 pictures with long names and the shadow that a Mac adds to each."""
_CHUNK: Final = 20
_SUFFIXES: Final = (".jpg", ".jpeg", ".jfif", ".png", ".webp")
_OTHER_PICTURES: Final = (".avif", ".bmp", ".gif", ".heic", ".heif", ".tif", ".tiff")
"""Pictures of kinds that do not go in: told, where everything else in a zip is passed over."""


def check_zip(path: Path) -> int:
    """How many files may be pictures. Raises FileRefused."""
    if path.stat().st_size > MAX_ZIP_BYTES:
        raise FileRefused("too_large", most=MAX_ZIP_BYTES // 1024 // 1024)
    try:
        with _Bounded(io.FileIO(path)) as file, zipfile.ZipFile(file) as archive:
            names = [each.filename for _, each in _pictures(archive)]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise FileRefused("not_a_zip") from error
    if not any(_suffix(name) in _SUFFIXES for name in names):
        raise FileRefused("no_pictures")
    if len(names) > _MAX_FILES:
        raise FileRefused("too_many_rows", most=_MAX_FILES)
    return len(names)


class _Bounded(io.BufferedReader):
    """A file of which nobody takes more at once than a zip's directory may be long, whatever the file says of it."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Raises FileRefused for more."""
        if size is None or size < 0:
            size = os.fstat(self.fileno()).st_size - self.tell()
        if size > _MAX_DIRECTORY_BYTES:
            raise FileRefused("zip_bomb")
        return super().read(size)


def _pictures(archive: zipfile.ZipFile) -> Iterator[tuple[int, zipfile.ZipInfo]]:
    number = 0
    for each in archive.infolist():
        path = PurePosixPath(each.filename.replace("\\", "/"))
        is_shadow = path.name.startswith(".") or "__MACOSX" in path.parts
        if not each.is_dir() and not is_shadow and _suffix(each.filename) in _SUFFIXES + _OTHER_PICTURES:
            number += 1
            yield number, each


def _suffix(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).suffix.lower()


class PictureWork:
    """A zip on its way. Decoding is done before a session is opened, a few pictures at a time."""

    def __init__(self, job: Job, files: ImportFiles, pictures: PictureStore) -> None:
        self._job, self._pictures = job, pictures
        self._path = files.upload(job.id)
        self._archive = zipfile.ZipFile(self._path)
        self._left = islice(_pictures(self._archive), job.rows_done, None)
        self._claims: dict[tuple[str, str], int] = {}
        self._next: list[tuple[int, str, str, str | RowRefused]] = []

    def prepare(self) -> None:
        """Takes the next pictures out and, in a run, keeps them."""
        self._next = []
        for number, info in islice(self._left, _CHUNK):
            name = PurePosixPath(info.filename.replace("\\", "/"))
            stem = unicodedata.normalize("NFC", name.stem.strip())
            self._next.append((number, name.name, stem, self._taken(info, name.name)))

    def _taken(self, info: zipfile.ZipInfo, name: str) -> str | RowRefused:
        if _suffix(name) not in _SUFFIXES:
            return RowRefused(Problem("not_a_picture", "file", name))
        try:
            raw = self._read(info)
            if not self._job.is_dry:
                return self._pictures.put(raw)
            # The same decoding as in the run, so that the check tells the same.
            return hashlib.sha256(made_anew(raw)).hexdigest()
        except TooLarge:
            return RowRefused(Problem("picture_too_large", "file", name))
        except (Unprocessable, zipfile.BadZipFile, zlib.error, RuntimeError, OSError, NotImplementedError, EOFError):
            return RowRefused(Problem("not_a_picture", "file", name))

    def _read(self, info: zipfile.ZipInfo) -> bytes:
        if info.file_size > MAX_PICTURE_BYTES:
            raise TooLarge("the zip says so itself")
        with self._archive.open(info) as file:
            raw = io.BytesIO()
            while chunk := file.read(64 * 1024):
                raw.write(chunk)
                if raw.tell() > MAX_PICTURE_BYTES:
                    raise TooLarge("more than the zip says")
        return raw.getvalue()

    def chunk(self, session: Session, now: datetime) -> Tally | None:
        """Gives the prepared pictures to their people."""
        if not self._next:
            return None
        organization = session.get_one(Organization, self._job.organization_id)
        batch = Batch(session, organization, now, source=Source.IMPORT, claims=self._claims, is_dry=self._job.is_dry)
        people, tally = People(batch), Tally(last_row=self._next[-1][0])
        stems = [stem for _, _, stem, _ in self._next]
        people.gather(keys=stems, member_ids=stems, ids=stems)
        for number, name, stem, taken in self._next:
            batch.row = number
            try:
                if isinstance(taken, RowRefused):
                    raise taken
                person = _holder(people, stem, name)
                batch.claim("picture", person.id, "file", shown=name)
                tally.count(self._give(session, batch, person, taken))
            except RowRefused as refused:
                tally.refuse(number, refused)
        return tally

    def _give(self, session: Session, batch: Batch, person: Person, picture: str) -> Outcome:
        if person.access_picture == picture:
            return Outcome.UNCHANGED
        outcome = Outcome.CHANGED if person.access_picture else Outcome.ADDED
        actor = self._job.actor
        changed = [("access", picture)] + ([] if person.profile_picture else [("profile", picture)])
        for role, kept in changed:
            session.add(
                PictureVersion(
                    organization_id=person.organization_id,
                    person_id=person.id,
                    role=role,
                    picture=kept,
                    source="import",
                    changed_by=actor.id,
                    changed_at=batch.now,
                )
            )
        person.access_picture = picture
        person.access_picture_verified_on = None
        person.access_picture_verified_by = None
        person.profile_picture = person.profile_picture or picture
        return outcome


def _holder(people: People, stem: str, name: str) -> Person:
    try:
        return people.named(stem, "file")
    except RowRefused as refused:
        code = "file_name_unclear" if refused.problems[0].code == "references_disagree" else "unknown_person"
        raise RowRefused(Problem(code, "file", name)) from refused
