"""Every query of settlements. All are scoped to one organization."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import String, cast, or_, select, text
from sqlalchemy.orm import Session

from server.models import Alarm, Event, Memo, Multipass, Organization, PassUse, Person, Settlement

__all__ = [
    "Settled",
    "blocking",
    "event_of",
    "events_by_id",
    "flagged_of_person",
    "locked_event",
    "memos",
    "multipass",
    "people",
    "settle_alarms",
    "settled_uses",
    "settlement_of",
    "settlements_of",
    "time_zone",
    "uses_of",
]


class Settled(NamedTuple):
    """Of some uses, those about which somebody decided, and those that were added to their pass's total for it."""

    decided: set[str]
    added: set[str]


def settled_uses(session: Session, organization_id: str, use_ids: Collection[str]) -> Settled:
    """What was decided about uses. A block leaves them open: it stands until another decision."""
    wanted = select(Settlement).where(
        Settlement.organization_id == organization_id, Settlement.event_id.in_(list(use_ids))
    )
    found = session.scalars(wanted).all()
    return Settled({each.event_id for each in found}, {each.event_id for each in found if each.is_use_added})


def event_of(session: Session, organization_id: str, event_id: str) -> Event | None:
    """An event of the organization."""
    return session.scalar(select(Event).where(Event.organization_id == organization_id, Event.id == event_id))


def locked_event(session: Session, organization_id: str, event_id: str) -> Event | None:
    """An event, locked until the commit: two people decide about it one after the other."""
    wanted = select(Event).where(Event.organization_id == organization_id, Event.id == event_id)
    return session.scalar(wanted.with_for_update())


def events_by_id(session: Session, organization_id: str, event_ids: Collection[str]) -> list[Event]:
    """Events in the order they happened."""
    wanted = select(Event).where(Event.organization_id == organization_id, Event.id.in_(event_ids))
    return list(session.scalars(wanted.order_by(Event.occurred_at, Event.id)))


def settlement_of(session: Session, organization_id: str, event_id: str) -> Settlement | None:
    """What was decided about an event."""
    return settlements_of(session, organization_id, [event_id]).get(event_id)


def settlements_of(session: Session, organization_id: str, event_ids: Collection[str]) -> dict[str, Settlement]:
    """What was decided about events, by their ids."""
    wanted = select(Settlement).where(Settlement.organization_id == organization_id, Settlement.event_id.in_(event_ids))
    return {each.event_id: each for each in session.scalars(wanted)}


def multipass(session: Session, organization_id: str, id_: str | None) -> Multipass | None:
    """A multipass of the organization."""
    wanted = select(Multipass).where(Multipass.organization_id == organization_id, Multipass.id == id_)
    return session.scalar(wanted) if id_ else None


def uses_of(session: Session, organization_id: str, multipass_id: str) -> list[PassUse]:
    """Every use of a pass, undone ones too, in the order they were taken."""
    wanted = select(PassUse).where(PassUse.organization_id == organization_id, PassUse.multipass_id == multipass_id)
    return list(session.scalars(wanted.order_by(PassUse.used_at, PassUse.id)))


def time_zone(session: Session, organization_id: str) -> str:
    """The organization's time zone."""
    return session.scalar(select(Organization.time_zone).where(Organization.id == organization_id)) or "UTC"


def people(session: Session, organization_id: str, person_ids: Collection[str]) -> list[Person]:
    """The organization's people among the ids, by id; locked, as they are about to change."""
    wanted = select(Person).where(Person.organization_id == organization_id, Person.id.in_(person_ids))
    return list(session.scalars(wanted.order_by(Person.id).with_for_update(key_share=True)))


def memos(session: Session, memo_ids: Collection[str]) -> list[Memo]:
    """Memos that are still there."""
    return list(session.scalars(select(Memo).where(Memo.id.in_(memo_ids)))) if memo_ids else []


def blocking(session: Session, organization_id: str) -> list[Settlement]:
    """The settlements that block somebody now."""
    wanted = select(Settlement).where(Settlement.organization_id == organization_id, Settlement.decision == "block")
    return list(session.scalars(wanted))


def flagged_of_person(
    session: Session, organization_id: str, account_id: str, person_id: str, flag: str
) -> list[Event]:
    """A person's events with a flag."""
    wanted = select(Event).where(
        Event.organization_id == organization_id,
        Event.account_id == account_id,
        Event.person_id == person_id,
        text("event.is_flagged"),
        cast(Event.flags, String).contains(f'"{flag}"', autoescape=True),
    )
    return list(session.scalars(wanted))


def settle_alarms(
    session: Session, organization_id: str, kind: str, subject: str, *, staff_id: str, now: datetime
) -> None:
    """Settles the open alarms of that kind about that subject, and about people who were merged into it."""
    merged = select(Person.id).where(Person.organization_id == organization_id, Person.merged_into == subject)
    wanted = select(Alarm).where(
        Alarm.organization_id == organization_id,
        Alarm.kind == kind,
        or_(Alarm.subject == subject, Alarm.subject.in_(merged)),
        Alarm.settled_at.is_(None),
    )
    for alarm in session.scalars(wanted):
        alarm.settled_at, alarm.settled_by = now, staff_id
