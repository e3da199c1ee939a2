"""The queries about pictures."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.errors import NotFound
from server.models.clients import PictureVersion
from server.models.people import AllowedAdult, Contact, Person
from server.staff import repository

__all__ = ["is_access_picture", "is_known_picture", "staff_names", "version_of", "versions_of"]

_MOST_VERSIONS = 100


def is_access_picture(session: Session, organization_id: str, sha256: str) -> bool:
    """Whether it is the access picture of somebody in the organization, or of an adult who may pick up a child."""
    wanted = select(Person.id).where(Person.organization_id == organization_id, Person.access_picture == sha256)
    of_adults = select(AllowedAdult.id).where(
        AllowedAdult.organization_id == organization_id, AllowedAdult.picture == sha256
    )
    return any(session.scalars(each.limit(1)).one_or_none() is not None for each in (wanted, of_adults))


def is_known_picture(session: Session, organization_id: str, sha256: str) -> bool:
    """Whether it is, or was, any picture of somebody in the organization: what its staff may see."""
    if is_access_picture(session, organization_id, sha256):
        return True
    others = (
        select(Person.id).where(Person.organization_id == organization_id, Person.profile_picture == sha256),
        select(PictureVersion.id).where(
            PictureVersion.organization_id == organization_id, PictureVersion.picture == sha256
        ),
        select(Contact.id).where(Contact.organization_id == organization_id, Contact.picture == sha256),
    )
    return any(session.scalars(each.limit(1)).one_or_none() is not None for each in others)


def versions_of(session: Session, person: Person, role: str | None = None) -> Sequence[PictureVersion]:
    """The changes of a person's pictures, newest first; of one role only, if it is named."""
    wanted = select(PictureVersion).where(
        PictureVersion.organization_id == person.organization_id, PictureVersion.person_id == person.id
    )
    if role is not None:
        wanted = wanted.where(PictureVersion.role == role)
    ordered = wanted.order_by(PictureVersion.changed_at.desc(), PictureVersion.id.desc())
    return session.scalars(ordered.limit(_MOST_VERSIONS)).all()


def version_of(session: Session, person: Person, role: str, version_id: str) -> PictureVersion:
    """One change of a person's picture. Raises NotFound."""
    wanted = select(PictureVersion).where(
        PictureVersion.id == version_id,
        PictureVersion.organization_id == person.organization_id,
        PictureVersion.person_id == person.id,
        PictureVersion.role == role,
    )
    found = session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFound("there is no such picture of this person")
    return found


def staff_names(session: Session, organization_id: str, staff_ids: Collection[str | None]) -> dict[str, str]:
    """The names of the organization's staff, and of its programs with a token, by id."""
    return repository.staff_names(session, organization_id, {each for each in staff_ids if each is not None})
