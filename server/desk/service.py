"""Recording what staff do in the back office, in the one way there is: an event with a seq, through ingest.

Each site has a device of the centre. Nobody can sign in as it; its next seq is taken under the lock of its mark, in the
transaction that records the event, so its chain has no gap. The caller commits.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from access.domain.facts import ClockTrust
from access.domain.ids import uuid7
from access.domain.reasons import Outcome
from access.wire.canonical import canonical_bytes
from access.wire.events import FIRST_PREV, AttendanceMark, Event, EventBatch, EventKind, UsedEntitlement
from access.wire.feed import EntityKind
from access.wire.movements import ENTRIES, EXITS, direction_of, one_way
from access.wire.topics import Channel, DeviceTopic
from server.desk import repository
from server.desk.errors import AlreadyUndone, CannotBeUndone
from server.errors import NotFound
from server.feed.hook import touch
from server.feed.touched import Key
from server.ingest.repository import locked_mark
from server.ingest.service import record_batch
from server.models import AccessPoint, Device, DeviceMark, new_id

__all__ = ["CAN_BE_UNDONE", "Deed", "hold", "record", "undo"]

_BOOT: Final = "centre"
_MOST_NOTE: Final = 200
CAN_BE_UNDONE: Final = frozenset({*ENTRIES, *EXITS, EventKind.ATTENDANCE_MARKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing that a staff member did about a person at an access point."""

    kind: EventKind
    access_point_id: str
    person_id: str | None
    account_id: str | None
    entitlement: UsedEntitlement | None = None
    refers_to: str | None = None
    note: str = ""
    mark: AttendanceMark | None = None
    adult_id: str | None = None


def hold(
    session: Session, organization_id: str, access_point_id: str, *, now: datetime
) -> tuple[AccessPoint, DeviceMark]:
    """Has what the office does at the access point's site go one after the other, until the commit.

    Whoever decides by what was recorded before holds it first. Raises NotFound for one that is not the organization's.
    """
    point = repository.access_point(session, organization_id, access_point_id)
    if point is None:
        raise NotFound("there is no such access point here")
    return point, locked_mark(session, _device(session, organization_id, point.site_id, now=now).id)


def record(session: Session, organization_id: str, deed: Deed, *, staff_id: str, now: datetime) -> str:
    """Records it; the event's id. Raises NotFound for an access point that is not the organization's."""
    point, mark = hold(session, organization_id, deed.access_point_id, now=now)
    device_id = mark.device_id
    before = repository.hash_of(session, device_id, mark.through_seq)
    event = _event(deed, device_id, mark.through_seq + 1, before or FIRST_PREV, staff_id=staff_id, now=now)
    batch = EventBatch(device=device_id, events=[event.document()])
    identity = DeviceTopic(organization_id, point.site_id, device_id, Channel.EVENTS)
    if record_batch(session, identity, canonical_bytes(batch.document()), now=now) is None:
        raise NotFound("the centre's device at this site is ended")
    touch(session, [Key(EntityKind.OFFICE_ACT, event.id)])
    return event.id


def undo(session: Session, organization_id: str, event_id: str, *, staff_id: str, now: datetime, note: str = "") -> str:
    """Undoes an entry, an exit or a mark of any door: what it used is given back, both stay in the history.

    Raises NotFound, CannotBeUndone for what moved nobody, AlreadyUndone.
    """
    row = repository.event(session, organization_id, event_id)
    if row is None:
        raise NotFound("there is no such event here")
    if row.kind not in CAN_BE_UNDONE:
        raise CannotBeUndone(row.kind)
    hold(session, organization_id, row.access_point_id, now=now)
    row = repository.locked_event(session, organization_id, event_id)
    if row is None:
        raise NotFound("there is no such event here any more")
    if repository.is_undone(session, organization_id, event_id):
        raise AlreadyUndone(event_id)
    deed = Deed(
        kind=EventKind.UNDONE,
        access_point_id=row.access_point_id,
        person_id=row.person_id,
        account_id=row.account_id,
        entitlement=_given_back(row.body),
        refers_to=row.id,
        note=note,
    )
    return record(session, organization_id, deed, staff_id=staff_id, now=now)


def _device(session: Session, organization_id: str, site_id: str, *, now: datetime) -> Device:
    found = repository.centre_device(session, organization_id, site_id)
    if found is not None:
        return found
    repository.lock_site(session, organization_id, site_id)
    found = repository.centre_device(session, organization_id, site_id)
    if found is not None:
        return found
    # A secret that nobody knows: this device speaks from inside only.
    unknown = hashlib.sha256(secrets.token_bytes(32)).hexdigest()
    device = Device(
        id=new_id(),
        organization_id=organization_id,
        site_id=site_id,
        name="-",
        secret_hash=unknown,
        is_centre=True,
        enrolled_at=now,
    )
    session.add(device)
    session.flush()
    return device


def _event(deed: Deed, device_id: str, seq: int, prev: str, *, staff_id: str, now: datetime) -> Event:
    at = now.replace(microsecond=now.microsecond // 1000 * 1000)
    return Event(
        id=uuid7(int(at.timestamp() * 1000), secrets.token_bytes(10)),
        device=device_id,
        seq=seq,
        prev=prev,
        kind=deed.kind,
        occurred_at=at,
        boot_id=_BOOT,
        monotonic_ms=time.monotonic_ns() // 1_000_000,
        clock=ClockTrust.TRUSTED,
        is_offline=False,
        access_point=deed.access_point_id,
        direction=one_way(direction_of(deed.kind)),
        person=deed.person_id,
        account=deed.account_id,
        outcome=Outcome.GRANTED,
        entitlement=deed.entitlement,
        refers_to=deed.refers_to,
        staff=staff_id,
        note=deed.note.strip()[:_MOST_NOTE] or None,
        mark=deed.mark,
        adult=deed.adult_id,
    )


def _given_back(body: str) -> UsedEntitlement | None:
    """What the undone event named, as no use."""
    held: dict[str, Any] | None = json.loads(body).get("entitlement")
    if not held or "type" not in held:
        return None
    changed = {"takes_use": False, "activates": False, "remaining": None, "lease": None}
    return UsedEntitlement.model_validate({**held, **changed})
