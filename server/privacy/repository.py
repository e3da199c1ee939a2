"""The queries about everything that belongs to a person. All are scoped to one organization."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from server.errors import NotFound
from server.models import (
    Account,
    AllowedAdult,
    Contact,
    Event,
    Person,
    PictureVersion,
)

__all__ = [
    "archived_before",
    "is_picture_used",
    "last_movement_at",
    "living",
    "person_of",
    "rows_of",
    "same_account",
    "same_person",
]


def person_of(session: Session, organization_id: str, person_id: str) -> Person:
    """A person of the organization; to hold them, see `server.accounts.locks`. Raises NotFound."""
    wanted = select(Person).where(Person.id == person_id, Person.organization_id == organization_id)
    found = session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFound("there is no such person here")
    return found


def same_person(session: Session, person: Person) -> list[Person]:
    """The person's own row and every row that was merged into it."""
    found, waiting = {person.id: person}, [person.id]
    while waiting:
        wanted = select(Person).where(Person.organization_id == person.organization_id, Person.merged_into.in_(waiting))
        more = [each for each in session.scalars(wanted.order_by(Person.id)) if each.id not in found]
        found |= {each.id: each for each in more}
        waiting = [each.id for each in more]
    return list(found.values())


def same_account(session: Session, account: Account) -> list[Account]:
    """The account's own row and every row that was merged into it: a merge leaves no chains."""
    wanted = select(Account).where(Account.organization_id == account.organization_id)
    merged = session.scalars(wanted.where(Account.merged_into == account.id).order_by(Account.id))
    return [account, *merged]


def living(session: Session, account: Account, *, but: str = "") -> Sequence[Person]:
    """The people of an account who are neither merged nor erased."""
    wanted = select(Person).where(
        Person.account_id == account.id, Person.merged_into.is_(None), Person.erased_at.is_(None), Person.id != but
    )
    return session.scalars(wanted.order_by(Person.first_name, Person.id)).all()


def rows_of(session: Session, class_: Any, person_ids: Collection[str]) -> Sequence[Any]:
    """The rows of a table that say something about these people (`person_id`)."""
    return session.scalars(select(class_).where(class_.person_id.in_(person_ids))).all()


def last_movement_at(session: Session, organization_id: str, person_ids: Collection[str]) -> datetime | None:
    """When one of them was last seen at a door."""
    wanted = select(func.max(Event.occurred_at)).where(
        Event.organization_id == organization_id, Event.person_id.in_(person_ids)
    )
    found: datetime | None = session.scalar(wanted)
    return found


def archived_before(session: Session, organization_id: str, before: datetime) -> list[str]:
    """The people who were archived before the instant and are not erased."""
    wanted = select(Person.id).where(
        Person.organization_id == organization_id,
        Person.archived_at < before,
        Person.erased_at.is_(None),
        Person.merged_into.is_(None),
    )
    return list(session.scalars(wanted.order_by(Person.archived_at, Person.id)))


def is_picture_used(session: Session, sha256: str) -> bool:
    """Whether anything, in whatever organization, still refers to a picture."""
    used = (
        select(Person.id).where(or_(Person.profile_picture == sha256, Person.access_picture == sha256)),
        select(PictureVersion.id).where(PictureVersion.picture == sha256),
        select(AllowedAdult.id).where(AllowedAdult.picture == sha256),
        select(Contact.id).where(Contact.picture == sha256),
    )
    return any(session.scalars(each.limit(1)).first() is not None for each in used)
