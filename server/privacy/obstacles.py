"""What must happen before somebody leaves: what refuses, and what only warns. Reads only."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.domain.instants import local_day
from server.accounts import holdings
from server.accounts.repository import account_of
from server.models import Account, Activity, Membership, Multipass, Occurrence, Organization, Person, Registration
from server.privacy import repository
from server.retention.keeping import Keeping

__all__ = ["WARNINGS", "Obstacle", "of_archiving", "of_archiving_account", "of_deleting", "of_erasing"]


class Obstacle(StrEnum):
    """Why not (yet)."""

    IS_OWNER = "is_owner"
    """The account has other people, and needs another owner first."""
    BALANCE = "balance"
    """The account owes something, or is owed something, and would have nobody left."""
    ACTIVE_MEMBERSHIP = "active_membership"
    USES_LEFT = "uses_left"
    COMING_REGISTRATION = "coming_registration"
    NOT_ARCHIVED = "not_archived"
    KEPT_FOR_EVER = "kept_for_ever"
    """The retention settings delete nobody."""
    ARCHIVED_TOO_SHORT = "archived_too_short"
    RECENT_MOVEMENT = "recent_movement"
    ALREADY_ERASED = "already_erased"
    MERGED = "merged"


WARNINGS: Final = frozenset({Obstacle.ACTIVE_MEMBERSHIP, Obstacle.USES_LEFT, Obstacle.COMING_REGISTRATION})
"""What lapses when an admin says so knowingly."""


def of_archiving(session: Session, person: Person, *, now: datetime) -> list[Obstacle]:
    """What stands in the way of archiving: the owner of others and a balance refuse, what is active warns."""
    return [*_gone(person), *_of_account(session, person), *_active(session, person, now)]


def of_archiving_account(session: Session, account: Account, *, now: datetime) -> list[Obstacle]:
    """The same for everyone on an account, who leave together: a balance refuses, what is active warns."""
    people = [each for each in repository.living(session, account) if each.archived_at is None]
    found = {obstacle for each in people for obstacle in of_archiving(session, each, now=now)}
    found -= {Obstacle.IS_OWNER}
    if account.balance_cents:
        found.add(Obstacle.BALANCE)
    return [each for each in Obstacle if each in found]


def of_erasing(session: Session, person: Person, *, now: datetime) -> list[Obstacle]:
    """The same for an erasure that the person asked for; what is active lapses."""
    return of_archiving(session, person, now=now)


def of_deleting(session: Session, person: Person, *, now: datetime) -> list[Obstacle]:
    """What the retention settings still ask for before somebody is deleted; none of it can be waved through."""
    organization = session.get_one(Organization, person.organization_id)
    keeping = Keeping.of(organization.retention or {})
    found = [*_gone(person), *_of_account(session, person)]
    if person.archived_at is None:
        return [*found, Obstacle.NOT_ARCHIVED]
    if keeping.days["archived"] is None:
        found.append(Obstacle.KEPT_FOR_EVER)
    elif person.archived_at >= keeping.before("archived", now):
        found.append(Obstacle.ARCHIVED_TOO_SHORT)
    ids = [each.id for each in repository.same_person(session, person)]
    seen_at = repository.last_movement_at(session, person.organization_id, ids)
    if seen_at is not None and seen_at >= keeping.before("movements", now):
        found.append(Obstacle.RECENT_MOVEMENT)
    return found


def _gone(person: Person) -> list[Obstacle]:
    if person.erased_at is not None:
        return [Obstacle.ALREADY_ERASED]
    return [Obstacle.MERGED] if person.merged_into is not None else []


def _of_account(session: Session, person: Person) -> list[Obstacle]:
    account = account_of(session, person.organization_id, person.account_id)
    others = [each for each in repository.living(session, account, but=person.id) if each.archived_at is None]
    if others:
        return [Obstacle.IS_OWNER] if account.owner_id == person.id else []
    return [Obstacle.BALANCE] if account.balance_cents else []


def _active(session: Session, person: Person, now: datetime) -> list[Obstacle]:
    zone = ZoneInfo(session.get_one(Organization, person.organization_id).time_zone)
    today = local_day(now, zone)
    found = []
    if any(_is_running(each.ends_on, each.cancellation_ends_on, today) for each in _held(session, person)):
        found.append(Obstacle.ACTIVE_MEMBERSHIP)
    if any(_has_uses_left(session, each, today) for each in _passes(session, person)):
        found.append(Obstacle.USES_LEFT)
    coming = (
        select(Registration.id)
        .join(Activity, Activity.id == Registration.activity_id)
        .join(Occurrence, Occurrence.activity_id == Activity.id)
        .where(Registration.person_id == person.id, Registration.status != "cancelled", Occurrence.ends_at > now)
    )
    if session.scalars(coming.limit(1)).first() is not None:
        found.append(Obstacle.COMING_REGISTRATION)
    return found


def _held(session: Session, person: Person) -> list[Membership]:
    return list(holdings.memberships_of(session, person.organization_id, [person.id]))


def _passes(session: Session, person: Person) -> list[Multipass]:
    return list(holdings.multipasses_of(session, person.organization_id, [person.id]))


def _is_running(ends_on: date | None, cancelled_on: date | None, today: date) -> bool:
    last_on = min((each for each in (ends_on, cancelled_on) if each is not None), default=None)
    return last_on is None or last_on >= today


def _has_uses_left(session: Session, held: Multipass, today: date) -> bool:
    if held.expires_on is not None and held.expires_on < today:
        return False
    if held.total is None:
        return True
    used = [each for each in holdings.uses_of(session, held.organization_id, [held.id]) if not each.is_undone]
    return len(used) < held.total
