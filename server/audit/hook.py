"""The one hook that fills the audit log: whatever a session changes in an audited table is told, whoever changes it.

Each written row is noted with its values before and after; before the commit the notes of one row become one entry.
What a savepoint takes back is forgotten. Bulk statements that would bypass this are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, event, inspect, select
from sqlalchemy.orm import InstanceState, Mapper, ORMExecuteState, Session, SessionTransaction, object_session
from sqlalchemy.orm.base import PASSIVE_NO_INITIALIZE

from server.audit.actor import SYSTEM, current_actor
from server.audit.entries import Note, write
from server.audit.subjects import ALWAYS_IGNORED, SUBJECTS, Subject
from server.audit.values import CHANGED, plain, tail
from server.models import EnrolmentCode, Organization

__all__ = ["erase", "follows", "forget", "install", "note"]

_NOTES: Final = "gatehouse.audit.notes"
_MARKS: Final = "gatehouse.audit.marks"
_BEFORE: Final = "gatehouse.audit.before"
_FOLLOWING: Final = "gatehouse.audit.following"
_EMPTY: Final[tuple[Any, ...]] = (None, "", [], {}, False)
_TAKEN_AT_ONCE: Final = (EnrolmentCode,)
"""One statement decides who takes a code; the device that it then names is told."""


def install() -> None:
    """Listens on every session of the process; calling it again changes nothing. Comes before the feed's hook."""
    if event.contains(Session, "before_commit", _before_commit):
        return
    event.listen(Session, "before_commit", _before_commit)
    event.listen(Session, "do_orm_execute", _refuse_bulk)
    event.listen(Session, "after_transaction_create", _mark)
    event.listen(Session, "after_soft_rollback", _forget_savepoint)
    for class_ in SUBJECTS:
        event.listen(class_, "after_insert", _inserted)
        event.listen(class_, "before_update", _about_to_change)
        event.listen(class_, "after_update", _updated)
        event.listen(class_, "before_delete", _about_to_go)
        event.listen(class_, "after_delete", _deleted)


def note(
    session: Session,
    *,
    entity: str,
    entity_id: str,
    what: str,
    organization_id: str,
    account_id: str | None = None,
    person_id: str | None = None,
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Writes down something that changes no row of its own, such as `person:exported`."""
    told = Note(entity, entity_id, what, current_actor(), organization_id, account_id, person_id)
    told.changes = plain(changes or {})
    _keep(session, told)


def erase(
    session: Session,
    *,
    organization_id: str,
    account_id: str | None = None,
    person_id: str | None = None,
    also: Iterable[tuple[str, str]] = (),
    changes: Mapping[str, Any] | None = None,
    written: Callable[[Session, int], None] | None = None,
) -> None:
    """Empties what the log says about a person, or about an account and all on it, up to and with this transaction.

    Who changed which row when stays, and the chain still holds: what changed is covered by a salted digest only. `also`
    are further rows (entity and id) that say something of them; `changes` is what the erasure says of itself, naming
    nobody; `written` is called with its number in the log, before the commit.
    """
    entity, entity_id = ("person", person_id) if person_id is not None else ("account", account_id)
    if entity_id is None:
        raise ValueError("erasing needs a person or an account")
    told = Note(entity, entity_id, "erased", current_actor(), organization_id, account_id, person_id, erases=True)
    told.changes, told.also, told.written = plain(changes or {}), tuple(also), written
    _keep(session, told)


def follows(session: Session, target: Any) -> None:
    """Has a row's change in this transaction told as the system's: it follows one in another organization, and names
    nobody from there."""
    session.info.setdefault(_FOLLOWING, set()).add(inspect(target))


def forget(session: Session) -> None:
    """Drops what was noted: the transaction was rolled back."""
    session.info.pop(_FOLLOWING, None)
    session.info.pop(_NOTES, None)
    session.info.pop(_MARKS, None)


def _keep(session: Session, told: Note) -> None:
    session.info.setdefault(_NOTES, []).append(told)


def _before_commit(session: Session) -> None:
    session.flush()
    notes: list[Note] = session.info.pop(_NOTES, [])
    session.info.pop(_MARKS, None)
    session.info.pop(_FOLLOWING, None)
    if notes:
        write(session, notes)


def _refuse_bulk(state: ORMExecuteState) -> None:
    if not (state.is_insert or state.is_update or state.is_delete) or state.bind_mapper is None:
        return
    class_ = state.bind_mapper.class_
    if class_ in SUBJECTS and class_ not in _TAKEN_AT_ONCE:
        raise TypeError(f"change {class_.__name__} through objects: the audit log must tell of it")


def _mark(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        session.info.setdefault(_MARKS, {})[transaction] = len(session.info.get(_NOTES, ()))


def _forget_savepoint(session: Session, transaction: SessionTransaction) -> None:
    marks: dict[SessionTransaction, int] = session.info.get(_MARKS, {})
    if transaction in marks:
        del session.info.get(_NOTES, [])[marks.pop(transaction) :]


# -- one row


def _inserted(mapper: Mapper[Any], _connection: Connection, target: Any) -> None:
    subject, state = SUBJECTS[type(target)], inspect(target)
    if subject.part:
        _tell(target, state, mapper, subject, "changed", {subject.part: [[], [_member(subject, state.dict)]]})
        return
    given = {name: state.dict.get(name) for name in _columns(mapper, subject)}
    changes = {name: _change(subject, name, None, value) for name, value in given.items() if value not in _EMPTY}
    _tell(target, state, mapper, subject, "created", changes | _lists(subject, state))


def _about_to_change(mapper: Mapper[Any], connection: Connection, target: Any) -> None:
    subject, state = SUBJECTS[type(target)], inspect(target)
    changed = [name for name in _columns(mapper, subject) if name in state.committed_state]
    unknown = [name for name in changed if not state.attrs[name].history.deleted]
    if unknown:
        _read_before(mapper, connection, target, unknown)


def _updated(mapper: Mapper[Any], _connection: Connection, target: Any) -> None:
    subject, state = SUBJECTS[type(target)], inspect(target)
    before = _known_before(target)
    changes: dict[str, Any] = {}
    for name in _columns(mapper, subject):
        if name not in state.committed_state:
            continue
        history = state.attrs[name].history
        old = history.deleted[0] if history.deleted else before.get(name)
        new = state.dict.get(name)
        if old != new:
            changes[name] = _change(subject, name, old, new)
    if subject.part:
        if changes:
            old_row = {**state.dict, **{name: change[0] for name, change in changes.items()}}
            both = [[_member(subject, old_row)], [_member(subject, state.dict)]]
            _tell(target, state, mapper, subject, "changed", {subject.part: both})
        return
    changes |= _lists(subject, state)
    if changes:
        _tell(target, state, mapper, subject, "changed", changes)


def _about_to_go(mapper: Mapper[Any], connection: Connection, target: Any) -> None:
    state = inspect(target)
    unknown = [name for name in _columns(mapper, SUBJECTS[type(target)]) if name not in state.dict]
    if unknown:
        _read_before(mapper, connection, target, unknown)


def _deleted(mapper: Mapper[Any], _connection: Connection, target: Any) -> None:
    subject, state = SUBJECTS[type(target)], inspect(target)
    row = {**state.dict, **_known_before(target)}
    # A key that its parent took back is still the key that the row had.
    row |= {name: old for name, old in state.committed_state.items() if isinstance(old, str) and not row.get(name)}
    if subject.part:
        _tell(target, state, mapper, subject, "changed", {subject.part: [[_member(subject, row)], []]}, row)
        return
    given = {name: row.get(name) for name in _columns(mapper, subject)}
    changes = {name: _change(subject, name, value, None) for name, value in given.items() if value not in _EMPTY}
    _tell(target, state, mapper, subject, "deleted", changes, row)


def _tell(
    target: Any,
    state: InstanceState[Any],
    mapper: Mapper[Any],
    subject: Subject,
    what: str,
    changes: dict[str, Any],
    row: Mapping[str, Any] | None = None,
) -> None:
    session = object_session(target)
    if session is None:
        return
    row = state.dict if row is None else row
    keys = [str(row[str(column.key)]) for column in mapper.primary_key]
    entity_id = str(row[subject.part_of]) if subject.part else ":".join(keys)
    actor = SYSTEM if state in session.info.get(_FOLLOWING, ()) else current_actor()
    told = Note(subject.entity, entity_id, what, actor, changes=changes)
    told.organization_id = entity_id if isinstance(target, Organization) else row.get("organization_id")
    told.account_id = entity_id if subject.entity == "account" else row.get("account_id")
    told.person_id = row.get(subject.person)
    if subject.part:
        told.parent = ("membership", entity_id)
    elif told.organization_id is None:
        told.parent = _parent(subject, row)
    _keep(session, told)


def _parent(subject: Subject, row: Mapping[str, Any]) -> tuple[str, str]:
    if subject.entity == "occurrence":
        return "activity", row["activity_id"]
    if subject.entity == "client_login":
        return "identity", row["identity_id"]
    return "person", row["person_id"]


@cache
def _columns(mapper: Mapper[Any], subject: Subject) -> list[str]:
    skipped = subject.ignored | ALWAYS_IGNORED
    return [name for name in mapper.column_attrs.keys() if name not in skipped]  # noqa: SIM118 - no dict


def _change(subject: Subject, name: str, old: Any, new: Any) -> Any:
    if name in subject.secrets:
        return CHANGED
    if name in subject.masked:
        return [tail(old), tail(new)]
    return [plain(old), plain(new)]


def _lists(subject: Subject, state: InstanceState[Any]) -> dict[str, Any]:
    """What left and what came, of relationships that are lists of other things."""
    changes = {}
    for name in subject.lists:
        if name in state.committed_state or state.key is None:
            history = state.get_history(name, PASSIVE_NO_INITIALIZE)
            both = [sorted(each.id for each in side or ()) for side in (history.deleted, history.added)]
            if any(both):
                changes[name] = both
    return changes


def _member(subject: Subject, row: Mapping[str, Any]) -> str:
    if subject.part == "people":
        return str(row["person_id"])
    return f"{plain(row['first_on'])}/{plain(row.get('last_on')) or ''}"


def _read_before(mapper: Mapper[Any], connection: Connection, target: Any, names: list[str]) -> None:
    """Values that the object does not remember, from its row before it changes."""
    session, identity = object_session(target), inspect(target).identity
    if session is None or identity is None:
        return
    columns = [mapper.column_attrs[name].columns[0].label(name) for name in names]
    of_row = [column == key for column, key in zip(mapper.primary_key, identity, strict=True)]
    found = connection.execute(select(*columns).where(*of_row)).mappings().one_or_none()
    session.info.setdefault(_BEFORE, {})[id(target)] = dict(found) if found else {}


def _known_before(target: Any) -> dict[str, Any]:
    session = object_session(target)
    known: dict[str, Any] = session.info.get(_BEFORE, {}).pop(id(target), {}) if session else {}
    return known
