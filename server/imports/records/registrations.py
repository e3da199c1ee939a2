"""Registrations: matched by `external_id`, else by person and activity. No occurrences means all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from pydantic import Field
from sqlalchemy import select, tuple_

from access.domain.registrations import RegistrationStatus
from server.activities.rows import add_registration
from server.imports.problems import Problem, RowRefused
from server.imports.records.archived import Holders
from server.imports.records.base import (
    Batch,
    Change,
    Key,
    Kind,
    Outcome,
    changed_fields,
    line,
    put_fields,
    refuse_clearing,
)
from server.imports.records.columns import columns_of
from server.imports.records.lookup import People, PersonMention
from server.imports.records.sold import Sold
from server.models import Activity, Occurrence, Person, Registration

__all__ = ["REGISTRATIONS", "RegistrationRecord"]

_FIELDS = {"external_id": None, "status": RegistrationStatus.REGISTERED, "has_invoice": True}
_CANCELLED = {"status": RegistrationStatus.CANCELLED}
_LAST = (RegistrationStatus.REGISTERED, RegistrationStatus.WAITING, RegistrationStatus.CANCELLED)


class RegistrationRecord(PersonMention):
    """A person's place in an activity."""

    external_id: Key | None = None
    """Its key in another system."""
    activity: Key | None = None
    """The code (or id) of the activity."""
    status: RegistrationStatus | None = None
    occurrences: list[line(40)] | None = Field(default=None, max_length=400)  # type: ignore[valid-type]
    """When the registered meetings start, on the organization's clock (2026-03-10 or 2026-03-10T17:30), or their ids.

    Null or none: all of them."""
    has_invoice: bool | None = None
    """A facility booking opens the door only with one."""
    registered_on: date | None = None
    """When they registered; the waitlist goes by it."""


class _Upsert:
    def __init__(self, batch: Batch) -> None:
        self._batch, self._people, self._holders = batch, People(batch), Holders(batch)
        self._activities = Sold(batch, Activity, "unknown_activity")
        self._by_key: dict[str, Registration] = {}
        self._by_place: dict[tuple[str, str], dict[str, Registration]] = defaultdict(dict)
        self._starts: dict[str, list[tuple[str, datetime]]] = {}

    def gather(self, records: Sequence[RegistrationRecord]) -> None:
        self._people.gather_mentioned(records)
        places: set[tuple[str, str]] = set()
        for each in records:
            try:
                person = self._people.mentioned(each)
                if person is not None and each.activity:
                    places.add((person.id, self._activities.named(each.activity, "activity").id))
            except RowRefused:
                continue
        mine = Registration.organization_id == self._batch.organization_id
        self._holders.gather((), self._people.all_mentioned(records))
        keys = {each.external_id for each in records if each.external_id}
        for found in self._batch.session.scalars(select(Registration).where(mine, Registration.external_id.in_(keys))):
            self._note(found)
        place = tuple_(Registration.person_id, Registration.activity_id)
        for found in self._batch.session.scalars(select(Registration).where(mine, place.in_(places))):
            self._note(found)

    def _note(self, found: Registration) -> None:
        if found.external_id:
            self._by_key[found.external_id] = found
        self._by_place[found.person_id, found.activity_id][found.id] = found

    def _placed(self, person: Person, activity: Activity) -> Registration | None:
        """Who was cancelled and registered again is meant by the place they have; of several by the first."""
        found = self._by_place[person.id, activity.id].values()
        return min(found, key=lambda each: (_LAST.index(each.status), each.registered_at, each.id), default=None)

    def put(self, record: RegistrationRecord, *, id: str | None = None) -> Change:
        batch = self._batch
        batch.claim("registration", record.external_id, "external_id")
        refuse_clearing(record, "activity", "status", "has_invoice")
        person = self._people.mentioned(record)
        activity = self._activities.named(record.activity, "activity") if record.activity else None
        keyed = self._by_key.get(record.external_id or "")
        known = batch.session.get_one(Registration, id) if id else keyed
        if known is not None and keyed is not None and known is not keyed:
            raise RowRefused(Problem("external_id_taken", "external_id", str(record.external_id)))
        if known is None and person is not None and activity is not None:
            found = self._placed(person, activity)
            known = None if found and found.external_id and record.external_id else found
        if known is None:
            return self._add(record, person, activity)
        if (person and person.id != known.person_id) or (activity and activity.id != known.activity_id):
            raise RowRefused(Problem("references_disagree", "activity", str(record.activity or "")))
        occurrences = self._occurrences(record, known.activity_id)
        changes = changed_fields(known, record, _FIELDS)
        if record.has("occurrences") and sorted(known.occurrence_ids) != sorted(occurrences):
            changes["occurrence_ids"] = occurrences
        if changes and changes != _CANCELLED:
            self._holders.check(record, known.account_id, [known.person_id])
        return Change(Outcome.CHANGED if put_fields(known, changes) else Outcome.UNCHANGED, known.id)

    def _add(self, record: RegistrationRecord, person: Person | None, activity: Activity | None) -> Change:
        if person is None:
            raise RowRefused(Problem("person_needed", "member_id"))
        if activity is None:
            raise RowRefused(Problem("required", "activity"))
        self._holders.check(record, person.account_id, [person])
        registered_on = record.registered_on
        made = add_registration(
            self._batch.session,
            person,
            activity.id,
            external_id=record.external_id,
            status=record.status or RegistrationStatus.REGISTERED,
            occurrence_ids=self._occurrences(record, activity.id),
            has_invoice=record.has_invoice is not False,
            registered_at=datetime.combine(registered_on, time(12), self._batch.zone).astimezone(UTC)
            if registered_on
            else self._batch.now,
        )
        self._note(made)
        return Change(Outcome.ADDED, made.id)

    def _occurrences(self, record: RegistrationRecord, activity_id: str) -> list[str]:
        found: list[str] = []
        for said in record.occurrences or ():
            matching = [id_ for id_, at in self._starts_of(activity_id) if said == id_ or self._is_at(at, said)]
            if not matching:
                raise RowRefused(Problem("occurrence_unknown", "occurrences", said))
            found += matching
        return list(dict.fromkeys(found))

    def _is_at(self, at: datetime, said: str) -> bool:
        local = at.astimezone(self._batch.zone).replace(tzinfo=None).isoformat(timespec="minutes")
        plain = said.replace(" ", "T")
        return plain in (local, local[:10], f"{local}:00")

    def _starts_of(self, activity_id: str) -> list[tuple[str, datetime]]:
        if activity_id not in self._starts:
            wanted = select(Occurrence.id, Occurrence.starts_at).where(Occurrence.activity_id == activity_id)
            self._starts[activity_id] = [(id_, at) for id_, at in self._batch.session.execute(wanted)]
        return self._starts[activity_id]


REGISTRATIONS = Kind(
    "registrations",
    RegistrationRecord,
    columns_of("registrations"),
    _Upsert,
    keys=("external_id", "member_id", "person"),
)
