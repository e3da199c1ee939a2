"""Finding the people and accounts that records mention: loaded for a batch at once, kept up to date meanwhile.

Whoever was merged into another row is that row here, by whatever key: other systems go on naming them as before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from server.imports.problems import Problem, RowRefused
from server.imports.records.base import Batch, Key, Record
from server.models import Account, Person, new_id

__all__ = ["AccountMention", "Accounts", "People", "PersonMention"]

_T = TypeVar("_T", Account, Person)


class PersonMention(Record):
    """Who a record is about, in one of three ways."""

    person_id: Key | None = None
    """The person's id here."""
    person: Key | None = None
    """The person's key in another system."""
    member_id: Key | None = None
    """The person's member ID."""


class AccountMention(Record):
    """Which account a record is about."""

    account_id: Key | None = None
    """The account's id here."""
    account: Key | None = None
    """The account's key in another system."""


class Accounts:
    """The accounts that a batch mentions."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._by_id: dict[str, Account] = {}
        self._by_key: dict[str, Account] = {}

    def gather(self, *, ids: Iterable[str | None] = (), keys: Iterable[str | None] = ()) -> None:
        """Looks them up."""
        for column, wanted in ((Account.id, ids), (Account.external_id, keys)):
            for found in _load(self._batch, Account, column, wanted):
                self.note(found)

    def note(self, account: Account) -> None:
        """Takes an account in."""
        self._by_id[account.id] = account
        if account.external_id:
            self._by_key[account.external_id] = account

    def by_id(self, id_: str | None) -> Account | None:
        """One of them."""
        return _kept(self._by_id, self._by_id.get(id_ or ""))

    def by_key(self, key: str | None) -> Account | None:
        """One of them, or one that an earlier row of a dry run would have made."""
        found = _kept(self._by_id, self._by_key.get(key or ""))
        if found is None and key and self._batch.is_dry and ("new account", key) in self._batch.claims:
            found = Account(id=new_id(), organization_id=self._batch.organization_id, external_id=key, owner_id="dry")
            self.note(found)
        return found

    def is_former(self, key: str | None) -> bool:
        """Whether the key is that of an account that was merged into another."""
        return _is_merged(self._by_key.get(key or ""))

    def mentioned(self, record: AccountMention) -> Account | None:
        """The account a record names; None when it names none. Raises RowRefused."""
        found: list[Account] = []
        for name, find in (("account_id", self.by_id), ("account", self.by_key)):
            value = getattr(record, name)
            if value is not None:
                account = find(value)
                if account is None:
                    raise RowRefused(Problem("unknown_account", name, value))
                found.append(account)
        if len({each.id for each in found}) > 1:
            raise RowRefused(Problem("references_disagree", "account", str(record.account)))
        return found[0] if found else None


class People:
    """The people that a batch mentions."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._by_id: dict[str, Person] = {}
        self._by_key: dict[str, Person] = {}
        self._by_member_id: dict[str, Person] = {}

    def gather(
        self,
        *,
        ids: Iterable[str | None] = (),
        keys: Iterable[str | None] = (),
        member_ids: Iterable[str | None] = (),
    ) -> None:
        """Looks them up."""
        for column, wanted in ((Person.id, ids), (Person.external_id, keys), (Person.member_id, member_ids)):
            for found in _load(self._batch, Person, column, wanted):
                self.note(found)

    def gather_mentioned(self, records: Iterable[PersonMention]) -> None:
        """Looks up those that the records name."""
        each = list(records)
        self.gather(
            ids=[one.person_id for one in each],
            keys=[one.person for one in each],
            member_ids=[one.member_id for one in each],
        )

    def note(self, person: Person) -> None:
        """Takes a person in."""
        self._by_id[person.id] = person
        if person.external_id:
            self._by_key[person.external_id] = person
        if person.member_id:
            self._by_member_id[person.member_id] = person

    def all_mentioned(self, records: Iterable[PersonMention]) -> list[Person]:
        """Whom the records name, as far as they are there; a record that names two may mean either."""
        found = (
            self.by_id(each.person_id) or self.by_key(each.person) or self.by_member_id(each.member_id)
            for each in records
        )
        return [each for each in found if each is not None]

    def whoever(self, name: str) -> Person | None:
        """Whom a member ID, a key or an id names."""
        return self.by_member_id(name) or self.by_key(name) or self.by_id(name)

    def by_id(self, id_: str | None) -> Person | None:
        """One of them."""
        return _kept(self._by_id, self._by_id.get(id_ or ""))

    def by_key(self, key: str | None) -> Person | None:
        """One of them."""
        return _kept(self._by_id, self._by_key.get(key or ""))

    def by_member_id(self, member_id: str | None) -> Person | None:
        """One of them."""
        return _kept(self._by_id, self._by_member_id.get(member_id or ""))

    def former(self, *, key: str | None, member_id: str | None) -> Mapping[str, Person]:
        """Which of the two are those of a row that was merged into another, and the row."""
        rows = {"external_id": self._by_key.get(key or ""), "member_id": self._by_member_id.get(member_id or "")}
        return {name: row for name, row in rows.items() if row is not None and _is_merged(row)}

    def mentioned(self, record: PersonMention) -> Person | None:
        """The person a record names; None when it names nobody. Raises RowRefused."""
        found: list[Person] = []
        for name, find in (("person_id", self.by_id), ("person", self.by_key), ("member_id", self.by_member_id)):
            value = getattr(record, name)
            if value is not None:
                person = find(value)
                if person is None:
                    raise RowRefused(Problem("unknown_person", name, value))
                found.append(person)
        if len({each.id for each in found}) > 1:
            raise RowRefused(Problem("references_disagree", "person", str(record.person or record.member_id)))
        return found[0] if found else None

    def named(self, name: str, field: str) -> Person:
        """The person behind a member ID or, failing that, a key or an id. Raises RowRefused."""
        by_member_id, by_key = self.by_member_id(name), self.by_key(name)
        if by_member_id and by_key and by_member_id is not by_key:
            raise RowRefused(Problem("references_disagree", field, name))
        found = by_member_id or by_key or self.by_id(name)
        if found is None:
            raise RowRefused(Problem("unknown_person", field, name))
        return found


def _load(batch: Batch, model: type[_T], column: InstrumentedAttribute[Any], wanted: Iterable[str | None]) -> list[_T]:
    """Those whom the values name, and whom they were merged into."""
    mine: Any = model.organization_id == batch.organization_id
    found: dict[str, _T] = {}
    values = {each for each in wanted if each}
    while values:
        rows = batch.session.scalars(select(model).where(mine, column.in_(values))).all()
        found |= {each.id: each for each in rows}
        column, values = model.id, {each.merged_into for each in rows if each.merged_into} - found.keys()
    return list(found.values())


def _kept(by_id: Mapping[str, _T], row: _T | None) -> _T | None:
    while row is not None and row.merged_into is not None:
        row = by_id.get(row.merged_into)
    is_erased = isinstance(row, Person) and row.erased_at is not None
    return None if is_erased else row


def _is_merged(row: Account | Person | None) -> bool:
    return row is not None and row.merged_into is not None
