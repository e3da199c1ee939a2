"""The queries of ingest. What was found is plain rows; nothing is decided here."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, load_only

from access.wire.events import EventKind
from access.wire.topics import DeviceTopic
from server.models.devices import Device, DeviceMark
from server.models.events import Alarm, Event, QuarantinedMessage
from server.models.organizations import AccessPoint
from server.models.passes import Multipass, PassUse
from server.models.people import Account, Person
from server.models.privacy import DeviceTrim, EarlyUndo

__all__ = [
    "Recorded",
    "accounts_of",
    "accounts_of_passes",
    "device_of",
    "events_near",
    "flags_of",
    "known_access_points",
    "locked_mark",
    "merged_accounts",
    "merged_people",
    "multipasses",
    "open_alarm",
    "parked_hashes",
    "quarantined",
    "quarantined_count",
    "trimmed_through",
    "undone_ids",
    "uses_of",
]


class Recorded(NamedTuple):
    """What identifies a recorded event and its place in the chain."""

    id: str
    device_id: str
    seq: int
    body_hash: str
    prev_hash: str


def device_of(session: Session, identity: DeviceTopic) -> Device | None:
    """The device of a topic, in that organization and at that site."""
    wanted = select(Device).where(
        Device.id == identity.device,
        Device.organization_id == identity.organization,
        Device.site_id == identity.site,
    )
    return session.scalars(wanted).one_or_none()


def locked_mark(session: Session, device_id: str) -> DeviceMark:
    """The device's mark, locked until the commit: batches of one device are taken in one after the other."""
    wanted = select(DeviceMark).where(DeviceMark.device_id == device_id).with_for_update()
    mark = session.scalars(wanted).one_or_none()
    if mark is None:
        mark = DeviceMark(device_id=device_id, through_seq=0, max_seq=0, ranges=[], parked=[])
        session.add(mark)
        session.flush()
    return mark


def events_near(session: Session, device_id: str, *, ids: Collection[str], seqs: Collection[int]) -> list[Recorded]:
    """Recorded events with one of the ids (of any device), or of this device with one of the numbers."""
    columns = (Event.id, Event.device_id, Event.seq, Event.body_hash, Event.prev_hash)
    wanted = select(*columns).where(or_(Event.id.in_(ids), and_(Event.device_id == device_id, Event.seq.in_(seqs))))
    return [Recorded(*row) for row in session.execute(wanted)]


def flags_of(session: Session, organization_id: str, ids: Collection[str]) -> list[Event]:
    """The organization's events with these ids, loaded for their flags only."""
    wanted = select(Event).where(Event.organization_id == organization_id, Event.id.in_(ids))
    return list(session.scalars(wanted.options(load_only(Event.id, Event.flags))))


def parked_hashes(session: Session, device_id: str, seqs: Collection[int]) -> dict[int, str]:
    """The hashes of parked events by their number: the chain runs through them too."""
    wanted = select(QuarantinedMessage.seq, QuarantinedMessage.body_hash).where(
        QuarantinedMessage.device_id == device_id, QuarantinedMessage.seq.in_(seqs)
    )
    return {seq: body_hash for seq, body_hash in session.execute(wanted) if seq is not None and body_hash is not None}


def known_access_points(session: Session, organization_id: str, site_id: str, ids: Collection[str]) -> set[str]:
    """Those of the ids that are access points of the site."""
    wanted = select(AccessPoint.id).where(
        AccessPoint.organization_id == organization_id, AccessPoint.site_id == site_id, AccessPoint.id.in_(ids)
    )
    return set(session.scalars(wanted))


def accounts_of(session: Session, organization_id: str, person_ids: Collection[str]) -> dict[str, str]:
    """The account of each of the organization's people among the ids."""
    wanted = select(Person.id, Person.account_id).where(
        Person.organization_id == organization_id, Person.id.in_(person_ids)
    )
    return {person_id: account_id for person_id, account_id in session.execute(wanted)}  # noqa: C416 - a Row is no pair


def merged_people(session: Session, organization_id: str, ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """Those of the people who were merged, with who they are now, and their account.

    Nobody merges one of them until the commit: what a door still calls by an old name never stays behind.
    """
    if not ids:
        return {}
    held = select(Person.id, Person.merged_into).where(Person.organization_id == organization_id, Person.id.in_(ids))
    found = session.execute(held.order_by(Person.id).with_for_update(key_share=True, read=True))
    merged = {person_id: into for person_id, into in found if into is not None}
    survivors = accounts_of(session, organization_id, set(merged.values())) if merged else {}
    return {person_id: (into, survivors[into]) for person_id, into in merged.items() if into in survivors}


def merged_accounts(session: Session, organization_id: str, ids: Collection[str]) -> dict[str, str]:
    """Those of the accounts that were merged, with the one they are now."""
    if not ids:
        return {}
    wanted = select(Account.id, Account.merged_into).where(
        Account.organization_id == organization_id, Account.id.in_(ids), Account.merged_into.is_not(None)
    )
    return {account_id: into for account_id, into in session.execute(wanted) if into is not None}


def accounts_of_passes(session: Session, organization_id: str, ids: Collection[str]) -> dict[str, str]:
    """The account that each of the organization's multipasses is on."""
    wanted = select(Multipass.id, Multipass.account_id).where(
        Multipass.organization_id == organization_id, Multipass.id.in_(ids)
    )
    return {pass_id: account_id for pass_id, account_id in session.execute(wanted)}  # noqa: C416 - a Row is no pair


def trimmed_through(session: Session, device_id: str) -> int:
    """Up to which number the device's events are counts by now; 0 when they are all here."""
    return session.scalar(select(DeviceTrim.through_seq).where(DeviceTrim.device_id == device_id)) or 0


def multipasses(session: Session, organization_id: str, ids: Collection[str]) -> list[Multipass]:
    """The organization's multipasses among the ids."""
    wanted = select(Multipass).where(Multipass.organization_id == organization_id, Multipass.id.in_(ids))
    return list(session.scalars(wanted))


def uses_of(session: Session, organization_id: str, multipass_ids: Collection[str]) -> list[PassUse]:
    """Every use of the passes, undone ones too, in the order they were taken."""
    wanted = (
        select(PassUse)
        .where(PassUse.organization_id == organization_id, PassUse.multipass_id.in_(multipass_ids))
        .order_by(PassUse.used_at, PassUse.id)
    )
    return list(session.scalars(wanted))


def undone_ids(session: Session, organization_id: str, event_ids: Collection[str]) -> set[str]:
    """Those of the events that another event of the organization undoes."""
    wanted = select(Event.refers_to).where(
        Event.refers_to.in_(event_ids),
        Event.kind == EventKind.UNDONE.value,
        Event.organization_id == organization_id,
    )
    forgotten = select(EarlyUndo.event_id).where(
        EarlyUndo.event_id.in_(event_ids), EarlyUndo.organization_id == organization_id
    )
    return {each for each in (*session.scalars(wanted), *session.scalars(forgotten)) if each is not None}


def quarantined(session: Session, device_id: str, payload_hash: str) -> QuarantinedMessage | None:
    """The same bytes of the same device, if they lie in quarantine already."""
    wanted = select(QuarantinedMessage).where(
        QuarantinedMessage.device_id == device_id, QuarantinedMessage.payload_hash == payload_hash
    )
    return session.scalars(wanted).one_or_none()


def quarantined_count(session: Session, device_id: str) -> int:
    """How many messages of a device lie in quarantine."""
    wanted = select(func.count()).where(QuarantinedMessage.device_id == device_id)
    return session.scalar(wanted) or 0


def open_alarm(session: Session, organization_id: str, kind: str, subject: str) -> Alarm | None:
    """The unsettled alarm of that kind about that subject."""
    wanted = select(Alarm).where(
        Alarm.organization_id == organization_id,
        Alarm.kind == kind,
        Alarm.subject == subject,
        Alarm.settled_at.is_(None),
    )
    return session.scalars(wanted.limit(1)).one_or_none()
