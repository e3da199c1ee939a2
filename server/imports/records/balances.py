"""Balances: entries of an account, each with a key of its own, so that a file that comes twice counts once.

Entries are never changed: the same key with other values is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import Field
from sqlalchemy import select

from server.accounts.balance import MOST_CENTS, EntryKind, EntrySource, enter
from server.imports.problems import Problem, RowRefused
from server.imports.records.archived import Holders
from server.imports.records.base import Batch, Change, Key, Kind, Outcome, Source, line, require
from server.imports.records.columns import columns_of
from server.imports.records.lookup import AccountMention, Accounts, People, PersonMention
from server.models import BalanceEntry, new_id

__all__ = ["BALANCES", "BalanceRecord"]


class BalanceRecord(PersonMention, AccountMention):
    """An amount that an account owes (above zero) or that was paid or credited (below)."""

    external_id: Key | None = None
    """Its key in another system: needed, so that it counts once."""
    amount_cents: int | None = Field(default=None, ge=-MOST_CENTS, le=MOST_CENTS)
    """In hundredths of the organization's currency; a file's column `amount` is in whole units (12.50)."""
    kind: EntryKind | None = None
    """Without one, a charge above zero and a credit below."""
    due_on: date | None = None
    description: line(300) | None = None  # type: ignore[valid-type]


class _Upsert:
    def __init__(self, batch: Batch) -> None:
        self._batch, self._people, self._accounts = batch, People(batch), Accounts(batch)
        self._holders = Holders(batch)
        self._by_key: dict[str, BalanceEntry] = {}

    def gather(self, records: Sequence[BalanceRecord]) -> None:
        self._people.gather_mentioned(records)
        people = self._people.all_mentioned(records)
        self._accounts.gather(
            ids=[*(each.account_id for each in records), *(each.account_id for each in people)],
            keys=[each.account for each in records],
        )
        named = [self._accounts.by_id(each.account_id) or self._accounts.by_key(each.account) for each in records]
        self._holders.gather([each.id for each in named if each], people)
        keys = {each.external_id for each in records if each.external_id}
        wanted = select(BalanceEntry).where(
            BalanceEntry.organization_id == self._batch.organization_id, BalanceEntry.external_id.in_(keys)
        )
        self._by_key = {each.external_id or "": each for each in self._batch.session.scalars(wanted)}

    def put(self, record: BalanceRecord, *, id: str | None = None) -> Change:
        batch = self._batch
        batch.claim("balance", record.external_id, "external_id")
        require(record, "external_id", "amount_cents")
        cents = record.amount_cents or 0
        kind = record.kind or (EntryKind.CHARGE if cents > 0 else EntryKind.CREDIT)
        account_id = self._account_id(record)
        self._check(kind, cents)
        known = self._by_key.get(record.external_id or "")
        if known is not None:
            is_same = (known.account_id, known.kind, known.amount_cents) == (account_id, kind.value, cents)
            if not is_same or (record.due_on is not None and known.due_on != record.due_on and cents > 0):
                raise RowRefused(Problem("entry_differs", "external_id", str(record.external_id)))
            return Change(Outcome.UNCHANGED, known.id)
        self._holders.check(record, account_id)
        if batch.is_dry:
            return Change(Outcome.ADDED, new_id())
        entry = enter(
            batch.session,
            batch.organization_id,
            account_id,
            kind=kind,
            amount_cents=cents,
            source=EntrySource.IMPORT if batch.source is Source.IMPORT else EntrySource.API,
            now=batch.now,
            due_on=record.due_on,
            description=record.description or "",
            external_id=record.external_id,
            entered_by=batch.actor_id,
        )
        self._by_key[record.external_id or ""] = entry
        return Change(Outcome.ADDED, entry.id)

    def _account_id(self, record: BalanceRecord) -> str:
        person, account = self._people.mentioned(record), self._accounts.mentioned(record)
        if person is not None and account is not None and person.account_id != account.id:
            raise RowRefused(Problem("other_account", "account", str(record.account or record.account_id)))
        found = account.id if account else person.account_id if person else None
        if found is None:
            raise RowRefused(Problem("account_needed", "account"))
        return found

    def _check(self, kind: EntryKind, cents: int) -> None:
        is_owed = cents > 0
        is_wrong = (kind is EntryKind.CHARGE and not is_owed) or (
            kind in (EntryKind.PAYMENT, EntryKind.CREDIT) and is_owed
        )
        if cents == 0 or abs(cents) > MOST_CENTS or is_wrong:
            raise RowRefused(Problem("invalid_amount", "amount_cents", f"{cents / 100:.2f}"))


BALANCES = Kind("balances", BalanceRecord, columns_of("balances"), _Upsert)
