"""What may be done with a person's pictures. Every change leaves a `PictureVersion` in the same transaction.

The profile picture is one identity's, in every organization that knows it. The access picture is one organization's
own; a new one is verified by nobody until somebody says so. The bytes are in the `PictureStore` before this is called.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from server.accounts.repository import adults_of, twins
from server.errors import NotFound
from server.models.clients import PictureVersion
from server.models.people import Person
from server.pictures import repository

__all__ = ["PictureRole", "PictureSource", "change", "copy_profile", "restore", "start_access_picture", "verify"]


class PictureRole(StrEnum):
    """Which of a person's two pictures."""

    PROFILE = "profile"
    ACCESS = "access"


class PictureSource(StrEnum):
    """Where a picture came from."""

    UPLOAD = "upload"
    WEBCAM = "webcam"
    COPY = "copy"
    STARTED = "started"
    """The access picture that a new client starts with: a copy of the profile picture, made by nobody."""
    RESTORED = "restored"
    REMOVED = "removed"
    IMPORT = "import"


_COLUMNS: Final = {PictureRole.PROFILE: "profile_picture", PictureRole.ACCESS: "access_picture"}


def change(
    session: Session,
    person: Person,
    role: PictureRole,
    picture: str | None,
    *,
    source: PictureSource,
    by: str | None,
    now: datetime,
) -> bool:
    """Gives a person a picture, or takes it away. False when they have it already: then nothing is written."""
    if getattr(person, _COLUMNS[role]) == picture:
        return False
    if role is PictureRole.ACCESS:
        _access(session, person, picture)
        _note(session, person, role, picture, source=source, by=by, now=now)
        return True
    for each in (person, *twins(session, person)):
        each.profile_picture = picture
        # Staff of one organization are nobody in another one's history.
        _note(session, each, role, picture, source=source, by=by if each is person else None, now=now)
        start_access_picture(session, each, now=now)
    return True


def start_access_picture(session: Session, person: Person, *, now: datetime) -> bool:
    """Gives somebody who never had an access picture a copy of the profile picture; False when there is none to give.

    One that was taken away stays away.
    """
    if person.access_picture is not None or person.profile_picture is None:
        return False
    if repository.versions_of(session, person, PictureRole.ACCESS):
        return False
    _access(session, person, person.profile_picture)
    started = PictureSource.STARTED
    _note(session, person, PictureRole.ACCESS, person.profile_picture, source=started, by=None, now=now)
    return True


def copy_profile(session: Session, person: Person, *, by: str, now: datetime) -> bool:
    """Makes the profile picture the access picture. Raises NotFound when there is none."""
    if person.profile_picture is None:
        raise NotFound("there is no profile picture to copy")
    picture = person.profile_picture
    return change(session, person, PictureRole.ACCESS, picture, source=PictureSource.COPY, by=by, now=now)


def restore(session: Session, person: Person, role: PictureRole, version_id: str, *, by: str, now: datetime) -> bool:
    """Brings back a picture of the history. Raises NotFound."""
    picture = repository.version_of(session, person, role, version_id).picture
    if picture is None:
        raise NotFound("there was no picture then")
    return change(session, person, role, picture, source=PictureSource.RESTORED, by=by, now=now)


def verify(person: Person, *, seen: str, by: str, on: date) -> None:
    """Says that somebody compared the access picture with the person. Raises NotFound when it is not the one seen."""
    if person.access_picture is None or person.access_picture != seen:
        raise NotFound("that is not the access picture any more")
    person.access_picture_verified_on = on
    person.access_picture_verified_by = by


def _access(session: Session, person: Person, picture: str | None) -> None:
    person.access_picture = picture
    person.access_picture_verified_on = None
    person.access_picture_verified_by = None
    for row in adults_of(session, person.organization_id, person.id):
        row.picture = picture


def _note(
    session: Session,
    person: Person,
    role: PictureRole,
    picture: str | None,
    *,
    source: PictureSource,
    by: str | None,
    now: datetime,
) -> None:
    session.add(
        PictureVersion(
            organization_id=person.organization_id,
            person_id=person.id,
            role=role,
            picture=picture,
            source=source,
            changed_by=by,
            changed_at=now,
        )
    )
    session.flush()
