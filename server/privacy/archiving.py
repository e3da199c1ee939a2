"""Archiving: a person leaves the doors and the lists, and all of their history stays; it can be taken back.

Doors forget the person with their cards: what is presented then is an unknown card. Cards are not revoked, so that they
work again when the person is brought back.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.locks import hold_account, hold_person
from server.accounts.repository import account_of
from server.models import Person
from server.privacy import repository
from server.privacy.errors import ArchiveRefused
from server.privacy.obstacles import WARNINGS, Obstacle, of_archiving, of_archiving_account

__all__ = ["archive_account", "archive_person", "unarchive_account", "unarchive_person"]


def archive_person(
    session: Session, organization_id: str, person_id: str, *, now: datetime, is_confirmed: bool = False
) -> None:
    """Archives a person; their account with them, when nobody else is left on it. Raises NotFound or ArchiveRefused.

    What is active (a membership, uses, registrations to come) has to be confirmed.
    """
    person = hold_person(session, organization_id, person_id)
    if person.archived_at is not None:
        return
    _refuse([each for each in of_archiving(session, person, now=now) if not is_confirmed or each not in WARNINGS])
    person.archived_at = now
    account = account_of(session, organization_id, person.account_id)
    session.flush()
    if account.archived_at is None and all(each.archived_at for each in repository.living(session, account)):
        account.archived_at = now


def unarchive_person(session: Session, organization_id: str, person_id: str) -> None:
    """Brings a person back to the lists and the doors, and their account. Raises NotFound or ArchiveRefused."""
    person = hold_person(session, organization_id, person_id)
    if person.erased_at is not None:
        _refuse([Obstacle.ALREADY_ERASED])
    if person.merged_into is not None:
        _refuse([Obstacle.MERGED])
    person.archived_at = None
    account_of(session, organization_id, person.account_id).archived_at = None


def archive_account(
    session: Session, organization_id: str, account_id: str, *, now: datetime, is_confirmed: bool = False
) -> None:
    """Archives an account with everyone on it. Raises NotFound or ArchiveRefused."""
    account = hold_account(session, organization_id, account_id)
    if account.archived_at is not None:
        return
    found = of_archiving_account(session, account, now=now)
    _refuse([each for each in found if not (is_confirmed and each in WARNINGS)])
    account.archived_at = now
    for each in [each for each in repository.living(session, account) if each.archived_at is None]:
        each.archived_at = now


def unarchive_account(session: Session, organization_id: str, account_id: str) -> None:
    """Brings back an account with those who were archived with it. Raises NotFound or ArchiveRefused."""
    account = hold_account(session, organization_id, account_id)
    if account.merged_into is not None:
        _refuse([Obstacle.MERGED])
    with_it = select(Person).where(
        Person.account_id == account.id,
        Person.archived_at == account.archived_at,
        Person.merged_into.is_(None),
        Person.erased_at.is_(None),
    )
    for each in session.scalars(with_it):
        each.archived_at = None
    account.archived_at = None


def _refuse(found: list[Obstacle]) -> None:
    if found:
        raise ArchiveRefused(found)
