"""Every query about staff and their sessions. Commits nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session, joinedload

from server.models import ApiToken, Organization, Role, Staff, StaffSession

__all__ = [
    "delete_sessions",
    "has_pin",
    "holders",
    "locked_organization",
    "own_role",
    "own_roles",
    "session_by_hash",
    "sessions_of",
    "staff_by_email",
    "staff_in",
    "staff_member",
    "staff_names",
    "with_email",
]


def staff_by_email(session: Session, organization_id: str, email: str) -> Staff | None:
    """The staff member of an organization with this e-mail address (in small letters)."""
    return session.scalar(select(Staff).where(Staff.organization_id == organization_id, Staff.email == email))


def with_email(session: Session, email: str, *, limit: int) -> list[Staff]:
    """The active staff members of all organizations with this e-mail address, with their organizations."""
    wanted = select(Staff).where(Staff.email == email, Staff.is_active).options(joinedload(Staff.organization))
    return list(session.scalars(wanted.order_by(Staff.id).limit(limit)))


def staff_member(session: Session, organization_id: str, staff_id: str, *, is_locked: bool = False) -> Staff | None:
    """A staff member of the organization; locked until the commit when something is about to be used up."""
    wanted = select(Staff).where(Staff.organization_id == organization_id, Staff.id == staff_id)
    if is_locked:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    return session.scalar(wanted)


def staff_in(session: Session, organization_id: str) -> list[Staff]:
    """Everybody of an organization with their own roles, by name."""
    wanted = select(Staff).where(Staff.organization_id == organization_id).options(joinedload(Staff.own_role))
    wanted = wanted.order_by(Staff.is_active.desc(), Staff.name, Staff.id)
    return list(session.scalars(wanted.execution_options(populate_existing=True)))


def locked_organization(session: Session, organization_id: str) -> Organization:
    """The organization, locked: of two who take each other's rights away the second one sees what the first did."""
    return session.get_one(Organization, organization_id, with_for_update={"key_share": True})


def own_roles(session: Session, organization_id: str) -> list[Role]:
    """The roles of an organization's own that are not archived, by name."""
    wanted = select(Role).where(Role.organization_id == organization_id, Role.archived_at.is_(None))
    return list(session.scalars(wanted.order_by(Role.name, Role.id)))


def own_role(session: Session, organization_id: str, role_id: str) -> Role | None:
    """A role of the organization's own that is not archived."""
    wanted = select(Role).where(Role.organization_id == organization_id, Role.id == role_id)
    return session.scalar(wanted.where(Role.archived_at.is_(None)))


def holders(session: Session, organization_id: str) -> dict[str, int]:
    """How many active staff members have each role of the organization's own."""
    wanted = select(Staff.role_id, func.count()).where(
        Staff.organization_id == organization_id, Staff.role_id.is_not(None), Staff.is_active
    )
    return {role_id: count for role_id, count in session.execute(wanted.group_by(Staff.role_id)) if role_id}


def sessions_of(session: Session, staff_id: str) -> list[StaffSession]:
    """The sessions of a staff member, the latest first."""
    wanted = select(StaffSession).where(StaffSession.staff_id == staff_id)
    return list(session.scalars(wanted.order_by(StaffSession.last_seen_at.desc())))


def session_by_hash(session: Session, token_hash: str) -> StaffSession | None:
    """A session with its staff member and their organization."""
    wanted = select(StaffSession).where(StaffSession.token_hash == token_hash)
    staff = joinedload(StaffSession.staff)
    return session.scalar(wanted.options(staff.joinedload(Staff.organization), staff.joinedload(Staff.own_role)))


def delete_sessions(
    session: Session, *, staff_id: str, expired_before: datetime | None = None, but: str | None = None
) -> None:
    """Ends the staff member's sessions: all of them, all but one, or those that expired before an instant."""
    unwanted = delete(StaffSession).where(StaffSession.staff_id == staff_id)
    if but is not None:
        unwanted = unwanted.where(StaffSession.token_hash != but)
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
    """The names of staff members of the organization, and of its programs with a token, by id."""
    found: dict[str, str] = {}
    for class_ in (Staff, ApiToken):
        if unknown := staff_ids - found.keys():
            mine = class_.organization_id == organization_id
            found |= dict(session.execute(select(class_.id, class_.name).where(mine, class_.id.in_(unknown))).all())
    return found
