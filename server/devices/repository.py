"""The queries about doors and enrolment codes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.models.devices import Device, EnrolmentCode
from server.models.events import Alarm
from server.models.organizations import AccessPoint

__all__ = [
    "access_points_of_site",
    "active_devices",
    "code_by_hash",
    "has_open_alarm",
    "organizations_with_open_codes",
    "sites_with_devices",
    "take_code",
]


def code_by_hash(session: Session, code_hash: str) -> EnrolmentCode | None:
    """The enrolment code with this hash."""
    return session.scalars(select(EnrolmentCode).where(EnrolmentCode.code_hash == code_hash)).one_or_none()


def take_code(session: Session, code_id: str, now: datetime) -> bool:
    """Marks a code as used; False when somebody else just did."""
    taken = update(EnrolmentCode).where(EnrolmentCode.id == code_id, EnrolmentCode.used_at.is_(None))
    return session.execute(taken.values(used_at=now).returning(EnrolmentCode.id)).scalar_one_or_none() is not None


def organizations_with_open_codes(session: Session, now: datetime) -> set[str]:
    """Who has a code that could be used now."""
    wanted = select(EnrolmentCode.organization_id).where(
        EnrolmentCode.used_at.is_(None), EnrolmentCode.expires_at > now
    )
    return set(session.scalars(wanted.distinct()))


def has_open_alarm(session: Session, organization_id: str, kind: str) -> bool:
    """Whether an alarm of the kind is unsettled there, about whatever."""
    wanted = select(Alarm.id).where(Alarm.organization_id == organization_id, Alarm.kind == kind)
    return session.scalar(wanted.where(Alarm.settled_at.is_(None)).limit(1)) is not None


def access_points_of_site(
    session: Session, organization_id: str, site_id: str, ids: Collection[str]
) -> list[AccessPoint]:
    """Those of the ids that are access points of the site."""
    wanted = select(AccessPoint).where(
        AccessPoint.organization_id == organization_id, AccessPoint.site_id == site_id, AccessPoint.id.in_(ids)
    )
    return list(session.scalars(wanted))


def sites_with_devices(session: Session) -> set[tuple[str, str]]:
    """(organization, site) of every site that has a door in service."""
    wanted = select(Device.organization_id, Device.site_id).where(Device.revoked_at.is_(None)).distinct()
    return {(organization_id, site_id) for organization_id, site_id in session.execute(wanted)}


def active_devices(session: Session) -> list[Device]:
    """Every door in service."""
    return list(session.scalars(select(Device).where(Device.revoked_at.is_(None)).order_by(Device.id)))
