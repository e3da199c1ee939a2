"""Contacts and who may pick up which child: one row for each adult and child, of which the doors hear."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from server.accounts import repository
from server.models import AllowedAdult, Contact, Person, new_id

__all__ = ["children_of", "delete_contact", "may_pick_up"]


def children_of(rows: Collection[AllowedAdult], adult: Contact | Person) -> list[AllowedAdult]:
    """The rows in which this contact or person is the adult."""
    if isinstance(adult, Contact):
        return [row for row in rows if row.contact_id == adult.id]
    return [row for row in rows if row.adult_person_id == adult.id and row.contact_id is None]


def may_pick_up(session: Session, adult: Contact | Person, child_ids: Collection[str], *, relation: str) -> None:
    """Lets a contact or a member pick up exactly these children of their account, and brings the rows up to date."""
    rows = repository.allowed_adults(session, adult.organization_id, adult.account_id)
    known = {row.child_id: row for row in children_of(rows, adult)}
    is_contact = isinstance(adult, Contact)
    for child_id, row in known.items():
        if child_id not in child_ids:
            session.delete(row)
    for child_id in child_ids:
        row = known.get(child_id) or AllowedAdult(
            id=new_id(),
            organization_id=adult.organization_id,
            account_id=adult.account_id,
            child_id=child_id,
            contact_id=adult.id if is_contact else None,
            adult_person_id=None if is_contact else adult.id,
        )
        row.name = adult.full_name
        row.relation_en = row.relation_fr = relation
        row.picture = adult.picture if isinstance(adult, Contact) else adult.access_picture
        session.add(row)
    session.flush()


def delete_contact(session: Session, contact: Contact) -> None:
    """Takes a contact away; nobody is picked up by them any more."""
    may_pick_up(session, contact, (), relation="")
    session.delete(contact)
