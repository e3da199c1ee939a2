"""People: matched by `external_id`, else by `member_id`. A new one comes with an account, found or made.

The first adult of a new account owns it, unless another row says `is_owner`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from pydantic import field_validator

from access.domain.people import Language
from server.imports.problems import Problem, RowRefused
from server.imports.records.archived import check_here
from server.imports.records.base import (
    Batch,
    Change,
    Key,
    Kind,
    Outcome,
    Record,
    changed_fields,
    line,
    lines,
    put_fields,
    refuse_clearing,
)
from server.imports.records.columns import columns_of
from server.imports.records.lookup import Accounts, People
from server.imports.records.owners import is_adult
from server.mail.addresses import checked
from server.models import Account, Person, new_id
from server.staff.service import is_email

__all__ = ["PEOPLE", "PersonRecord"]

_FIELDS: Final = {
    "external_id": None,
    "member_id": None,
    "first_name": "",
    "last_name": "",
    "date_of_birth": None,
    "language": None,
    "email": None,
    "phone": None,
    "gender": "",
    "address_line_1": "",
    "address_line_2": "",
    "city": "",
    "province": "",
    "postal_code": "",
    "country": "",
    "wants_email": False,
    "wants_sms": False,
    "is_blocked": False,
    "has_notify_flag": False,
    "admin_note": "",
}


class PersonRecord(Record):
    """Anyone who can be checked in."""

    external_id: Key | None = None
    """Their key in another system: the same key is the same person."""
    member_id: Key | None = None
    """The number on their card; text, leading zeros count."""
    account: Key | None = None
    """The key of their account in another system; an account that is not there yet is made."""
    account_id: Key | None = None
    """The id of their account here."""
    is_owner: bool | None = None
    """Whether they answer for the account."""
    first_name: line(200) | None = None  # type: ignore[valid-type]
    last_name: line(200) | None = None  # type: ignore[valid-type]
    date_of_birth: date | None = None
    language: Language | None = None
    email: line(254) | None = None  # type: ignore[valid-type]
    phone: line(40) | None = None  # type: ignore[valid-type]
    gender: line(40) | None = None  # type: ignore[valid-type]
    address_line_1: line(200) | None = None  # type: ignore[valid-type]
    address_line_2: line(200) | None = None  # type: ignore[valid-type]
    city: line(100) | None = None  # type: ignore[valid-type]
    province: line(100) | None = None  # type: ignore[valid-type]
    postal_code: line(20) | None = None  # type: ignore[valid-type]
    country: line(2) | None = None  # type: ignore[valid-type]
    """Two letters (ISO 3166-1)."""
    wants_email: bool | None = None
    wants_sms: bool | None = None
    is_blocked: bool | None = None
    """Nobody opens a door for them."""
    has_notify_flag: bool | None = None
    """Staff are asked to have a look."""
    admin_note: lines(4000) | None = None  # type: ignore[valid-type]
    """For staff; may have several lines."""

    @field_validator("email")
    @classmethod
    def _as_mail_servers_know_it(cls, value: str | None) -> str | None:
        """A domain in other letters is kept in ASCII, as the office keeps it."""
        return value if value is None or value.isascii() else (checked(value) or value)

    @field_validator("country")
    @classmethod
    def _capitals(cls, value: str | None) -> str | None:
        return value.upper() if value else value


class _Upsert:
    def __init__(self, batch: Batch) -> None:
        self._batch, self._accounts, self._people = batch, Accounts(batch), People(batch)

    def gather(self, records: Sequence[PersonRecord]) -> None:
        self._people.gather(
            keys=[each.external_id for each in records], member_ids=[each.member_id for each in records]
        )
        held = [self._match(each, None) for each in records]
        self._accounts.gather(
            ids=[*(each.account_id for each in records), *(each.account_id for each in held if each)],
            keys=[each.account for each in records],
        )

    def put(self, record: PersonRecord, *, id: str | None = None) -> Change:
        batch = self._batch
        batch.claim("person", record.external_id, "external_id")
        batch.claim("member_id", record.member_id, "member_id")
        if id is not None:
            self._people.gather(ids=[id])
        person = self._match(record, id)
        former = self._people.former(key=record.external_id, member_id=record.member_id)
        if former and id is not None:
            name, holder = next(iter(former.items()))
            raise RowRefused(_taken(record, name, holder))
        self._check(record, person, former)
        account = self._account(record, person, former.values())
        if person is None:
            return self._add(record, account)
        batch.claim("row of", person.id, "external_id", shown=record.external_id or record.member_id)
        held = account or self._account_of(person) if not former or account is not None else None
        if record.is_owner and held is not None and held.owner_id != person.id:
            check_here(held, [person], "is_owner")
        # What they were called before the merge stays with the row that was merged away.
        fields = {name: _FIELDS[name] for name in _FIELDS if name not in former}
        is_changed = put_fields(person, changed_fields(person, record, fields))
        self._people.note(person)
        is_changed |= self._own(record, person, held)
        return Change(Outcome.CHANGED if is_changed else Outcome.UNCHANGED, person.id)

    def _match(self, record: PersonRecord, id_: str | None) -> Person | None:
        if id_ is not None:
            return self._people.by_id(id_)
        return self._people.by_key(record.external_id) or self._people.by_member_id(record.member_id)

    def _check(self, record: PersonRecord, person: Person | None, former: Mapping[str, Person]) -> None:
        refuse_clearing(record, "first_name")
        found = list(_objections(record, self._batch.today))
        if person is None and record.external_id is None and record.member_id is None and self._batch.row:
            found.append(Problem("key_missing", "external_id"))
        if person is None and not record.gives("first_name"):
            found.append(Problem("required", "first_name"))
        if found:
            raise RowRefused(*found)
        if person is not None:
            self._check_keys(record, person, former)

    def _check_keys(self, record: PersonRecord, person: Person, former: Mapping[str, Person]) -> None:
        if (holder := self._people.by_member_id(record.member_id)) is not None and holder is not person:
            raise RowRefused(_taken(record, "member_id", holder))
        other = self._people.by_key(record.external_id)
        is_other_key = bool(record.external_id and person.external_id and person.external_id != record.external_id)
        is_change = is_other_key and "external_id" not in former
        if (other is not None and other is not person) or (is_change and self._batch.row):
            raise RowRefused(_taken(record, "external_id", other or person))

    def _account(self, record: PersonRecord, person: Person | None, former: Iterable[Person]) -> Account | None:
        """The account that the record names and that is there; of a `former` row also its own. Raises RowRefused."""
        found = self._accounts.by_id(record.account_id) if record.account_id else None
        if record.account_id and found is None:
            raise RowRefused(Problem("unknown_account", "account_id", record.account_id))
        keyed = self._accounts.by_key(record.account) if record.account else None
        if found is not None and record.account and keyed is not found:
            raise RowRefused(Problem("references_disagree", "account", record.account))
        found = found or keyed
        named = record.account or record.account_id
        if person is not None and named and (found is None or found.id != person.account_id):
            if found is None or found.id not in {each.account_id for each in former}:
                raise RowRefused(Problem("other_account", "account", named))
            found = None
        born_on = record.date_of_birth if record.has("date_of_birth") else person.date_of_birth if person else None
        is_owner = record.is_owner or (
            person is not None and (held := self._account_of(person)) is not None and held.owner_id == person.id
        )
        if is_owner and not is_adult(born_on, self._batch.today):
            raise RowRefused(Problem("owner_minor", "date_of_birth", str(born_on)))
        return found

    def _account_of(self, person: Person) -> Account | None:
        held = self._accounts.by_id(person.account_id)
        if held is None:
            self._accounts.gather(ids=[person.account_id])
            held = self._accounts.by_id(person.account_id)
        return held

    def _add(self, record: PersonRecord, account: Account | None) -> Change:
        batch = self._batch
        check_here(account, (), "account", record.account or record.account_id or "")
        if account is None:
            account = Account(id=new_id(), organization_id=batch.organization_id, external_id=record.account)
            if record.account:
                batch.claims.setdefault(("new account", record.account), batch.row)
            batch.session.add(account)
            self._accounts.note(account)
        # Columns that are not set have their defaults; setting them all would take as long as the rest.
        given = ((name, getattr(record, name)) for name in _FIELDS)
        values: dict[str, Any] = {name: value for name, value in given if value is not None}
        person = Person(id=new_id(), organization_id=batch.organization_id, account_id=account.id, **values)
        batch.session.add(person)
        self._people.note(person)
        self._own(record, person, account)
        return Change(Outcome.ADDED, person.id)

    def _own(self, record: PersonRecord, person: Person, account: Account | None) -> bool:
        if account is None or account.owner_id == person.id:
            return False
        is_here = person.archived_at is None and account.archived_at is None
        is_first = account.owner_id is None and is_here and is_adult(person.date_of_birth, self._batch.today)
        if record.is_owner or (is_first and record.is_owner is None):
            account.owner_id = person.id
            return True
        return False


def _objections(record: PersonRecord, today: date) -> Iterator[Problem]:
    born_on, country = record.date_of_birth, record.country
    if record.gives("first_name") and not record.first_name:
        yield Problem("cannot_clear", "first_name")
    if record.email and not (is_email(record.email) and record.email.isascii()):
        yield Problem("not_an_email", "email", record.email)
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        yield Problem("not_one_of", "country", country, {"choices": "CA, FR, US …"})
    if born_on is not None and not date(1850, 1, 1) <= born_on <= today:
        yield Problem("born_in_future", "date_of_birth", born_on.isoformat())


def _taken(record: PersonRecord, name: str, holder: Person) -> Problem:
    return Problem(f"{name}_taken", name, str(getattr(record, name)), {"holder": holder.full_name})


PEOPLE = Kind(
    "people",
    PersonRecord,
    columns_of("people"),
    _Upsert,
    keys=("external_id", "member_id"),
    objections=_objections,
)
