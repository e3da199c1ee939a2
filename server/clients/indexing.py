"""The index of the search, kept by one hook on the session: whoever changes a person, it changes with them.

Touched people and accounts are noted after each flush and indexed anew before the commit, in the same transaction.
On SQLite the words are also written to the full-text table `person_word`, many people in one statement: a statement
a person, as triggers would have it, costs FTS5 14 times as much.
`server.db` installs this hook after the feed's, which has locked the organization by then: one writer at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from sqlalchemy import Connection, Engine, column, delete, event, func, insert, inspect, literal, select, table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import get_history
from sqlalchemy.orm.base import PASSIVE_NO_INITIALIZE

from server.clients.folding import MAX_NAME, VERSION, Words, fold, scope_of, variants, words_of
from server.clients.folding import Person as Searched
from server.clients.matching import has_word
from server.models.people import Account, Person
from server.models.search import AccountOrder, NameVariant, PersonSearch, SearchVersion

__all__ = ["bring_up_to_date", "forget", "install", "rebuild", "reindex"]

_NOTED: Final = "gatehouse.search.noted"
_PERSON_COLUMNS: Final = (
    "first_name",
    "last_name",
    "email",
    "phone",
    "member_id",
    "account_id",
    "account",
    "organization_id",
)
_ACCOUNT_COLUMNS: Final = ("name", "owner_id", "organization_id")
_AT_ONCE: Final = 400
_BATCH: Final = 5_000
_people: Any = PersonSearch.__table__
_accounts: Any = AccountOrder.__table__
_names: Any = NameVariant.__table__
_versions: Any = SearchVersion.__table__
_FTS: Final = table("person_word", column("person_word"), column("rowid"), column("words"))
_COLUMNS: Final = [_people.c[name] for name in ("person_id", "organization_id", "by_last", "by_first", "words")]
_SCOPE: Final = 4


def install() -> None:
    """Listens on every session of the process; calling it again changes nothing."""
    for name, listener in (("after_flush", _after_flush), ("before_commit", _before_commit)):
        if not event.contains(Session, name, listener):
            event.listen(Session, name, listener)


def forget(session: Session) -> None:
    """Drops what was noted: the transaction was rolled back."""
    session.info.pop(_NOTED, None)


def reindex(session: Session, *, person_ids: Iterable[str] = (), account_ids: Iterable[str] = ()) -> None:
    """Has people and accounts indexed at the commit, for changes made without objects."""
    people, accounts = session.info.setdefault(_NOTED, (set(), set()))
    people.update(person_ids)
    accounts.update(account_ids)


def _after_flush(session: Session, _context: object) -> None:
    for obj in [*session.new, *session.dirty, *session.deleted]:
        if isinstance(obj, Person) and _is_touched(session, obj, _PERSON_COLUMNS):
            reindex(session, person_ids=[obj.id], account_ids=[each for each in _accounts_of(obj) if each])
        elif isinstance(obj, Account) and _is_touched(session, obj, _ACCOUNT_COLUMNS):
            reindex(session, account_ids=[obj.id], person_ids=[] if inspect(obj).pending else _members(session, obj))


def _is_touched(session: Session, obj: object, columns: Iterable[str]) -> bool:
    if obj not in session.dirty:
        return True
    attributes = inspect(obj, raiseerr=True).attrs
    return any(attributes[each].history.has_changes() for each in columns)


def _accounts_of(person: Person) -> set[str]:
    history = get_history(person, "account_id", PASSIVE_NO_INITIALIZE)
    return {person.account_id, *history.deleted}


def _members(session: Session, account: Account) -> list[str]:
    if not inspect(account).attrs.name.history.has_changes():
        return []
    return list(session.scalars(select(Person.id).where(Person.account_id == account.id)))


def _before_commit(session: Session) -> None:
    session.flush()
    noted: tuple[set[str], set[str]] | None = session.info.pop(_NOTED, None)
    if noted is None:
        return
    connection = session.connection()
    people, accounts = sorted(noted[0]), sorted(noted[1])
    for start in range(0, len(people), _AT_ONCE):
        _index_people(connection, people[start : start + _AT_ONCE])
    for start in range(0, len(accounts), _AT_ONCE):
        _index_accounts(connection, accounts[start : start + _AT_ONCE])


def _index_people(connection: Connection, ids: Collection[str]) -> None:
    mine = _people.c.person_id.in_(ids)
    before = {row["person_id"]: dict(row) for row in connection.execute(select(*_COLUMNS).where(mine)).mappings()}
    found = {row.id: (row, _words(row)) for row in connection.execute(_searched().where(Person.id.in_(ids)))}
    now = {id_: _row(*each) for id_, each in found.items()}
    stale = [id_ for id_, row in before.items() if now.get(id_) != row]
    fresh = [id_ for id_, row in now.items() if before.get(id_) != row]
    if stale:
        _full_text(connection, stale, is_gone=True)
        connection.execute(delete(_people).where(_people.c.person_id.in_(stale)))
    if fresh:
        connection.execute(insert(_people), [now[id_] for id_ in fresh])
        _full_text(connection, fresh)
    _add_variants(connection, ((found[id_][0].organization_id, name) for id_ in fresh for name in found[id_][1].names))
    _drop_variants(connection, [before[id_] for id_ in stale])


def _full_text(connection: Connection, ids: Collection[str], *, is_gone: bool = False) -> None:
    """Adds the rows of `person_search` to SQLite's full-text table, or takes them out before they are deleted."""
    if connection.dialect.name == "sqlite":
        command = [literal("delete")] if is_gone else []
        rows = select(*command, _people.c.no, _people.c.words).where(_people.c.person_id.in_(ids))
        columns = [*(_FTS.c.person_word for _ in command), _FTS.c.rowid, _FTS.c.words]
        connection.execute(insert(_FTS).from_select(columns, rows.order_by(_people.c.no)))


def _searched() -> Any:
    return select(
        Person.id,
        Person.organization_id,
        Person.first_name,
        Person.last_name,
        Person.member_id,
        Person.email,
        Person.phone,
        Account.name.label("account_name"),
    ).join(Account, Account.id == Person.account_id)


def _words(row: Any) -> Words:
    return words_of(
        Searched(
            first_name=row.first_name,
            last_name=row.last_name,
            member_id=row.member_id,
            email=row.email,
            phone=row.phone,
            account_name=row.account_name,
        )
    )


def _row(row: Any, words: Words) -> dict[str, Any]:
    scope = scope_of(row.organization_id)
    return {
        "person_id": row.id,
        "organization_id": row.organization_id,
        "by_last": words.by_last,
        "by_first": words.by_first,
        "words": " ".join(f"{scope}{word}" for word in words.all),
    }


def _add_variants(connection: Connection, names: Iterable[tuple[str, str]]) -> None:
    by_organization: dict[str, set[str]] = {}
    for organization_id, word in names:
        if word.isalpha():
            by_organization.setdefault(organization_id, set()).add(word)
    rows = [
        {"organization_id": organization_id, "variant": variant, "word": word}
        for organization_id, words in sorted(by_organization.items())
        for word in sorted(words - _known(connection, organization_id, words))
        for variant in sorted(variants(word))
    ]
    if rows:
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        connection.execute(dialect.insert(_names).on_conflict_do_nothing(), rows)


def _known(connection: Connection, organization_id: str, words: Collection[str]) -> set[str]:
    """Which words are there already: each is a variant of itself."""
    found: set[str] = set()
    wanted = select(_names.c.word).where(_names.c.organization_id == organization_id, _names.c.variant == _names.c.word)
    some = sorted(words)
    for start in range(0, len(some), _AT_ONCE):
        found.update(connection.scalars(wanted.where(_names.c.variant.in_(some[start : start + _AT_ONCE]))))
    return found


def _drop_variants(connection: Connection, before: Iterable[dict[str, Any]]) -> None:
    """Forgets the words that nobody of the organization has any more."""
    gone = {(row["organization_id"], word[_SCOPE:]) for row in before for word in row["words"].split()}
    for organization_id, word in sorted(gone):
        if word.isalpha() and not _is_used(connection, organization_id, word):
            mine = _names.c.organization_id == organization_id
            connection.execute(delete(_names).where(mine, _names.c.variant.in_(variants(word)), _names.c.word == word))


def _is_used(connection: Connection, organization_id: str, word: str) -> bool:
    used = select(_people.c.no).where(has_word(connection.dialect.name, organization_id, word)).limit(1)
    return connection.scalar(used) is not None


def _index_accounts(connection: Connection, ids: Collection[str]) -> None:
    connection.execute(delete(_accounts).where(_accounts.c.account_id.in_(ids)))
    rows = [_order(row) for row in connection.execute(_ordered().where(Account.id.in_(ids)))]
    if rows:
        connection.execute(insert(_accounts), rows)


def _ordered() -> Any:
    fields = (Account.id, Account.organization_id, Account.name, Person.first_name, Person.last_name)
    return select(*fields).outerjoin(Person, Person.id == Account.owner_id)


def _order(row: Any) -> dict[str, Any]:
    owner = fold(f"{row.last_name or ''} {row.first_name or ''}")
    return {"account_id": row.id, "organization_id": row.organization_id, "name": (owner or fold(row.name))[:MAX_NAME]}


def bring_up_to_date(engine: Engine) -> None:
    """Rebuilds the index when it was made by another version of the folding, or never."""
    with engine.begin() as connection:
        if connection.scalar(select(SearchVersion.version)) != VERSION:
            rebuild(connection)


def rebuild(connection: Connection) -> int:
    """Makes the whole index anew in the connection's transaction; returns how many people are in it."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE person_search IN EXCLUSIVE MODE"))
    for each in (_people, _accounts, _names, _versions):
        connection.execute(delete(each))
    known: set[tuple[str, str]] = set()
    last = ""
    while rows := connection.execute(_searched().where(Person.id > last).order_by(Person.id).limit(_BATCH)).all():
        found = [(row, _words(row)) for row in rows]
        connection.execute(insert(_people), [_row(row, words) for row, words in found])
        fresh = {(row.organization_id, word) for row, words in found for word in words.names} - known
        _add_variants(connection, fresh)
        known |= fresh
        last = rows[-1].id
    if connection.dialect.name == "sqlite":
        connection.execute(insert(_FTS).values(person_word="rebuild"))
    last = ""
    while rows := connection.execute(_ordered().where(Account.id > last).order_by(Account.id).limit(_BATCH)).all():
        connection.execute(insert(_accounts), [_order(row) for row in rows])
        last = rows[-1].id
    connection.execute(insert(_versions), {"version": VERSION})
    return int(connection.scalar(select(func.count()).select_from(_people)) or 0)
