"""What alarms are about: the rows, and whom and where those name, in as many queries for a page of alarms as for one.

An alarm keeps an id and no table, so each table is asked once for the ids that none before it had.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, load_only

from server.models import AccessPoint, Alarm, Device, Event, Mail, Multipass, Organization, Person, Webhook

__all__ = ["Subjects", "door_names", "subjects"]

_MANY: Final = 500
_NAMED_BY: Final[dict[type[Any], tuple[Any, ...]]] = {
    Person: (load_only(Person.organization_id, Person.account_id, Person.first_name, Person.last_name),),
    Multipass: (joinedload(Multipass.type),),
    Event: (load_only(Event.organization_id, Event.person_id, Event.access_point_id, Event.occurred_at),),
    Device: (),
    AccessPoint: (),
    Webhook: (),
    Mail: (load_only(Mail.organization_id, Mail.subject),),
}
"""The tables in which a subject may be, and what of a row is read."""


@dataclass(frozen=True, slots=True)
class Subjects:
    """By their ids: what the alarms are about, and the people and access points that it names."""

    organization: Organization
    rows: Mapping[str, Any]
    people: Mapping[str, Person]
    points: Mapping[str, AccessPoint]


def subjects(session: Session, organization_id: str, alarms: Sequence[Alarm]) -> Subjects:
    """Everything that those alarms of the organization name; what is another organization's is not there."""
    rows: dict[str, Any] = {}
    missing = {each.subject for each in alarms}
    for table in _NAMED_BY:
        found = _rows(session, organization_id, table, missing)
        rows |= found
        missing -= found.keys()
    people = {each.person_id for each in rows.values() if isinstance(each, Multipass | Event) and each.person_id}
    points = {each.access_point_id for each in rows.values() if isinstance(each, Event)}
    return Subjects(
        organization=session.get_one(Organization, organization_id),
        rows=rows,
        people=_rows(session, organization_id, Person, people),
        points=_rows(session, organization_id, AccessPoint, points),
    )


def door_names(session: Session, organization_id: str, device_ids: Iterable[str]) -> dict[str, str]:
    """What the organization calls those of the devices that are its own."""
    return {id_: each.name for id_, each in _rows(session, organization_id, Device, device_ids).items()}


def _rows(session: Session, organization_id: str, table: type[Any], ids: Iterable[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    every = sorted(ids)
    for place in range(0, len(every), _MANY):
        some = every[place : place + _MANY]
        wanted = select(table).where(table.organization_id == organization_id, table.id.in_(some))
        found |= {each.id: each for each in session.scalars(wanted.options(*_NAMED_BY[table]))}
    return found
