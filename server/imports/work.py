"""Doing an import, a few hundred rows at a time: the check changes nothing, the run is one transaction a chunk.

A chunk and how far the import has come are committed together, so that a run that was cut off goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final, Protocol

from sqlalchemy.orm import Session

from server.audit.actor import Actor, acting
from server.db import Database
from server.imports import repository
from server.imports.cells import DateOrder
from server.imports.files import ImportFiles
from server.imports.mapping import RowReader
from server.imports.plan import Plan
from server.imports.problems import RowRefused
from server.imports.records import KINDS
from server.imports.records.base import Batch, Outcome, Record, Source
from server.imports.tables import rows_of
from server.models import ImportJob, Organization

__all__ = ["CHUNK", "KEPT_PROBLEMS", "Job", "TableWork", "Tally", "Work"]

CHUNK: Final = 500
KEPT_PROBLEMS: Final = 1000


@dataclass(frozen=True, slots=True)
class Job:
    """What the work needs to know of an import."""

    id: str
    organization_id: str
    kind: str
    plan: Plan
    actor: Actor
    rows_done: int
    is_dry: bool

    @staticmethod
    def of(row: ImportJob) -> Job:
        """The import as it is now."""
        actor = Actor("token" if row.is_by_token else "staff", row.created_by)
        is_dry = row.state == "checking"
        return Job(
            row.id, row.organization_id, row.kind, Plan.of(row.plan), actor, 0 if is_dry else row.rows_done, is_dry
        )


@dataclass
class Tally:
    """What became of a chunk."""

    rows: int = 0
    outcomes: dict[Outcome, int] = field(default_factory=dict)
    refused: int = 0
    problems: list[dict[str, Any]] = field(default_factory=list)
    last_row: int = 0

    def count(self, outcome: Outcome) -> None:
        """A row that went in."""
        self.rows += 1
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    def refuse(self, row: int, refused: RowRefused) -> None:
        """A row that stays out."""
        self.rows += 1
        self.refused += 1
        self.problems += [each.document(row) for each in refused.problems]


class Work(Protocol):
    """An import on its way; `chunk` does the next part in the given session and says when there is none left."""

    def prepare(self) -> None:
        """Reads ahead what the next chunk needs, before a session is opened."""

    def chunk(self, session: Session, now: datetime) -> Tally | None:
        """Does the prepared chunk; may be called again for the same one when its commit failed."""


class TableWork:
    """A file of rows."""

    def __init__(self, job: Job, files: ImportFiles) -> None:
        self._job = job
        self._kind = KINDS[job.kind]
        self._reader = RowReader(self._kind, job.plan.columns, DateOrder(job.plan.date_order))
        self._rows: Iterator[tuple[int, list[str]]] = rows_of(files.upload(job.id), job.plan.layout)
        self._claims: dict[tuple[str, str], int] = {}
        self._next: list[tuple[int, Record | RowRefused]] = []
        self._claim_again(job.rows_done)

    def _claim_again(self, count: int) -> None:
        """What the rows before the cut had claimed: a key that comes twice is still found out."""
        for number, row in islice(self._rows, count):
            found = self._read(number, row)[1]
            if isinstance(found, Record):
                for name, what in _CLAIMED.get(self._kind.name, ()):
                    if (key := getattr(found, name)) is not None:
                        self._claims.setdefault((what, str(key)), number)

    def _read(self, number: int, row: Sequence[str]) -> tuple[int, Record | RowRefused]:
        try:
            return number, self._reader.record(row)
        except RowRefused as refused:
            return number, refused

    def prepare(self) -> None:
        """Reads the next rows."""
        self._next = [self._read(number, row) for number, row in islice(self._rows, CHUNK)]

    def chunk(self, session: Session, now: datetime) -> Tally | None:
        """Puts them in."""
        if not self._next:
            return None
        job, tally = self._job, Tally(last_row=self._next[-1][0])
        batch = Batch(
            session,
            session.get_one(Organization, job.organization_id),
            now,
            source=Source.IMPORT,
            actor_id=job.actor.id,
            is_dry=job.is_dry,
            claims=self._claims,
        )
        upsert = self._kind.upsert(batch)
        with session.no_autoflush:
            upsert.gather([each for _, each in self._next if isinstance(each, Record)])
            for number, each in self._next:
                batch.row = number
                try:
                    if isinstance(each, RowRefused):
                        also = self._kind.objections(each.rest, batch.today) if each.rest is not None else ()
                        raise RowRefused(*each.problems, *also)
                    tally.count(upsert.put(each).outcome)
                except RowRefused as refused:
                    tally.refuse(number, refused)
        return tally


_CLAIMED: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "accounts": (("external_id", "account"),),
    "people": (("external_id", "person"), ("member_id", "member_id")),
    "memberships": (("external_id", "membership"),),
    "multipasses": (("external_id", "multipass"),),
    "registrations": (("external_id", "registration"),),
    "balances": (("external_id", "balance"),),
}


def check_chunk(database: Database, work: Work, job: Job, files: ImportFiles, now: datetime) -> bool:
    """The next part of a check. False when nothing is left, or the import is no longer being checked."""
    work.prepare()
    with database.read() as session:
        tally = work.chunk(session, now)
        session.rollback()
    if tally is not None:
        files.add_problems(job.id, tally.problems)
    with database.write() as session:
        row = repository.locked_job(session, job.id)
        if row is None or row.state != "checking":
            return False
        if tally is None:
            row.state, row.finished_at = "checked", now
            return False
        _add_up(row, tally)
    return True


def run_chunk(database: Database, work: Work, job: Job, files: ImportFiles, now: datetime) -> bool:
    """The next part of a run, in one transaction. False when nothing is left, or the import is no longer running."""
    with acting(job.actor), database.write() as session:
        row = repository.locked_job(session, job.id)
        if row is None or row.state != "running":
            return False
        tally = work.chunk(session, now)
        if tally is None:
            row.state, row.finished_at = "done", now
            return False
        files.add_problems(job.id, tally.problems)
        _add_up(row, tally)
    return True


def _add_up(row: ImportJob, tally: Tally) -> None:
    row.rows_done += tally.rows
    row.added += tally.outcomes.get(Outcome.ADDED, 0)
    row.changed += tally.outcomes.get(Outcome.CHANGED, 0)
    row.unchanged += tally.outcomes.get(Outcome.UNCHANGED, 0)
    row.refused += tally.refused
    row.problem_count += len(tally.problems)
    if tally.problems and len(row.problems) < KEPT_PROBLEMS:
        row.problems = [*row.problems, *tally.problems][:KEPT_PROBLEMS]
    row.plan = {**row.plan, "last_row": tally.last_row}
