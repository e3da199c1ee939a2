"""What an account is sold: memberships with their people, pauses and cancellations, and multipasses. No prices here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from access.domain.memberships import CancellationState
from access.domain.multipasses import Effective
from server.errors import NotFound
from server.models import (
    Account,
    Membership,
    MembershipPause,
    MembershipPerson,
    MembershipType,
    Multipass,
    MultipassType,
    new_id,
)

__all__ = [
    "change_membership",
    "membership_of",
    "membership_types",
    "multipass_types",
    "open_pause",
    "sell_membership",
    "sell_multipass",
]


def membership_types(session: Session, organization_id: str) -> list[MembershipType]:
    """What is sold now."""
    wanted = select(MembershipType).where(
        MembershipType.organization_id == organization_id, MembershipType.archived_at.is_(None)
    )
    return list(session.scalars(wanted.order_by(MembershipType.name_en, MembershipType.id)))


def multipass_types(session: Session, organization_id: str) -> list[MultipassType]:
    """What is sold now."""
    wanted = select(MultipassType).where(
        MultipassType.organization_id == organization_id, MultipassType.archived_at.is_(None)
    )
    return list(session.scalars(wanted.order_by(MultipassType.name_en, MultipassType.id)))


def membership_of(session: Session, organization_id: str, account_id: str, membership_id: str) -> Membership:
    """A membership of the account with its people and pauses. Raises NotFound."""
    wanted = select(Membership).where(
        Membership.id == membership_id,
        Membership.account_id == account_id,
        Membership.organization_id == organization_id,
    )
    found = session.scalars(
        wanted.options(selectinload(Membership.people), selectinload(Membership.pauses))
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such membership on this account")
    return found


def sell_membership(
    session: Session,
    account: Account,
    *,
    type_id: str,
    person_ids: Collection[str],
    starts_on: date,
    ends_on: date | None,
) -> Membership:
    """A new membership; without a last day it is on recurring billing."""
    made = Membership(
        id=new_id(),
        organization_id=account.organization_id,
        account_id=account.id,
        type_id=type_id,
        starts_on=starts_on,
        ends_on=ends_on,
        people=[MembershipPerson(person_id=each) for each in person_ids],
    )
    session.add(made)
    session.flush()
    return made


def change_membership(
    session: Session,
    membership: Membership,
    *,
    person_ids: Collection[str],
    starts_on: date,
    ends_on: date | None,
    pause: tuple[date, date | None] | None,
    cancellation: tuple[CancellationState, date | None] | None,
    today: date,
) -> None:
    """Its people, days, cancellation, and the pause that is on or to come (None: there is none). Past pauses stay."""
    for gone in [each for each in membership.people if each.person_id not in person_ids]:
        membership.people.remove(gone)
    covered = {each.person_id for each in membership.people}
    for person_id in person_ids:
        if person_id not in covered:
            membership.people.append(MembershipPerson(person_id=person_id))
    membership.starts_on, membership.ends_on = starts_on, ends_on
    membership.cancellation_state, membership.cancellation_ends_on = cancellation or (None, None)
    current = open_pause(membership, today)
    if pause is None:
        if current is not None:
            membership.pauses.remove(current)
    elif current is None:
        membership.pauses.append(MembershipPause(id=new_id(), first_on=pause[0], last_on=pause[1]))
    else:
        current.first_on, current.last_on = pause
    session.flush()


def open_pause(membership: Membership, today: date) -> MembershipPause | None:
    """The pause that is on, or the next one."""
    coming = [each for each in membership.pauses if each.last_on is None or each.last_on >= today]
    return min(coming, key=lambda each: each.first_on, default=None)


def sell_multipass(
    session: Session,
    account: Account,
    sold: MultipassType,
    *,
    person_id: str | None,
    purchased_on: date,
    effective_on: date | None,
) -> Multipass:
    """A new pass by its type's rules, which it keeps. `effective_on` is for types that take effect on a date."""
    made = Multipass(
        id=new_id(),
        organization_id=account.organization_id,
        account_id=account.id,
        type_id=sold.id,
        person_id=None if sold.is_family else person_id,
        purchased_on=purchased_on,
        total=sold.total,
        effective=sold.effective,
        effective_on=effective_on if sold.effective is Effective.ON_DATE else None,
        expires_after_days=sold.expires_after_days,
        expires_after_months=sold.expires_after_months,
        is_one_use_a_day=sold.is_one_use_a_day,
        is_strict=sold.is_strict,
    )
    session.add(made)
    session.flush()
    return made
