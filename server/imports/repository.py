"""Queries about imports. All but the runner's are scoped to one organization."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from server.models import ImportJob

__all__ = ["job_of", "jobs_of", "locked_job", "old_jobs", "waiting_jobs"]


def job_of(session: Session, organization_id: str, job_id: str) -> ImportJob | None:
    """One import."""
    wanted = select(ImportJob).where(ImportJob.id == job_id, ImportJob.organization_id == organization_id)
    return session.scalars(wanted).one_or_none()


def jobs_of(session: Session, organization_id: str, *, limit: int) -> Sequence[ImportJob]:
    """The newest imports, without their problems."""
    wanted = select(ImportJob).where(ImportJob.organization_id == organization_id)
    wanted = wanted.options(defer(ImportJob.problems)).order_by(ImportJob.created_at.desc(), ImportJob.id.desc())
    return session.scalars(wanted.limit(limit)).all()


def locked_job(session: Session, job_id: str) -> ImportJob | None:
    """The import as it is now, locked until the commit."""
    wanted = select(ImportJob).where(ImportJob.id == job_id).with_for_update()
    return session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()


def waiting_jobs(session: Session) -> Sequence[str]:
    """The imports that have something to do, oldest first."""
    wanted = select(ImportJob.id).where(ImportJob.state.in_(("checking", "running")))
    return session.scalars(wanted.order_by(ImportJob.created_at, ImportJob.id)).all()


def old_jobs(session: Session, before: datetime) -> Sequence[str]:
    """Imports made before a moment, whose files are no longer needed."""
    wanted = select(ImportJob.id).where(ImportJob.created_at < before, ImportJob.state.not_in(("checking", "running")))
    return session.scalars(wanted).all()
