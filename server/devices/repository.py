"""The queries about doors and enrolment codes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from access.wire.commands import CommandKind
from server.models.devices import Device, DeviceCommand, DeviceMark, EnrolmentCode
from server.models.events import Alarm, Event
from server.models.organizations import AccessPoint

__all__ = [
    "access_points_of_site",
    "active_devices",
    "code_by_hash",
    "code_in",
    "commands_of",
    "device_in",
    "devices_in",
    "has_open_alarm",
    "marks_of",
    "newest_events",
    "open_alarms_about",
    "open_commands",
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


def device_in(session: Session, organization_id: str, device_id: str) -> Device | None:
    """The organization's device of this id."""
    wanted = select(Device).where(
        Device.id == device_id, Device.organization_id == organization_id, Device.is_centre.is_(False)
    )
    wanted = wanted.options(joinedload(Device.site), selectinload(Device.access_points))
    return session.scalars(wanted).one_or_none()


def devices_in(session: Session, organization_id: str) -> list[Device]:
    """Every door of the organization with its site and access points, those in service first."""
    wanted = select(Device).where(Device.organization_id == organization_id, Device.is_centre.is_(False))
    wanted = wanted.options(joinedload(Device.site), selectinload(Device.access_points))
    return list(session.scalars(wanted.order_by(Device.revoked_at.is_not(None), Device.name, Device.id)))


def marks_of(session: Session, device_ids: Collection[str]) -> dict[str, DeviceMark]:
    """What is recorded of these devices."""
    wanted = select(DeviceMark).where(DeviceMark.device_id.in_(device_ids))
    return {mark.device_id: mark for mark in session.scalars(wanted)}


def newest_events(session: Session, device_id: str, limit: int) -> list[Event]:
    """What a device recorded last."""
    wanted = select(Event).where(Event.device_id == device_id).order_by(Event.seq.desc())
    return list(session.scalars(wanted.limit(limit)))


def open_alarms_about(session: Session, organization_id: str, subjects: Collection[str]) -> list[Alarm]:
    """The unsettled alarms about any of these, newest first."""
    wanted = select(Alarm).where(Alarm.organization_id == organization_id, Alarm.subject.in_(subjects))
    wanted = wanted.where(Alarm.settled_at.is_(None)).order_by(Alarm.raised_at.desc(), Alarm.id)
    return list(session.scalars(wanted.limit(20)))


def code_in(session: Session, organization_id: str, code_id: str) -> EnrolmentCode | None:
    """The organization's enrolment code of this id."""
    wanted = select(EnrolmentCode).where(EnrolmentCode.id == code_id, EnrolmentCode.organization_id == organization_id)
    return session.scalars(wanted).one_or_none()


def open_commands(
    session: Session, now: datetime, *, device_id: str | None = None
) -> list[tuple[Device, DeviceCommand]]:
    """What doors have not answered and has not expired, oldest first; of a revoked door its revocation alone."""
    wanted = select(Device, DeviceCommand).join(Device, Device.id == DeviceCommand.device_id)
    wanted = wanted.where(DeviceCommand.answered_at.is_(None), DeviceCommand.expires_at > now)
    wanted = wanted.where(or_(Device.revoked_at.is_(None), DeviceCommand.kind == CommandKind.REVOKE.value))
    if device_id is not None:
        wanted = wanted.where(Device.id == device_id)
    found = session.execute(wanted.order_by(DeviceCommand.issued_at, DeviceCommand.id))
    return [(device, command) for device, command in found]


def commands_of(session: Session, device_id: str, ids: Collection[str] | None = None) -> list[DeviceCommand]:
    """The latest commands of a device, newest first; with `ids` only those."""
    wanted = select(DeviceCommand).where(DeviceCommand.device_id == device_id)
    if ids is not None:
        wanted = wanted.where(DeviceCommand.id.in_(ids))
    return list(session.scalars(wanted.order_by(DeviceCommand.issued_at.desc(), DeviceCommand.id.desc()).limit(20)))


def active_devices(session: Session) -> list[Device]:
    """Every door in service."""
    wanted = select(Device).where(Device.revoked_at.is_(None), Device.is_centre.is_(False))
    return list(session.scalars(wanted.order_by(Device.id)))
