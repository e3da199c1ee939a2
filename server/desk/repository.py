"""The queries of the centre's desk. All are scoped to one organization."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from access.wire.events import EventKind
from server.models import AccessPoint, Device, Event, Site

__all__ = ["access_point", "centre_device", "event", "hash_of", "is_undone", "lock_site", "locked_event"]


def access_point(session: Session, organization_id: str, point_id: str) -> AccessPoint | None:
    """An access point, archived or not."""
    wanted = select(AccessPoint).where(AccessPoint.organization_id == organization_id, AccessPoint.id == point_id)
    return session.scalars(wanted).one_or_none()


def centre_device(session: Session, organization_id: str, site_id: str) -> Device | None:
    """The centre's device at a site."""
    wanted = select(Device).where(
        Device.organization_id == organization_id, Device.site_id == site_id, Device.is_centre
    )
    return session.scalars(wanted).one_or_none()


def lock_site(session: Session, organization_id: str, site_id: str) -> None:
    """Holds the site until the commit: two transactions never make its device twice."""
    wanted = select(Site.id).where(Site.organization_id == organization_id, Site.id == site_id)
    session.execute(wanted.with_for_update())


def event(session: Session, organization_id: str, event_id: str) -> Event | None:
    """An event of the organization."""
    return session.scalars(_event(organization_id, event_id)).one_or_none()


def locked_event(session: Session, organization_id: str, event_id: str) -> Event | None:
    """The same as it is now, locked: nobody settles it meanwhile."""
    held = _event(organization_id, event_id).with_for_update().execution_options(populate_existing=True)
    return session.scalars(held).one_or_none()


def is_undone(session: Session, organization_id: str, event_id: str) -> bool:
    """Whether another event undoes it."""
    wanted = select(Event.id).where(
        Event.refers_to == event_id, Event.organization_id == organization_id, Event.kind == EventKind.UNDONE.value
    )
    return session.scalar(wanted.limit(1)) is not None


def hash_of(session: Session, device_id: str, seq: int) -> str | None:
    """The digest of a device's event."""
    return session.scalar(select(Event.body_hash).where(Event.device_id == device_id, Event.seq == seq))


def _event(organization_id: str, event_id: str) -> Select[Event]:
    return select(Event).where(Event.organization_id == organization_id, Event.id == event_id)
