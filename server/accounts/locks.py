"""Holding accounts and people until the commit, always in one order, so that no two wait for each other.

The order: a device's mark, accounts, people, an activity, multipasses, events, and at the commit the heads of the
audit log and of the feed; rows of one table by their ids. Whoever is to hold a person therefore holds the account
first. Doors' events hold their people, never an account: they wait for a merge, and a merge for them. SQLite has one
writer at a time.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.errors import NotFound
from server.models import Account, Person

__all__ = ["hold_account", "hold_accounts", "hold_people", "hold_person"]


def hold_accounts(session: Session, organization_id: str, account_ids: Collection[str]) -> dict[str, Account]:
    """The organization's accounts among the ids as they are now; nobody else changes them, new rows may name them."""
    wanted = select(Account).where(Account.organization_id == organization_id, Account.id.in_(account_ids))
    held = wanted.order_by(Account.id).with_for_update(key_share=True).execution_options(populate_existing=True)
    return {each.id: each for each in session.scalars(held)}


def hold_account(session: Session, organization_id: str, account_id: str) -> Account:
    """The same of one. Raises NotFound."""
    found = hold_accounts(session, organization_id, [account_id])
    if account_id not in found:
        raise NotFound("there is no such account here")
    return found[account_id]


def hold_people(session: Session, organization_id: str, person_ids: Collection[str]) -> dict[str, Person]:
    """The organization's people among the ids as they are now, with their accounts; no new row names them."""
    mine = Person.organization_id == organization_id, Person.id.in_(person_ids)
    held: set[str] = set()
    # Who was moved while their account was waited for is followed.
    while missing := set(session.scalars(select(Person.account_id).where(*mine))) - held:
        hold_accounts(session, organization_id, missing)
        held |= missing
    wanted = select(Person).where(*mine).order_by(Person.id)
    found = session.scalars(wanted.with_for_update(of=Person).execution_options(populate_existing=True))
    return {each.id: each for each in found}


def hold_person(session: Session, organization_id: str, person_id: str) -> Person:
    """The same of one. Raises NotFound."""
    found = hold_people(session, organization_id, [person_id])
    if person_id not in found:
        raise NotFound("there is no such person here")
    return found[person_id]
