"""A run of retention for one organization: in small transactions, so that doors never wait for it long.

Every step can be cut off anywhere and done again. What a run did is a row of `RetentionRun`, and in the audit log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.audit import hook as audit
from server.db import Database
from server.errors import NotFound
from server.models import Event, ImportJob, Organization, Person, RetentionRun, new_id
from server.privacy import repository as people
from server.privacy.erasure import delete_person, redact_late
from server.privacy.errors import ErasureRefused
from server.privacy.files import PersonalFiles
from server.privacy.obstacles import of_deleting
from server.retention import audit_log, movements, sweeps
from server.retention.keeping import SPANS, Keeping

__all__ = ["STEPS", "Retention", "keeping_of", "last_runs", "set_keeping"]

STEPS = ("movements", "archived", "late", "audit", *sweeps.SWEEPS, "imports", "picture_files", "snapshots")
"""What a run counts, in the order in which it is done."""
_KEPT_RUNS = 60
_PAUSE_S = 0.02


def keeping_of(session: Session, organization_id: str) -> Keeping:
    """How long an organization keeps what."""
    return Keeping.of(session.get_one(Organization, organization_id).retention or {})


def set_keeping(session: Session, organization_id: str, days: Mapping[str, int | None]) -> None:
    """Sets how long. The caller has checked them with `refused`."""
    organization = session.get_one(Organization, organization_id, with_for_update=True)
    organization.retention = {**(organization.retention or {}), **{name: days[name] for name in SPANS}}


def last_runs(session: Session, organization_id: str, *, limit: int = 5) -> list[RetentionRun]:
    """The latest runs, the newest first."""
    wanted = select(RetentionRun).where(RetentionRun.organization_id == organization_id)
    return list(session.scalars(wanted.order_by(RetentionRun.started_at.desc(), RetentionRun.id.desc()).limit(limit)))


class Retention:
    """What retention needs to work. `pause` is called between two transactions, so that others have their turn."""

    def __init__(
        self, database: Database, files: PersonalFiles, *, pause: Callable[[], None] = lambda: time.sleep(_PAUSE_S)
    ) -> None:
        self._database, self._files, self._pause = database, files, pause

    def plan(self, organization_id: str, *, now: datetime) -> dict[str, int]:
        """What a run would do now, by the names of `STEPS`; nothing is changed."""
        with self._database.read() as session:
            keeping = keeping_of(session, organization_id)
            before = keeping.before("movements", now)
            devices = movements.devices_of(session, organization_id)
            found = {
                "movements": sum(movements.due(session, each, before=before, now=now) for each in devices),
                "archived": len(list(self._deletable(session, organization_id, keeping, now))),
                "late": len(_late(session, organization_id)),
                "audit": audit_log.due(session, organization_id, before=keeping.before("audit", now)),
            }
            for name, (span, _) in sweeps.SWEEPS.items():
                found[name] = sweeps.count(session, name, organization_id, keeping.before(span, now))
        found["imports"] = len(self._files.imports_before(organization_id, keeping.before("imports", now)))
        found["picture_files"] = len(self._files.abandoned_pictures())
        found["snapshots"] = len(self._files.old_snapshots())
        return found

    def run(self, organization_id: str, *, now: datetime) -> dict[str, int]:
        """Does it; answers what was done, by the names of `STEPS`."""
        with self._database.write() as session:
            keeping = keeping_of(session, organization_id)
            run = RetentionRun(id=new_id(), organization_id=organization_id, started_at=now)
            session.add(run)
        done = dict.fromkeys(STEPS, 0)
        try:
            for name, gone in self._steps(organization_id, keeping, now):
                done[name] += gone
        except Exception as error:
            self._end(run.id, organization_id, done, now, failure=type(error).__name__)
            raise
        self._end(run.id, organization_id, done, now)
        return done

    def _steps(self, organization_id: str, keeping: Keeping, now: datetime) -> Iterator[tuple[str, int]]:
        with self._database.read() as session:
            zone = ZoneInfo(session.get_one(Organization, organization_id).time_zone)
            devices = movements.devices_of(session, organization_id)
        before = keeping.before("movements", now)
        for device_id in devices:

            def reduce(session: Session, device_id: str = device_id) -> int:
                return movements.reduce_chunk(session, device_id, before=before, now=now, zone=zone)

            yield from (("movements", gone) for gone in self._chunks(reduce))
        yield "archived", self._delete_archived(organization_id, keeping, now)
        yield "late", self._redact_late(organization_id)
        old = keeping.before("audit", now)
        with self._database.read() as session:
            last = audit_log.last_seq(session, organization_id)

        def trim(session: Session) -> int:
            return audit_log.trim_chunk(session, organization_id, before=old, through_seq=last)

        trimmed = self._chunks(trim)
        yield from (("audit", gone) for gone in trimmed)
        for name, (span, _) in sweeps.SWEEPS.items():
            until = keeping.before(span, now)

            def sweep(session: Session, name: str = name, until: datetime = until) -> int:
                return sweeps.sweep_chunk(session, name, organization_id, until)

            yield from ((name, gone) for gone in self._chunks(sweep))
        yield "imports", self._drop_imports(organization_id, keeping.before("imports", now))
        yield "picture_files", self._files.drop_pictures(self._files.abandoned_pictures())
        yield "snapshots", self._files.drop(self._files.old_snapshots())

    def _chunks(self, work: Callable[[Session], int]) -> Iterator[int]:
        """One transaction after the other, until nothing is left to do."""
        while True:
            with self._database.write() as session:
                gone = work(session)
            if not gone:
                return
            yield gone
            self._pause()

    def _deletable(self, session: Session, organization_id: str, keeping: Keeping, now: datetime) -> Iterator[str]:
        for person_id in people.archived_before(session, organization_id, keeping.before("archived", now)):
            if not of_deleting(session, people.person_of(session, organization_id, person_id), now=now):
                yield person_id

    def _delete_archived(self, organization_id: str, keeping: Keeping, now: datetime) -> int:
        with self._database.read() as session:
            found = list(self._deletable(session, organization_id, keeping, now))
        gone = 0
        for person_id in found:
            try:
                with self._database.write() as session:
                    erased = delete_person(session, organization_id, person_id, now=now)
            except (ErasureRefused, NotFound):
                continue  # somebody brought the person back in between
            self._files.clean(erased)
            gone += 1
            self._pause()
        return gone

    def _redact_late(self, organization_id: str) -> int:
        with self._database.read() as session:
            found = _late(session, organization_id)
        gone = 0
        for person_id in found:
            with self._database.write() as session:
                gone += redact_late(session, organization_id, person_id)
        return gone

    def _drop_imports(self, organization_id: str, before: datetime) -> int:
        jobs = self._files.imports_before(organization_id, before)
        for job_id in jobs:
            with self._database.write() as session:
                job = session.get_one(ImportJob, job_id)
                job.problems, job.plan = [], {**job.plan, "first_rows": []}
            self._files.imports.remove(job_id)
        return len(jobs)

    def _end(self, run_id: str, organization_id: str, done: dict[str, int], now: datetime, failure: str = "") -> None:
        with self._database.write() as session:
            run = session.get_one(RetentionRun, run_id)
            run.counts, run.failure, run.finished_at = done, failure, None if failure else now
            kept = [each.id for each in last_runs(session, organization_id, limit=_KEPT_RUNS)]
            old = delete(RetentionRun).where(
                RetentionRun.organization_id == organization_id, RetentionRun.id.not_in(kept)
            )
            session.execute(old)
            changes = {name: [None, count] for name, count in done.items() if count}
            if changes:
                audit.note(
                    session,
                    entity="organization",
                    entity_id=organization_id,
                    what="retained",
                    organization_id=organization_id,
                    changes=changes,
                )


def _late(session: Session, organization_id: str) -> list[str]:
    """Erased people of whom a door has sent something since."""
    wanted = (
        select(Event.person_id)
        .join(Person, Person.id == Event.person_id)
        .where(
            Person.organization_id == organization_id,
            Person.erased_at.is_not(None),
            Event.organization_id == organization_id,
            Event.erased_by.is_(None),
        )
        .distinct()
    )
    return [each for each in session.scalars(wanted) if each is not None]
