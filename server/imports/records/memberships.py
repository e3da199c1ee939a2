"""Memberships: matched by `external_id`. What is given of the people and pauses replaces what was there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from access.domain.memberships import CancellationState
from server.imports.problems import Problem, RowRefused
from server.imports.records.archived import Holders
from server.imports.records.base import (
    Batch,
    Change,
    Key,
    Kind,
    Outcome,
    Record,
    changed_fields,
    put_fields,
    refuse_clearing,
    require,
)
from server.imports.records.columns import columns_of
from server.imports.records.lookup import People
from server.imports.records.sold import Sold
from server.models import Membership, MembershipPause, MembershipPerson, MembershipType, Person, new_id

__all__ = ["MEMBERSHIPS", "MembershipRecord", "PauseRecord"]

_FIELDS = {
    "external_id": None,
    "starts_on": None,
    "ends_on": None,
    "cancellation_state": None,
    "cancellation_ends_on": None,
}


class PauseRecord(BaseModel):
    """Days without access, both included; no last day means until further notice."""

    model_config = ConfigDict(extra="forbid")

    first_on: date
    last_on: date | None = None


class MembershipRecord(Record):
    """A membership with the people it covers."""

    external_id: Key | None = None
    """Its key in another system: the same key is the same membership."""
    type: Key | None = None
    """The code (or id) of the membership type."""
    people: list[Key] | None = Field(default=None, min_length=1, max_length=50)
    """Member IDs, keys or ids of the people it covers, all of one account."""
    starts_on: date | None = None
    ends_on: date | None = None
    """The last day; none means recurring billing."""
    cancellation_state: CancellationState | None = None
    cancellation_ends_on: date | None = None
    pauses: list[PauseRecord] | None = Field(default=None, max_length=50)


class _Upsert:
    def __init__(self, batch: Batch) -> None:
        self._batch, self._people, self._holders = batch, People(batch), Holders(batch)
        self._types = Sold(batch, MembershipType, "unknown_type")
        self._by_key: dict[str, Membership] = {}

    def gather(self, records: Sequence[MembershipRecord]) -> None:
        names = [name for each in records for name in each.people or ()]
        self._people.gather(ids=names, keys=names, member_ids=names)
        keys = {each.external_id for each in records if each.external_id}
        wanted = select(Membership).where(
            Membership.organization_id == self._batch.organization_id, Membership.external_id.in_(keys)
        )
        wanted = wanted.options(selectinload(Membership.people), selectinload(Membership.pauses))
        self._by_key = {each.external_id or "": each for each in self._batch.session.scalars(wanted)}
        known = [each.account_id for each in self._by_key.values()]
        self._holders.gather(known, [self._people.whoever(each) for each in names])

    def put(self, record: MembershipRecord, *, id: str | None = None) -> Change:
        self._batch.claim("membership", record.external_id, "external_id")
        known = self._known(record, id)
        refuse_clearing(record, "type", "people", "starts_on")
        if known is None:
            if record.external_id is None and self._batch.row:
                raise RowRefused(Problem("key_missing", "external_id"))
            require(record, "type", "people", "starts_on")
        type_ = self._types.named(record.type, "type") if record.type else None
        people = self._covered(record, known)
        self._check_days(record, known)
        if known is None:
            self._holders.check(record, people[0].account_id, people)
            return self._add(record, type_, people)
        changes = changed_fields(known, record, _FIELDS)
        if type_ is not None and known.type_id != type_.id:
            changes["type_id"] = type_.id
        covered = {each.person_id for each in known.people}
        new = [each for each in people if each.id not in covered]
        is_covering = bool(record.people) and covered != {each.id for each in people}
        pauses = sorted({(each.first_on, each.last_on) for each in record.pauses or ()}, key=str)
        is_paused = record.has("pauses") and pauses != _pauses_of(known)
        if not (changes or is_covering or is_paused):
            return Change(Outcome.UNCHANGED, known.id)
        self._holders.check(record, known.account_id, new)
        put_fields(known, changes)
        if is_covering:
            self._cover(known, people)
        if is_paused:
            known.pauses = [MembershipPause(first_on=first, last_on=last) for first, last in pauses]
        return Change(Outcome.CHANGED, known.id)

    def _known(self, record: MembershipRecord, id_: str | None) -> Membership | None:
        keyed = self._by_key.get(record.external_id or "")
        if id_ is None:
            return keyed
        known = self._batch.session.get_one(Membership, id_)
        if keyed is not None and keyed is not known:
            raise RowRefused(Problem("external_id_taken", "external_id", str(record.external_id)))
        return known

    def _covered(self, record: MembershipRecord, known: Membership | None) -> list[Person]:
        people = list(
            {each.id: each for each in (self._people.named(n, "people") for n in record.people or ())}.values()
        )
        account_id = known.account_id if known else people[0].account_id if people else None
        for each in people:
            if each.account_id != account_id:
                raise RowRefused(Problem("other_account", "people", each.member_id or each.external_id or each.id))
        return people

    def _check_days(self, record: MembershipRecord, known: Membership | None) -> None:
        starts_on = record.starts_on or (known.starts_on if known else None)
        for name in ("ends_on", "cancellation_ends_on"):
            ends_on = getattr(record, name) if record.has(name) else getattr(known, name, None)
            if starts_on and ends_on and ends_on < starts_on:
                raise RowRefused(Problem("ends_before_start", name, ends_on.isoformat()))
        for each in record.pauses or ():
            if each.last_on is not None and each.last_on < each.first_on:
                raise RowRefused(Problem("ends_before_start", "pauses", each.last_on.isoformat()))
        state = (
            record.cancellation_state
            if record.has("cancellation_state")
            else getattr(known, "cancellation_state", None)
        )
        is_dated = (
            record.cancellation_ends_on
            if record.has("cancellation_ends_on")
            else getattr(known, "cancellation_ends_on", None)
        )
        if state is not None and is_dated is None:
            raise RowRefused(Problem("required", "cancellation_ends_on"))

    def _add(self, record: MembershipRecord, type_: MembershipType | None, people: list[Person]) -> Change:
        if type_ is None or record.starts_on is None:
            raise RowRefused(Problem("required", "type"))
        made = Membership(
            id=new_id(),
            organization_id=self._batch.organization_id,
            account_id=people[0].account_id,
            type_id=type_.id,
            external_id=record.external_id,
            starts_on=record.starts_on,
            ends_on=record.ends_on,
            cancellation_state=record.cancellation_state,
            cancellation_ends_on=record.cancellation_ends_on,
            people=[MembershipPerson(person_id=each.id) for each in people],
            pauses=[MembershipPause(first_on=each.first_on, last_on=each.last_on) for each in record.pauses or ()],
        )
        self._batch.session.add(made)
        if made.external_id:
            self._by_key[made.external_id] = made
        return Change(Outcome.ADDED, made.id)

    def _cover(self, known: Membership, people: list[Person]) -> None:
        wanted, covered = {each.id for each in people}, {each.person_id for each in known.people}
        for each in [each for each in known.people if each.person_id not in wanted]:
            known.people.remove(each)
        known.people.extend(MembershipPerson(person_id=id_) for id_ in sorted(wanted - covered))


def _pauses_of(known: Membership) -> list[tuple[date, date | None]]:
    return sorted(((each.first_on, each.last_on) for each in known.pauses), key=str)


MEMBERSHIPS = Kind("memberships", MembershipRecord, columns_of("memberships"), _Upsert)
