"""The queries about access points and their published versions. All are scoped to one organization."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.models import AccessPoint, AccessPointVersion, Facility, Site

__all__ = ["facilities", "newest_version", "point", "points", "sites", "version_of", "versions"]


def point(
    session: Session, organization_id: str, point_id: str, *, is_locked: bool = False, is_archived: bool = False
) -> AccessPoint | None:
    """An access point in use, or one in the archive."""
    wanted = select(AccessPoint).where(AccessPoint.organization_id == organization_id, AccessPoint.id == point_id)
    wanted = wanted.where(AccessPoint.archived_at.is_not(None) if is_archived else AccessPoint.archived_at.is_(None))
    return session.scalars(wanted.with_for_update() if is_locked else wanted).one_or_none()


def points(session: Session, organization_id: str) -> list[AccessPoint]:
    """Every access point, archived ones too, by name."""
    wanted = select(AccessPoint).where(AccessPoint.organization_id == organization_id)
    return list(session.scalars(wanted.order_by(AccessPoint.name_en, AccessPoint.id)))


def versions(session: Session, organization_id: str, point_id: str) -> list[AccessPointVersion]:
    """What was published, the newest first."""
    wanted = select(AccessPointVersion).where(
        AccessPointVersion.organization_id == organization_id, AccessPointVersion.access_point_id == point_id
    )
    return list(session.scalars(wanted.order_by(AccessPointVersion.number.desc())))


def newest_version(session: Session, organization_id: str, point_id: str) -> AccessPointVersion | None:
    """The one that was published last."""
    wanted = select(AccessPointVersion).where(
        AccessPointVersion.organization_id == organization_id, AccessPointVersion.access_point_id == point_id
    )
    return session.scalars(wanted.order_by(AccessPointVersion.number.desc()).limit(1)).one_or_none()


def version_of(session: Session, organization_id: str, point_id: str, number: int) -> AccessPointVersion | None:
    """A published version by its number."""
    wanted = select(AccessPointVersion).where(
        AccessPointVersion.organization_id == organization_id,
        AccessPointVersion.access_point_id == point_id,
        AccessPointVersion.number == number,
    )
    return session.scalars(wanted).one_or_none()


def sites(session: Session, organization_id: str) -> list[Site]:
    """Every site, by name."""
    return list(
        session.scalars(select(Site).where(Site.organization_id == organization_id).order_by(Site.name_en, Site.id))
    )


def facilities(session: Session, organization_id: str) -> list[Facility]:
    """Every facility, by name."""
    wanted = select(Facility).where(Facility.organization_id == organization_id)
    return list(session.scalars(wanted.order_by(Facility.name_en, Facility.id)))
