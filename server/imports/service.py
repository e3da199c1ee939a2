"""Imports from the upload to the result: mapping, checking, checked, running, then done, failed or cancelled.

Nothing here does the work: see `server.imports.runner`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from server.audit.actor import Actor
from server.db import Commit, Database
from server.errors import NotFound
from server.imports import repository
from server.imports.cells import DateOrder
from server.imports.errors import FileRefused
from server.imports.files import ImportFiles
from server.imports.mapping import guess
from server.imports.picture_zip import MAX_ZIP_BYTES, check_zip
from server.imports.plan import Plan
from server.imports.records import KINDS, PICTURES
from server.imports.tables import MAX_CSV_BYTES, count_rows, layout_of
from server.models import ImportJob

__all__ = ["IMPORT_KINDS", "cancel", "check", "create", "most_bytes", "resume", "start"]

IMPORT_KINDS: Final = (*KINDS, PICTURES)


def most_bytes(kind: str) -> int:
    """How large a file of a kind may be."""
    return MAX_ZIP_BYTES if kind == PICTURES else MAX_CSV_BYTES


def create(
    database: Database,
    files: ImportFiles,
    *,
    organization_id: str,
    kind: str,
    job_id: str,
    file_hash: str,
    file_name: str,
    actor: Actor,
    now: datetime,
) -> ImportJob:
    """An import of a file that was received. Raises FileRefused; the file is gone then."""
    try:
        plan, rows = _first_look(files, kind, job_id)
    except FileRefused:
        files.remove(job_id)
        raise
    job = ImportJob(
        id=job_id,
        organization_id=organization_id,
        kind=kind,
        file_name=file_name.replace("\x00", "").replace("\\", "/").rsplit("/", 1)[-1][:300] or kind,
        file_hash=file_hash,
        state="mapping",
        plan=plan.document(),
        rows=rows,
        problems=[],
        created_by=actor.id,
        is_by_token=actor.kind == "token",
        created_at=now,
    )
    with database.write() as session:
        session.add(job)
    return job


def _first_look(files: ImportFiles, kind: str, job_id: str) -> tuple[Plan, int]:
    path = files.upload(job_id)
    if kind == PICTURES:
        return Plan(), check_zip(path)
    layout = layout_of(path)
    rows = count_rows(path, layout)
    if not rows:
        raise FileRefused("empty")
    return (
        Plan(
            encoding=layout.encoding,
            delimiter=layout.delimiter,
            skipped=layout.skipped,
            header=list(layout.header),
            first_rows=[list(row) for row in layout.first_rows],
            columns=guess(KINDS[kind], layout.header),
        ),
        rows,
    )


def check(
    database: Database,
    organization_id: str,
    job_id: str,
    *,
    columns: Sequence[str | None] | None = None,
    date_order: DateOrder = DateOrder.UNKNOWN,
    on_problems: str = "skip",
) -> None:
    """Has the file checked with these columns. Raises NotFound, FileRefused."""
    with database.write() as session:
        job = _locked(repository.locked_job(session, job_id), organization_id, ("mapping", "checked", "cancelled"))
        plan = Plan.of(job.plan)
        kept = plan.columns if columns is None else _known(job.kind, columns, len(plan.header))
        if job.kind != PICTURES and not set(KINDS[job.kind].keys) & {each for each in kept if each}:
            raise FileRefused("columns_missing", columns=", ".join(KINDS[job.kind].keys))
        is_strict = on_problems == "refuse"
        changed = {"columns": kept, "date_order": date_order, "on_problems": "refuse" if is_strict else "skip"}
        _begin(job, "checking")
        job.plan = plan.model_copy(update={**changed, "last_row": 0}).document()
        job.started_at = None
    database.commits.send(Commit())


def start(database: Database, organization_id: str, job_id: str, *, now: datetime) -> None:
    """Has a checked file brought in. Raises NotFound, FileRefused."""
    with database.write() as session:
        job = _locked(repository.locked_job(session, job_id), organization_id, ("checked",))
        plan = Plan.of(job.plan)
        if (plan.on_problems == "refuse" and job.problem_count) or job.refused == job.rows:
            raise FileRefused("wrong_state")
        _begin(job, "running")
        job.plan = plan.model_copy(update={"last_row": 0}).document()
        job.started_at = now
    database.commits.send(Commit())


def resume(database: Database, organization_id: str, job_id: str) -> None:
    """Goes on with an import that failed or was cancelled while it ran. Raises NotFound, FileRefused."""
    with database.write() as session:
        job = _locked(repository.locked_job(session, job_id), organization_id, ("failed", "cancelled"))
        if job.started_at is None:
            _begin(job, "checking")
        job.state, job.failure, job.finished_at = "running" if job.started_at else "checking", "", None
    database.commits.send(Commit())


def cancel(database: Database, organization_id: str, job_id: str, *, now: datetime) -> None:
    """Stops an import after the chunk it is at; what went in stays. Raises NotFound, FileRefused."""
    with database.write() as session:
        states = ("mapping", "checking", "checked", "running")
        job = _locked(repository.locked_job(session, job_id), organization_id, states)
        job.state, job.finished_at = "cancelled", now


def _locked(job: ImportJob | None, organization_id: str, states: Sequence[str]) -> ImportJob:
    if job is None or job.organization_id != organization_id:
        raise NotFound("no such import")
    if job.state not in states:
        raise FileRefused("wrong_state")
    return job


def _begin(job: ImportJob, state: str) -> None:
    job.state, job.failure, job.finished_at = state, "", None
    job.rows_done = job.added = job.changed = job.unchanged = job.refused = job.problem_count = 0
    job.problems = []


def _known(kind: str, columns: Sequence[str | None], width: int) -> list[str | None]:
    names = KINDS[kind].by_name if kind in KINDS else {}
    kept = [each if each in names else None for each in columns][:width]
    used = [each for each in kept if each]
    if len(set(used)) != len(used):
        raise FileRefused("columns_missing", columns=", ".join(sorted({e for e in used if used.count(e) > 1})))
    return kept + [None] * (width - len(kept))
