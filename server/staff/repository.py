"""Every query about staff and their sessions. Commits nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session, joinedload

from server.models import Staff, StaffSession

__all__ = ["delete_sessions", "has_pin", "session_by_hash", "staff_by_email", "staff_names"]


def staff_by_email(session: Session, email: str) -> Staff | None:
    """The staff member with this e-mail address (in small letters)."""
    return session.scalar(select(Staff).where(Staff.email == email))


def session_by_hash(session: Session, token_hash: str) -> StaffSession | None:
    """A session with its staff member and their organization."""
    wanted = select(StaffSession).where(StaffSession.token_hash == token_hash)
    return session.scalar(wanted.options(joinedload(StaffSession.staff).joinedload(Staff.organization)))


def delete_sessions(session: Session, *, staff_id: str, expired_before: datetime | None = None) -> None:
    """Ends the staff member's sessions: all of them, or those that expired before an instant."""
    unwanted = delete(StaffSession).where(StaffSession.staff_id == staff_id)
    if expired_before is not None:
        unwanted = unwanted.where(
            or_(StaffSession.expires_at < expired_before, StaffSession.last_seen_at < expired_before)
        )
    session.execute(unwanted)


def has_pin(session: Session, organization_id: str, pin_hash: str, *, but: str) -> bool:
    """Whether a staff member of the organization other than `but` has the PIN with this hash."""
    wanted = select(Staff.id).where(
        Staff.organization_id == organization_id, Staff.pin_hash == pin_hash, Staff.id != but
    )
    return session.scalars(wanted.limit(1)).one_or_none() is not None


def staff_names(session: Session, organization_id: str, staff_ids: set[str]) -> dict[str, str]:
    """The names of staff members of the organization, by id."""
    if not staff_ids:
        return {}
    wanted = select(Staff.id, Staff.name).where(Staff.organization_id == organization_id, Staff.id.in_(staff_ids))
    return dict(session.execute(wanted).all())
