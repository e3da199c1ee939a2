"""Multipasses: matched by `external_id`. Uses taken before the import are opening uses, so that "3/5" stays true.

An opening use is a use with an id of its own and nobody's name; `used` says how many there are in all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time

from pydantic import Field
from sqlalchemy import select

from access.domain.multipasses import Effective
from server.imports.problems import Problem, RowRefused
from server.imports.records.archived import Holders
from server.imports.records.base import (
    Batch,
    Change,
    Key,
    Kind,
    Outcome,
    changed_fields,
    put_fields,
    refuse_clearing,
    require,
)
from server.imports.records.columns import columns_of
from server.imports.records.lookup import AccountMention, Accounts, People, PersonMention
from server.imports.records.sold import Sold
from server.models import Multipass, MultipassType, PassUse, new_id

__all__ = ["MULTIPASSES", "MultipassRecord", "opening_id"]

_MOST = 1000
_FIELDS = {
    "external_id": None,
    "purchased_on": None,
    "total": None,
    "effective": Effective.ON_PURCHASE,
    "effective_on": None,
    "first_used_on": None,
    "expires_on": None,
}


def opening_id(multipass_id: str, number: int) -> str:
    """The id of an opening use; `number` counts from 1."""
    return f"{multipass_id}.opening.{number}"


class MultipassRecord(PersonMention, AccountMention):
    """A counted or unlimited pass as it was sold. Without a person it is a family pass of the account."""

    external_id: Key | None = None
    """Its key in another system: the same key is the same pass."""
    type: Key | None = None
    """The code (or id) of the multipass type; what is not given is as it says."""
    purchased_on: date | None = None
    total: int | None = Field(default=None, ge=0, le=_MOST)
    """How many uses were sold; null is unlimited."""
    used: int | None = Field(default=None, ge=0, le=_MOST)
    """How many of them were taken before Gatehouse counted."""
    effective: Effective | None = None
    effective_on: date | None = None
    first_used_on: date | None = None
    expires_on: date | None = None


class _Upsert:
    def __init__(self, batch: Batch) -> None:
        self._batch, self._people, self._accounts = batch, People(batch), Accounts(batch)
        self._holders = Holders(batch)
        self._types = Sold(batch, MultipassType, "unknown_type")
        self._by_key: dict[str, Multipass] = {}
        self._openings: dict[str, list[PassUse]] = defaultdict(list)

    def gather(self, records: Sequence[MultipassRecord]) -> None:
        self._people.gather_mentioned(records)
        self._accounts.gather(ids=[each.account_id for each in records], keys=[each.account for each in records])
        keys = {each.external_id for each in records if each.external_id}
        wanted = select(Multipass).where(
            Multipass.organization_id == self._batch.organization_id, Multipass.external_id.in_(keys)
        )
        self._by_key = {each.external_id or "": each for each in self._batch.session.scalars(wanted)}
        self._gather_openings([each.id for each in self._by_key.values()])
        named = [self._accounts.by_id(each.account_id) or self._accounts.by_key(each.account) for each in records]
        ids = [each.account_id for each in self._by_key.values()] + [each.id for each in named if each]
        self._holders.gather(ids, self._people.all_mentioned(records))

    def _gather_openings(self, ids: Sequence[str]) -> None:
        wanted = select(PassUse).where(
            PassUse.organization_id == self._batch.organization_id,
            PassUse.multipass_id.in_(ids),
            PassUse.id.like("%.opening.%"),
        )
        for each in self._batch.session.scalars(wanted):
            if each not in self._openings[each.multipass_id]:
                self._openings[each.multipass_id].append(each)

    def put(self, record: MultipassRecord, *, id: str | None = None) -> Change:
        self._batch.claim("multipass", record.external_id, "external_id")
        known = self._known(record, id)
        refuse_clearing(record, "type", "purchased_on", "effective")
        if known is None:
            if record.external_id is None and self._batch.row:
                raise RowRefused(Problem("key_missing", "external_id"))
            require(record, "type", "purchased_on")
        type_ = self._types.named(record.type, "type") if record.type else None
        if known is None:
            if type_ is None:
                raise RowRefused(Problem("required", "type"))
            return self._add(record, type_)
        self._check_holder(record, known)
        self._check(record, known, record.total if record.has("total") else known.total)
        changes = changed_fields(known, record, _FIELDS)
        if type_ is not None and known.type_id != type_.id:
            changes["type_id"] = type_.id
        is_opening = record.used is not None and self._taken(known) != _opening_ids(known, record.used)
        if not (changes or is_opening):
            return Change(Outcome.UNCHANGED, known.id)
        self._holders.check(record, known.account_id, [known.person_id])
        put_fields(known, changes)
        if is_opening:
            self._open(known, record.used or 0)
        return Change(Outcome.CHANGED, known.id)

    def _known(self, record: MultipassRecord, id_: str | None) -> Multipass | None:
        keyed = self._by_key.get(record.external_id or "")
        if id_ is None:
            return keyed
        known = self._batch.session.get_one(Multipass, id_)
        if keyed is not None and keyed is not known:
            raise RowRefused(Problem("external_id_taken", "external_id", str(record.external_id)))
        self._gather_openings([id_])
        return known

    def _check_holder(self, record: MultipassRecord, known: Multipass) -> None:
        person, account = self._people.mentioned(record), self._accounts.mentioned(record)
        if (person is not None and person.id != known.person_id) or (
            account is not None and account.id != known.account_id
        ):
            raise RowRefused(
                Problem("other_account", "person", str(record.person or record.member_id or record.account))
            )

    def _check(self, record: MultipassRecord, known: Multipass | None, total: int | None) -> None:
        if record.used is not None and total is not None and record.used > total:
            raise RowRefused(Problem("used_above_total", "used", str(record.used), {"total": total}))
        bought_on = record.purchased_on or (known.purchased_on if known else None)
        expires_on = record.expires_on
        if bought_on and expires_on and expires_on < bought_on:
            raise RowRefused(Problem("ends_before_start", "expires_on", expires_on.isoformat()))
        effective = record.effective or (known.effective if known else None)
        effective_on = record.effective_on if record.has("effective_on") else known.effective_on if known else None
        if effective is Effective.ON_DATE and effective_on is None:
            raise RowRefused(Problem("required", "effective_on"))

    def _add(self, record: MultipassRecord, type_: MultipassType) -> Change:
        person, account = self._people.mentioned(record), self._accounts.mentioned(record)
        if person is not None and account is not None and person.account_id != account.id:
            raise RowRefused(Problem("other_account", "person", str(record.person or record.member_id)))
        account_id = account.id if account else person.account_id if person else None
        if account_id is None or record.purchased_on is None:
            raise RowRefused(Problem("account_needed", "account"))
        self._holders.check(record, account_id, [person])
        total = record.total if record.has("total") else type_.total
        effective = record.effective or (Effective.ON_DATE if record.effective_on else type_.effective)
        self._check(record.model_copy(update={"effective": effective}), None, total)
        made = Multipass(
            id=new_id(),
            organization_id=self._batch.organization_id,
            account_id=account_id,
            type_id=type_.id,
            person_id=person.id if person else None,
            external_id=record.external_id,
            purchased_on=record.purchased_on,
            total=total,
            effective=effective,
            effective_on=record.effective_on,
            first_used_on=record.first_used_on,
            expires_on=record.expires_on,
            expires_after_days=None if record.expires_on else type_.expires_after_days,
            expires_after_months=None if record.expires_on else type_.expires_after_months,
            is_one_use_a_day=type_.is_one_use_a_day,
            is_strict=type_.is_strict,
        )
        self._batch.session.add(made)
        if made.external_id:
            self._by_key[made.external_id] = made
        if record.used:
            self._open(made, record.used)
        return Change(Outcome.ADDED, made.id)

    def _taken(self, known: Multipass) -> set[str]:
        return {each.id for each in self._openings[known.id] if not each.is_undone}

    def _open(self, known: Multipass, used: int) -> None:
        """Brings the number of opening uses to `used`: they are added, or undone."""
        there = {each.id: each for each in self._openings[known.id]}
        used_at = datetime.combine(known.first_used_on or known.purchased_on, time(12), self._batch.zone)
        for number in range(1, max(used, len(there)) + 1):
            id_ = opening_id(known.id, number)
            if (found := there.get(id_)) is not None:
                found.is_undone = number > used
            elif number <= used:
                made = PassUse(
                    id=id_,
                    organization_id=known.organization_id,
                    multipass_id=known.id,
                    account_id=known.account_id,
                    # One a day counts (person, day) pairs: each opening use is one of its own.
                    person_id=f"opening.{number}",
                    used_at=used_at,
                    is_undone=False,
                )
                self._batch.session.add(made)
                self._openings[known.id].append(made)


def _opening_ids(known: Multipass, used: int) -> set[str]:
    return {opening_id(known.id, number) for number in range(1, used + 1)}


MULTIPASSES = Kind("multipasses", MultipassRecord, columns_of("multipasses"), _Upsert)
