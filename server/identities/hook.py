"""The one hook that keeps the rows of an identity alike, whoever changes one of them: in the same transaction, before
the flush, so that the feed and the audit log of every organization hear of it. Only what is `SHARED` ever crosses.

Whoever erases a person takes the row's `identity_id` away in the same flush: such a row speaks for nobody else.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session

from server.audit.actor import current_actor
from server.audit.hook import follows
from server.identities.repository import adult_rows, rows_of
from server.models import ApiToken, Person, Staff

__all__ = ["SHARED", "install", "shared_of"]

SHARED: Final = ("first_name", "last_name", "date_of_birth", "profile_picture")
_NAMES: Final = ("first_name", "last_name")


def install() -> None:
    """Listens on every session of the process; calling it again changes nothing."""
    if not event.contains(Session, "before_flush", _before_flush):
        event.listen(Session, "before_flush", _before_flush)


def shared_of(person: Person) -> dict[str, Any]:
    """What another organization's row of the same identity has."""
    return {name: getattr(person, name) for name in SHARED}


def _before_flush(session: Session, _context: object, _instances: object) -> None:
    changed = [each for each in session.dirty if isinstance(each, Person)]
    for person in sorted(changed, key=lambda each: each.id):
        changes = _changes(person)
        if changes:
            _carry(session, person, changes)


def _changes(person: Person) -> dict[str, Any]:
    state = inspect(person)
    return {name: getattr(person, name) for name in SHARED if state.attrs[name].history.has_changes()}


def _carry(session: Session, person: Person, changes: dict[str, Any]) -> None:
    rows = [person]
    if person.identity_id is not None:
        with session.no_autoflush:
            rows = [person, *(each for each in rows_of(session, person.identity_id, is_locked=True) if each != person)]
    home = _home(session, person) if len(rows) > 1 else person.organization_id
    for each in rows:
        for name, value in changes.items():
            if getattr(each, name) != value:
                setattr(each, name, value)
        if each.organization_id != home:
            follows(session, each)
    if any(name in changes for name in _NAMES):
        _rename_adults(session, rows, home)


def _home(session: Session, person: Person) -> str:
    """Whose staff or program acts; the first row's organization when somebody else does."""
    actor, tables = current_actor(), {"staff": Staff.organization_id, "token": ApiToken.organization_id}
    if actor.id is None or actor.kind not in tables:
        return person.organization_id
    column = tables[actor.kind]
    with session.no_autoflush:
        found = session.scalars(select(column).where(column.class_.id == actor.id)).one_or_none()
    return found or person.organization_id


def _rename_adults(session: Session, rows: list[Person], home: str) -> None:
    """Who may pick up a child is called as they are."""
    by_id = {each.id: each for each in rows}
    with session.no_autoflush:
        for adult in adult_rows(session, by_id):
            adult.name = by_id[adult.adult_person_id or ""].full_name
            if adult.organization_id != home:
                follows(session, adult)
