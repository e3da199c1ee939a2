"""Every query of the account page. All are scoped to one organization."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from access.domain.memberships import Membership as LawMembership
from access.domain.multipasses import Multipass as LawMultipass
from access.domain.multipasses import PassUse as LawPassUse
from access.wire.events import EventKind
from access.wire.feed import EntityKind
from server.feed.projection import project
from server.models import (
    Account,
    Credential,
    Event,
    Membership,
    Multipass,
    PassUse,
    Person,
)

__all__ = [
    "account_by_id",
    "credentials_of",
    "last_entries",
    "memberships_of",
    "multipasses_of",
    "uses_of",
]


def account_by_id(session: Session, organization_id: str, account_id: str) -> Account | None:
    """An account of the organization with its people."""
    wanted = select(Account).where(Account.id == account_id, Account.organization_id == organization_id)
    return session.scalar(wanted.options(selectinload(Account.people)))


def memberships_of(session: Session, organization_id: str, account_id: str) -> list[LawMembership]:
    """The account's memberships as the law reads them, ended ones too."""
    ids = session.scalars(
        select(Membership.id).where(Membership.organization_id == organization_id, Membership.account_id == account_id)
    ).all()
    bodies = (item.body for item in project(session, EntityKind.MEMBERSHIP, ids=ids))
    return [body for body in bodies if isinstance(body, LawMembership)]


def multipasses_of(session: Session, organization_id: str, account_id: str) -> list[LawMultipass]:
    """The account's multipasses as the law reads them, used-up ones too."""
    ids = session.scalars(
        select(Multipass.id).where(Multipass.organization_id == organization_id, Multipass.account_id == account_id)
    ).all()
    bodies = (item.body for item in project(session, EntityKind.MULTIPASS, ids=ids))
    return [body for body in bodies if isinstance(body, LawMultipass)]


def uses_of(session: Session, organization_id: str, multipass_ids: Collection[str]) -> list[LawPassUse]:
    """Every use taken of these multipasses."""
    wanted = select(PassUse).where(PassUse.organization_id == organization_id, PassUse.multipass_id.in_(multipass_ids))
    return [
        LawPassUse(
            id=use.id,
            multipass_id=use.multipass_id,
            person_id=use.person_id,
            used_at=use.used_at,
            is_undone=use.is_undone,
        )
        for use in session.scalars(wanted)
    ]


def credentials_of(session: Session, organization_id: str, account_id: str) -> Sequence[Credential]:
    """What the account's people present, by person, newest first."""
    wanted = (
        select(Credential)
        .join(Credential.person)
        .where(Credential.organization_id == organization_id, Person.account_id == account_id)
        .options(joinedload(Credential.person))
    )
    ordered = wanted.order_by(Person.first_name, Person.last_name, Person.id, Credential.issued_at.desc())
    return session.scalars(ordered).all()


def last_entries(session: Session, organization_id: str, person_ids: Collection[str]) -> dict[str, datetime]:
    """When each of the people last came in, if ever."""
    found: dict[str, datetime] = {}
    for person_id in person_ids:
        wanted = select(Event.occurred_at).where(
            Event.organization_id == organization_id,
            Event.person_id == person_id,
            Event.kind == EventKind.CHECKED_IN,
        )
        at = session.scalar(wanted.order_by(Event.occurred_at.desc()).limit(1))
        if at is not None:
            found[person_id] = at
    return found
