"""The queries about pictures."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.models.people import AllowedAdult, Person

__all__ = ["is_access_picture"]


def is_access_picture(session: Session, organization_id: str, sha256: str) -> bool:
    """Whether it is the access picture of somebody in the organization, or of an adult who may pick up a child."""
    wanted = select(Person.id).where(Person.organization_id == organization_id, Person.access_picture == sha256)
    of_adults = select(AllowedAdult.id).where(
        AllowedAdult.organization_id == organization_id, AllowedAdult.picture == sha256
    )
    return any(session.scalars(each.limit(1)).one_or_none() is not None for each in (wanted, of_adults))
