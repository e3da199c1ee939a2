"""The queries about e-mails. The sender looks after those of every organization; pages see their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from server.models import Mail, Organization

__all__ = ["due", "mails_of", "mails_to", "next_due_at", "waiting_of"]


def _is_waiting() -> tuple[ColumnElement[bool], ...]:
    return Mail.sent_at.is_(None), Mail.next_at.is_not(None)


def due(session: Session, now: datetime, *, limit: int) -> Sequence[tuple[Mail, Organization]]:
    """E-mails whose time has come, the longest due first, each with its organization."""
    wanted = select(Mail, Organization).join(Organization, Organization.id == Mail.organization_id)
    wanted = wanted.where(*_is_waiting(), Mail.next_at <= now).order_by(Mail.next_at, Mail.id).limit(limit)
    return [(row[0], row[1]) for row in session.execute(wanted)]


def next_due_at(session: Session) -> datetime | None:
    """When the next one is due."""
    return session.scalars(select(func.min(Mail.next_at)).where(*_is_waiting())).one()


def mails_of(session: Session, organization_id: str, *, limit: int) -> Sequence[Mail]:
    """The organization's newest e-mails."""
    wanted = select(Mail).where(Mail.organization_id == organization_id)
    return session.scalars(wanted.order_by(Mail.made_at.desc(), Mail.id.desc()).limit(limit)).all()


def mails_to(session: Session, organization_id: str, person_id: str, *, limit: int) -> Sequence[Mail]:
    """The newest e-mails of the organization to one of its people."""
    wanted = select(Mail).where(Mail.organization_id == organization_id, Mail.person_id == person_id)
    return session.scalars(wanted.order_by(Mail.made_at.desc(), Mail.id.desc()).limit(limit)).all()


def waiting_of(session: Session, organization_id: str) -> int:
    """How many of the organization's e-mails wait."""
    wanted = select(func.count()).select_from(Mail).where(Mail.organization_id == organization_id, *_is_waiting())
    return session.scalars(wanted).one()
