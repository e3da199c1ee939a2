"""Client accounts: matched by `external_id`."""

from __future__ import annotations

from collections.abc import Sequence

from server.imports.problems import Problem, RowRefused
from server.imports.records.archived import check_here
from server.imports.records.base import Batch, Change, Key, Kind, Outcome, Record, changed_fields, line, put_fields
from server.imports.records.columns import columns_of
from server.imports.records.lookup import Accounts, People
from server.imports.records.owners import check_adult
from server.models import Account, new_id

__all__ = ["ACCOUNTS", "AccountRecord"]


class AccountRecord(Record):
    """A family or company."""

    external_id: Key | None = None
    """Its key in another system: the same key is the same account."""
    name: line(200) | None = None  # type: ignore[valid-type]
    """A name of its own, such as a company's; families are called by their owner."""
    owner: Key | None = None
    """The member ID or key of the person who answers for it; an adult on the account."""


class _Upsert:
    def __init__(self, batch: Batch) -> None:
        self._batch, self._accounts, self._people = batch, Accounts(batch), People(batch)

    def gather(self, records: Sequence[AccountRecord]) -> None:
        self._accounts.gather(keys=[each.external_id for each in records])
        owners = [each.owner for each in records]
        self._people.gather(ids=owners, keys=owners, member_ids=owners)

    def put(self, record: AccountRecord, *, id: str | None = None) -> Change:
        self._batch.claim("account", record.external_id, "external_id")
        if id is not None:
            self._accounts.gather(ids=[id])
        account = self._accounts.by_id(id) if id else self._accounts.by_key(record.external_id)
        other, is_former = self._accounts.by_key(record.external_id), self._accounts.is_former(record.external_id)
        if account is not None and other is not None and (other is not account or (is_former and id is not None)):
            raise RowRefused(Problem("external_id_taken", "external_id", str(record.external_id)))
        owner = self._people.named(record.owner, "owner") if record.owner is not None else None
        if owner is not None:
            if account is None or owner.account_id != account.id:
                raise RowRefused(Problem("other_account", "owner", str(record.owner)))
            check_adult(owner, self._batch.today, "owner")
            if account.owner_id != owner.id:
                check_here(account, [owner], "owner", str(record.owner))
        if account is None:
            if record.external_id is None and self._batch.row:
                raise RowRefused(Problem("key_missing", "external_id"))
            account = Account(
                id=new_id(),
                organization_id=self._batch.organization_id,
                external_id=record.external_id,
                name=record.name or "",
            )
            self._batch.session.add(account)
            self._accounts.note(account)
            return Change(Outcome.ADDED, account.id)
        self._batch.claim("account of", account.id, "external_id", shown=record.external_id)
        fields: dict[str, str | None] = {"name": "", "external_id": None}
        if is_former:
            del fields["external_id"]
        is_changed = put_fields(account, changed_fields(account, record, fields))
        if owner is not None and account.owner_id != owner.id:
            account.owner_id = owner.id
            is_changed = True
        return Change(Outcome.CHANGED if is_changed else Outcome.UNCHANGED, account.id)


ACCOUNTS = Kind("accounts", AccountRecord, columns_of("accounts"), _Upsert)
