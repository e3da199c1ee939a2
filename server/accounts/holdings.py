"""What people have: their passes, registrations and links, and what of it goes along to another account."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from server.models import ClientToken, Membership, MembershipPerson, Multipass, PassUse, Person, Registration

__all__ = [
    "Holding",
    "holdings_of",
    "is_membership_shared",
    "memberships_of",
    "multipasses_of",
    "take_along",
    "uses_of",
]

Holding = Membership | Multipass | PassUse | Registration | ClientToken
"""A row of a person that also names the account."""


def memberships_of(session: Session, organization_id: str, person_ids: Collection[str]) -> Sequence[Membership]:
    """The memberships that cover these people, with everyone they cover."""
    covered = select(MembershipPerson.membership_id).where(MembershipPerson.person_id.in_(person_ids))
    wanted = select(Membership).where(Membership.organization_id == organization_id, Membership.id.in_(covered))
    return session.scalars(wanted.order_by(Membership.id).options(selectinload(Membership.people))).all()


def is_membership_shared(session: Session, person: Person) -> bool:
    """Whether a membership of the person covers others, too."""
    held = memberships_of(session, person.organization_id, [person.id])
    return any(len(each.people) > 1 for each in held)


def multipasses_of(session: Session, organization_id: str, person_ids: Collection[str]) -> Sequence[Multipass]:
    """The multipasses of their own."""
    wanted = select(Multipass).where(Multipass.organization_id == organization_id, Multipass.person_id.in_(person_ids))
    return session.scalars(wanted.order_by(Multipass.id)).all()


def uses_of(session: Session, organization_id: str, multipass_ids: Collection[str]) -> Sequence[PassUse]:
    """Every use taken of these multipasses, undone ones too."""
    wanted = select(PassUse).where(PassUse.organization_id == organization_id, PassUse.multipass_id.in_(multipass_ids))
    return session.scalars(wanted.order_by(PassUse.used_at, PassUse.id)).all()


def holdings_of(session: Session, person: Person) -> list[Holding]:
    """All that was bought for a person or given to them, with the uses: doors look for those on the pass's account."""
    organization_id, ids = person.organization_id, [person.id]
    passes = multipasses_of(session, organization_id, ids)
    return [
        *memberships_of(session, organization_id, ids),
        *passes,
        *uses_of(session, organization_id, [each.id for each in passes]),
        *session.scalars(select(Registration).where(Registration.person_id == person.id)),
        *session.scalars(select(ClientToken).where(ClientToken.person_id == person.id)),
    ]


def take_along(session: Session, person: Person, account_id: str) -> list[Holding]:
    """Has what the person holds name another account; answers what did not name it yet."""
    moved = [each for each in holdings_of(session, person) if each.account_id != account_id]
    for row in moved:
        row.account_id = account_id
    return moved
