"""What the list shows of accounts and their people, as plain rows: three queries for a page, however many are on it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.clients.planning import only_checked
from server.models import Account, Person, Tag, person_tag

__all__ = ["ListedAccount", "ListedPerson", "ListedTag", "listed_accounts"]


@dataclass(frozen=True, slots=True)
class ListedTag:
    """A tag as a badge."""

    id: str
    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """Somebody on an account; `tags` by name."""

    id: str
    account_id: str
    first_name: str
    last_name: str
    member_id: str | None
    email: str | None
    phone: str | None
    date_of_birth: date | None
    access_picture: str | None
    is_blocked: bool
    has_notify_flag: bool
    archived_at: datetime | None
    merged_into: str | None
    tags: tuple[ListedTag, ...] = ()

    @property
    def full_name(self) -> str:
        """First and last name, with one space."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True)
class ListedAccount:
    """An account and everybody on it, those of the archive too."""

    id: str
    name: str
    owner_id: str | None
    balance_cents: int
    archived_at: datetime | None
    merged_into: str | None
    people: tuple[ListedPerson, ...] = ()


_PERSON = (
    Person.id,
    Person.account_id,
    Person.first_name,
    Person.last_name,
    Person.member_id,
    Person.email,
    Person.phone,
    Person.date_of_birth,
    Person.access_picture,
    Person.is_blocked,
    Person.has_notify_flag,
    Person.archived_at,
    Person.merged_into,
)
_ACCOUNT = (
    Account.id,
    Account.name,
    Account.owner_id,
    Account.balance_cents,
    Account.archived_at,
    Account.merged_into,
)


def listed_accounts(session: Session, organization_id: str, account_ids: Collection[str]) -> dict[str, ListedAccount]:
    """These accounts of the organization by their ids."""
    if not account_ids:
        return {}
    mine, ours = (
        only_checked(Account.organization_id, organization_id),
        only_checked(Person.organization_id, organization_id),
    )
    accounts: Sequence[Any] = session.execute(select(*_ACCOUNT).where(Account.id.in_(account_ids), mine)).all()
    people: Sequence[Any] = session.execute(select(*_PERSON).where(Person.account_id.in_(account_ids), ours)).all()
    tags = _tags(session, [row[0] for row in people])
    members: dict[str, list[ListedPerson]] = {}
    for row in people:
        members.setdefault(row[1], []).append(replace(ListedPerson(*row), tags=tuple(tags.get(row[0], ()))))
    return {row[0]: replace(ListedAccount(*row), people=tuple(members.get(row[0], ()))) for row in accounts}


def _tags(session: Session, person_ids: Collection[str]) -> dict[str, list[ListedTag]]:
    wanted = select(person_tag.c.person_id, Tag.id, Tag.name, Tag.colour).join(Tag, Tag.id == person_tag.c.tag_id)
    found: dict[str, list[ListedTag]] = {}
    for person_id, *tag in session.execute(wanted.where(person_tag.c.person_id.in_(person_ids))):
        found.setdefault(person_id, []).append(ListedTag(*tag))
    return {person_id: sorted(tags, key=lambda each: (each.name, each.id)) for person_id, tags in found.items()}
