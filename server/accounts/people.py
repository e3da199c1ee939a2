"""What may be changed about the people of an account, and what that changes elsewhere. The caller holds the account.

First name, last name and date of birth are one identity's, in every organization that knows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from access.domain.people import AgeGroup
from server.accounts import repository
from server.accounts.errors import MoveRefused, OwnerRefused
from server.accounts.holdings import is_membership_shared, take_along
from server.feed.projection import age_group
from server.models import Account, Contact, Person, Tag, new_id

__all__ = ["add_person", "adults", "change_owner", "change_person", "is_minor", "move_person", "put_tags"]


def is_minor(person: Person, today: date) -> bool:
    """Whether the person is known to be under 18; without a date of birth presumed adult."""
    return age_group(person.date_of_birth, today) is not AgeGroup.ADULT


def adults(people: Sequence[Person], today: date) -> list[Person]:
    """Those who are not known to be under 18."""
    return [each for each in people if not is_minor(each, today)]


def change_person(session: Session, person: Person, changes: dict[str, Any]) -> None:
    """Writes columns of a person; what is shared reaches their other organizations through `server.identities`.

    Raises OwnerRefused when a date of birth would make the account owner one under 18; the caller gives `today` as
    `changes["today"]`.
    """
    today: date = changes.pop("today")
    if "date_of_birth" in changes and person.account.owner_id == person.id:
        born_on = changes["date_of_birth"]
        if age_group(born_on, today) is not AgeGroup.ADULT:
            raise OwnerRefused("under_age")
    for name, value in changes.items():
        setattr(person, name, value)


def add_person(session: Session, account: Account, given: dict[str, Any]) -> Person:
    """A new member of the account. The account's first adult becomes its owner by `change_owner` only."""
    person = Person(
        id=new_id(),
        organization_id=account.organization_id,
        account_id=account.id,
        identity_id=new_id(),
        **given,
    )
    session.add(person)
    session.flush()
    return person


def change_owner(session: Session, account: Account, person_id: str, *, today: date) -> None:
    """Makes somebody else the account owner. Raises OwnerRefused.

    They are a member of the account and not known to be under 18, and the account has two such adults; one that has no
    owner yet needs one.
    """
    found = next((each for each in account.members if each.id == person_id), None)
    if found is None:
        raise OwnerRefused("not_a_member")
    if is_minor(found, today):
        raise OwnerRefused("under_age")
    if account.owner_id is not None and len(adults(account.members, today)) < 2:
        raise OwnerRefused("one_adult")
    account.owner_id = person_id


def move_person(session: Session, person: Person, target_id: str) -> None:
    """Takes a person and what is theirs alone to another account of the organization. Raises MoveRefused.

    Their own memberships, multipasses with their uses, registrations and allowed adults go along. What they share with
    others of the account cannot, nor can its owner; what they did at the doors stays in the old account's activity.
    """
    if target_id == person.account_id:
        raise MoveRefused("same_account")
    if person.account.owner_id == person.id:
        raise MoveRefused("is_owner")
    target = repository.locked_account(session, person.organization_id, target_id)
    if target is None or target.archived_at is not None or target.merged_into is not None:
        raise MoveRefused("unknown_account")
    repository.lock_person(session, person.id)
    if is_membership_shared(session, person):
        raise MoveRefused("shared_membership")
    take_along(session, person, target.id)
    _move_pick_up(session, person, target)
    person.account_id = target.id
    session.flush()


def _move_pick_up(session: Session, person: Person, target: Account) -> None:
    """Contacts stay where they are; the child's new account gets copies of those who may pick up the child."""
    rows = repository.allowed_adults(session, person.organization_id, person.account_id)
    contacts = {each.id: each for each in repository.contacts_of(session, person.organization_id, person.account_id)}
    for row in rows:
        if row.child_id != person.id:
            continue
        row.account_id = target.id
        contact = contacts.get(row.contact_id or "")
        if contact is not None:
            copied = ("first_name", "last_name", "relation", "phone", "email", "picture", "is_emergency")
            copy = Contact(id=new_id(), organization_id=target.organization_id, account_id=target.id)
            for name in copied:
                setattr(copy, name, getattr(contact, name))
            session.add(copy)
            row.contact_id = copy.id


def put_tags(person: Person, tags: Sequence[Tag], wanted_ids: Sequence[str]) -> None:
    """Leaves exactly these of the organization's tags on the person."""
    person.tags = [tag for tag in tags if tag.id in wanted_ids]
