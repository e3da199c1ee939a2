"""From the notes of a transaction to its entries: one for each row and actor, each in its organization's chain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, and_, or_, select, tuple_, update
from sqlalchemy.orm import Session

from server.audit.actor import Actor
from server.audit.chain import append
from server.audit.values import merged
from server.models import Activity, AuditEntry, Membership, Person, utc_now

__all__ = ["Note", "write"]

_CHUNK: Final = 500
_OF_ROWS: Final = ("created", "changed", "deleted")
_NOTHING: Final = ""
_PARENTS: Final[dict[str, type[Any]]] = {"person": Person, "membership": Membership, "activity": Activity}
_ENTRY: Final[Table] = AuditEntry.__table__  # type: ignore[assignment]


@dataclass(slots=True)
class Note:
    """One change on its way into the log. `parent` says through which row the organization is found.

    One that `erases` empties what earlier entries say about its person or account, and about the rows `also` (entity
    and id) whose entries belong to somebody else. `written` is called with the number of its entry, in the transaction.
    """

    entity: str
    entity_id: str
    what: str
    actor: Actor
    organization_id: str | None = None
    account_id: str | None = None
    person_id: str | None = None
    parent: tuple[str, str] | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    erases: bool = False
    also: tuple[tuple[str, str], ...] = ()
    written: Callable[[Session, int], None] | None = None


def write(session: Session, notes: Sequence[Note]) -> None:
    """Puts the notes of a transaction, in their order, into the logs of their organizations."""
    found = _Owners(session, notes)
    by_organization: dict[str, list[Note]] = {}
    for told in _merged(notes):
        for placed in found.placed(told):
            assert placed.organization_id is not None
            by_organization.setdefault(placed.organization_id, []).append(placed)
    at = utc_now()
    for organization_id in sorted(by_organization):
        # Whoever erases comes last, so that nothing of the same transaction outlives it.
        placed_notes = sorted(by_organization[organization_id], key=lambda each: each.erases)
        seqs = append(session, organization_id, [_row(each) for each in placed_notes], at=at)
        for told, seq in zip(placed_notes, seqs, strict=True):
            if told.erases:
                _erase(session, organization_id, told, seq)
            if told.written is not None:
                told.written(session, seq)


def _merged(notes: Iterable[Note]) -> list[Note]:
    """One note for each row and actor; a row that came and went in one transaction was never there."""
    kept: list[Note] = []
    open_notes: dict[tuple[str, str, Actor], Note] = {}
    for told in notes:
        if told.what not in _OF_ROWS:
            kept.append(told)
            continue
        key = (told.entity, told.entity_id, told.actor)
        known = open_notes.get(key)
        if known is None:
            open_notes[key] = known = replace(told)
            kept.append(known)
            continue
        known.changes = merged(known.changes, told.changes)
        known.what = _both(known.what, told.what)
        known.account_id, known.person_id = told.account_id or known.account_id, told.person_id or known.person_id
        known.organization_id, known.parent = told.organization_id or known.organization_id, told.parent or known.parent
    return [each for each in kept if each.what != _NOTHING and (each.changes or each.what != "changed")]


def _both(first: str, then: str) -> str:
    if first == "created":
        return _NOTHING if then == "deleted" else "created"
    return "changed" if (first, then) == ("deleted", "created") else then


def _row(told: Note) -> dict[str, Any]:
    return {
        "actor_kind": told.actor.kind,
        "actor_id": told.actor.id,
        "action": f"{told.entity}:{told.what}",
        "entity": told.entity,
        "entity_id": told.entity_id,
        "account_id": told.account_id,
        "person_id": told.person_id,
        "changes": told.changes,
        "erased_by": None,
    }


def _erase(session: Session, organization_id: str, told: Note, seq: int) -> None:
    concerned: list[ColumnElement[bool]] = []
    if told.person_id is not None:
        concerned.append(_ENTRY.c.person_id == told.person_id)
    if told.entity == "account":
        concerned.append(_ENTRY.c.account_id == told.entity_id)
    for start in range(0, len(told.also), _CHUNK):
        concerned.append(tuple_(_ENTRY.c.entity, _ENTRY.c.entity_id).in_(told.also[start : start + _CHUNK]))
    # What an erasure says of itself names nobody, and the check of the doors' events needs it.
    concerned = [and_(each, _ENTRY.c.action.not_like("%:erased")) for each in concerned]
    earlier = and_(_ENTRY.c.organization_id == organization_id, _ENTRY.c.seq < seq, _ENTRY.c.erased_by.is_(None))
    session.execute(update(_ENTRY).where(earlier, or_(*concerned)).values(changes={}, salt="", erased_by=seq))


class _Owners:
    """To whom rows belong that do not say so themselves: found among the notes, or asked of the database at once."""

    def __init__(self, session: Session, notes: Iterable[Note]) -> None:
        self._session = session
        self._known: dict[tuple[str, str], tuple[str, str | None]] = {}
        for told in notes:
            is_whole = told.entity in _PARENTS and (told.account_id is not None or told.entity == "activity")
            if is_whole and told.organization_id is not None:
                self._known[told.entity, told.entity_id] = (told.organization_id, told.account_id)
        self._ask(notes)

    def _ask(self, notes: Iterable[Note]) -> None:
        unknown: dict[str, dict[str, None]] = {name: {} for name in _PARENTS}
        for told in notes:
            if told.parent and told.parent[0] != "identity" and told.parent not in self._known:
                unknown[told.parent[0]][told.parent[1]] = None
            if told.account_id is None and told.person_id and ("person", told.person_id) not in self._known:
                unknown["person"][told.person_id] = None
        for name, ids in unknown.items():
            class_, wanted = _PARENTS[name], list(ids)
            account: Any = class_.account_id if hasattr(class_, "account_id") else None
            columns = [class_.id, class_.organization_id, *([account] if account is not None else [])]
            for start in range(0, len(wanted), _CHUNK):
                for row in self._session.execute(select(*columns).where(class_.id.in_(wanted[start : start + _CHUNK]))):
                    self._known[name, row[0]] = (row[1], row[2] if account is not None else None)

    def placed(self, told: Note) -> Iterator[Note]:
        """The note with its organization and account; once for each organization that knows a shared identity."""
        if told.parent and told.parent[0] == "identity":
            shared = select(Person.id, Person.organization_id, Person.account_id)
            for person_id, organization_id, account_id in self._session.execute(
                shared.where(Person.identity_id == told.parent[1])
            ):
                yield replace(told, organization_id=organization_id, account_id=account_id, person_id=person_id)
            return
        if told.parent and told.organization_id is None:
            told.organization_id, of_parent = self._known[told.parent]
            told.account_id = told.account_id or of_parent
        if told.account_id is None and told.person_id:
            told.account_id = self._known.get(("person", told.person_id), ("", None))[1]
        yield told
