"""Every query of the account page. All are scoped to one organization."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from access.domain.memberships import Membership as LawMembership
from access.domain.multipasses import Multipass as LawMultipass
from access.domain.multipasses import PassUse as LawPassUse
from access.domain.registrations import RegistrationStatus
from access.wire.events import EventKind
from access.wire.feed import EntityKind
from server.admin.account.dated import Meeting, Place
from server.feed.projection import project
from server.models import (
    Account,
    Activity,
    Credential,
    Event,
    Membership,
    Multipass,
    Occurrence,
    PassUse,
    Person,
    Registration,
    Skill,
)

__all__ = [
    "account_by_id",
    "credentials_of",
    "dated_of",
    "has_skills",
    "last_entries",
    "memberships_of",
    "multipasses_of",
    "uses_of",
]


def account_by_id(session: Session, organization_id: str, account_id: str) -> Account | None:
    """An account of the organization with its people."""
    wanted = select(Account).where(Account.id == account_id, Account.organization_id == organization_id)
    return session.scalar(wanted.options(selectinload(Account.people).selectinload(Person.tags)))


def has_skills(session: Session, organization_id: str) -> bool:
    """Whether the organization records skills."""
    wanted = select(Skill.id).where(Skill.organization_id == organization_id, Skill.archived_at.is_(None))
    return session.scalars(wanted.limit(1)).one_or_none() is not None


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


def dated_of(
    session: Session, organization_id: str, account_id: str
) -> tuple[list[Place], dict[str, list[Meeting]], list[Place]]:
    """What the account's people are registered for, the meetings of it, and everyone who waits for the same."""
    wanted = select(Registration, Activity).join(Activity, Activity.id == Registration.activity_id)
    wanted = wanted.where(Registration.organization_id == organization_id)
    standing = Registration.status != RegistrationStatus.CANCELLED
    own = [_place(*row) for row in session.execute(wanted.where(Registration.account_id == account_id, standing))]
    activity_ids = {each.activity_id for each in own}
    meetings: dict[str, list[Meeting]] = {}
    for each in session.scalars(
        select(Occurrence).where(Occurrence.activity_id.in_(activity_ids), Occurrence.is_cancelled.is_(False))
    ):
        meetings.setdefault(each.activity_id, []).append(Meeting(each.id, each.starts_at, each.ends_at))
    waited = {each.activity_id for each in own if each.status is RegistrationStatus.WAITING}
    queue = wanted.join(Registration.person).where(
        Registration.activity_id.in_(waited),
        Registration.status == RegistrationStatus.WAITING,
        Person.archived_at.is_(None),
    )
    return own, meetings, [_place(*row) for row in session.execute(queue)] if waited else []


def _place(registration: Registration, activity: Activity) -> Place:
    return Place(
        id=registration.id,
        person_id=registration.person_id,
        activity_id=activity.id,
        kind=activity.kind,
        name=activity.name,
        status=registration.status,
        registered_at=registration.registered_at,
        occurrence_ids=tuple(registration.occurrence_ids or ()),
        has_invoice=registration.has_invoice,
    )
