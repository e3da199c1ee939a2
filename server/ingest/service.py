"""Recording what a door sent, as facts: inserted or ignored, flagged when odd, parked when not understood.

The caller commits, and only then sends the receipt. Nothing a door sends makes this raise; only the database does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from access.wire.errors import MalformedMessage, WireError
from access.wire.events import FIRST_PREV
from access.wire.events import Event as WireEvent
from access.wire.receipts import Receipt
from access.wire.state import Connection, DeviceState
from access.wire.topics import DeviceTopic
from server.audit.actor import Actor, acting
from server.db import note_recorded
from server.devices.commands import take_answers
from server.ingest import quarantine, repository
from server.ingest.cards import assign_cards
from server.ingest.clones import find_clones, take_turns
from server.ingest.documents import Received, open_batch, refusal_code
from server.ingest.marks import Marks, receipt
from server.ingest.repository import Recorded
from server.ingest.uses import record_uses
from server.models.base import utc_now
from server.models.devices import Device, DeviceMark
from server.models.events import Event
from server.webhooks.service import queue_deliveries

__all__ = ["LATE_AFTER", "LONG_AGO_AFTER", "record_batch", "record_state"]

LATE_AFTER = timedelta(minutes=5)
LONG_AGO_AFTER = timedelta(days=365)
"""Nobody was offline for so long: the door's clock was wrong."""
_KEPT_PARKED = 100


def record_batch(
    session: Session, topic_identity: DeviceTopic, raw: bytes, *, now: datetime | None = None
) -> Receipt | None:
    """Records a batch that came under this identity. The receipt tells all that is here of the device, or is None
    when nothing was taken in (an unknown or revoked device, a batch that is not one): see the quarantine."""
    at = now or utc_now()
    device = _speaking_device(session, topic_identity, raw, at)
    if device is None:
        return None
    try:
        received = open_batch(raw, device.id)
    except WireError as error:
        _quarantine(session, topic_identity, raw, error, at)
        return None
    intake = _Intake(session, topic_identity, at, repository.locked_mark(session, device.id))
    with acting(Actor("door", device.id)):
        intake.take(received)
        session.flush()
    device.last_seen_at = at
    return intake.receipt()


def record_state(session: Session, topic_identity: DeviceTopic, raw: bytes, *, now: datetime | None = None) -> None:
    """Keeps the newest state of a device; what is not one goes to quarantine."""
    at = now or utc_now()
    device = _speaking_device(session, topic_identity, raw, at)
    if device is None:
        return
    try:
        state = DeviceState.from_bytes(raw)
        if state.device != device.id:
            raise MalformedMessage("the state names another device than its topic")
    except WireError as error:
        _quarantine(session, topic_identity, raw, error, at)
        return
    if not _keep_state(device, state, at):
        return
    take_answers(session, device, state.commands or (), now=at)
    if state.lease_floor is not None and state.last_seq is not None:
        _keep_word(repository.locked_mark(session, device.id), state.lease_floor, state.last_seq)


def _keep_state(device: Device, state: DeviceState, now: datetime) -> bool:
    """Keeps what a door says of itself, and what it had said when only its last will is left; whether it spoke."""
    known = device.last_state or {}
    if state.connection is Connection.OFFLINE:
        # A broker says a kept will again to a centre that starts: the door went when that was said first.
        if known.get("connection") != Connection.OFFLINE.value:
            device.last_state, device.last_seen_at = known | state.document(), now
        return False
    device.last_state = state.document()
    device.last_seen_at = now
    device.version = state.version or device.version
    return True


def _keep_word(mark: DeviceMark, floor: datetime, last_seq: int) -> None:
    """The newest word of the device on its leases; an older one that comes late says nothing new."""
    if mark.lease_floor is None or floor > mark.lease_floor:
        mark.lease_floor, mark.lease_floor_seq = floor, last_seq


def _speaking_device(session: Session, identity: DeviceTopic, raw: bytes, now: datetime) -> Device | None:
    device = repository.device_of(session, identity)
    if device is not None and device.revoked_at is None:
        return device
    reason = "unknown_device" if device is None else "device_revoked"
    quarantine.keep(session, identity, raw, reason=reason, detail="", now=now)
    return None


def _quarantine(session: Session, identity: DeviceTopic, raw: bytes, error: WireError, now: datetime) -> None:
    reason = refusal_code(error)
    quarantine.keep(session, identity, raw, reason=reason, detail=str(error), now=now)
    quarantine.raise_alarm(session, identity, "message_quarantined", identity.device, {"reason": reason}, now=now)


@dataclass
class _Intake:
    """One batch on its way in."""

    session: Session
    identity: DeviceTopic
    now: datetime
    mark: DeviceMark
    _by_id: dict[str, Recorded] = field(default_factory=dict)
    _by_seq: dict[int, Recorded] = field(default_factory=dict)
    _hashes: dict[int, str] = field(default_factory=dict)
    _places: set[str] = field(default_factory=set)
    _accounts: dict[str, str] = field(default_factory=dict)
    _merged: dict[str, tuple[str, str]] = field(default_factory=dict)
    _merged_accounts: dict[str, str] = field(default_factory=dict)
    _trimmed: int = 0
    _new: dict[str, tuple[WireEvent, Event]] = field(default_factory=dict)
    _seqs: list[int] = field(default_factory=list)

    def take(self, received: list[Received]) -> None:
        """Takes the events in."""
        self._look_up(received)
        for each in received:
            if each.seq is not None and each.seq <= self._trimmed:
                self._seqs.append(each.seq)
            elif each.event is None:
                self._park(each, each.problem, each.detail)
            elif (conflict := self._conflict(each, each.event)) is not None:
                self._park_conflict(each, each.event, conflict)
            elif each.event.id in self._by_id:
                self._seqs.append(each.event.seq)
            else:
                self._record(each, each.event)
        take_turns(self.session, self._new.values())
        self.session.flush()
        self._check_chain()
        record_uses(self.session, self.identity, self._new.values(), now=self.now)
        assign_cards(self.session, self.identity, self._new.values(), now=self.now)
        rows = [row for _, row in self._new.values()]
        queue_deliveries(self.session, self.identity.organization, rows, now=self.now)
        find_clones(self.session, self.identity, self._new.values(), now=self.now)
        self._move_mark()

    def receipt(self) -> Receipt:
        """What is here of the device now."""
        return receipt(self.identity.device, _marks(self.mark), self.mark.parked)

    def _look_up(self, received: Iterable[Received]) -> None:
        events = [each.event for each in received if each.event]
        near = {seq for event in events for seq in (event.seq - 1, event.seq, event.seq + 1)}
        device_id = self.identity.device
        for found in repository.events_near(self.session, device_id, ids=[each.id for each in events], seqs=near):
            self._note(found)
        if self.mark.parked:
            self._hashes = repository.parked_hashes(self.session, device_id, near) | self._hashes
        organization_id, site_id = self.identity.organization, self.identity.site
        points = {event.access_point for event in events}
        self._places = repository.known_access_points(self.session, organization_id, site_id, points)
        people = {event.person for event in events if event.person and event.account is None}
        self._accounts = repository.accounts_of(self.session, organization_id, people) if people else {}
        named = {event.person for event in events if event.person}
        self._merged = repository.merged_people(self.session, organization_id, named)
        accounts = {event.account for event in events if event.account}
        self._merged_accounts = repository.merged_accounts(self.session, organization_id, accounts)
        self._trimmed = repository.trimmed_through(self.session, device_id)

    def _note(self, found: Recorded) -> None:
        self._by_id[found.id] = found
        if found.device_id == self.identity.device:
            self._by_seq[found.seq] = found
            self._hashes[found.seq] = found.body_hash

    def _conflict(self, each: Received, event: WireEvent) -> Recorded | None:
        """Another recorded event with this id, or with this place in the device's sequence."""
        for known in (self._by_id.get(event.id), self._by_seq.get(event.seq)):
            if known is not None and known.body_hash != each.body_hash:
                return known
        return None

    def _record(self, each: Received, event: WireEvent) -> None:
        row = _row(self.identity, event, each, self.now)
        if row.account_id is None and event.person is not None:
            row.account_id = self._accounts.get(event.person)
        self._follow_merges(row)
        row.flags = sorted(self._flags(event))
        self.session.add(row)
        self._new[event.id] = (event, row)
        if event.count is not None:
            self._alarm("guessing_at_door", event.access_point, {"reader": event.reader, "count": event.count})
        self._seqs.append(event.seq)
        self._note(Recorded(event.id, event.device, event.seq, each.body_hash, event.prev))
        note_recorded(self.session, self.identity.organization, event.id)

    def _follow_merges(self, row: Event) -> None:
        """Who was somebody else when the door last heard is found with whom they are now; the body stays as sent."""
        if row.person_id in self._merged:
            row.person_id, row.account_id = self._merged[row.person_id]
        elif row.account_id in self._merged_accounts:
            row.account_id = self._merged_accounts[row.account_id]

    def _flags(self, event: WireEvent) -> Iterable[str]:
        if self.now - event.occurred_at > LATE_AFTER:
            yield "late"
        if self.now - event.occurred_at > LONG_AGO_AFTER:
            yield "long_ago"
        if event.occurred_at - self.now > LATE_AFTER:
            yield "ahead_of_time"
        if event.access_point not in self._places:
            yield "unknown_access_point"

    def _check_chain(self) -> None:
        for event, row in self._new.values():
            before = FIRST_PREV if event.seq == 1 else self._hashes.get(event.seq - 1)
            if before is not None and before != event.prev:
                self._break_chain(row)
            after = self._by_seq.get(event.seq + 1)
            if after is not None and after.id not in self._new and after.prev_hash != row.body_hash:
                self._break_chain(self.session.get_one(Event, after.id))

    def _break_chain(self, row: Event) -> None:
        row.flags = sorted({*row.flags, "chain_broken"})
        self._alarm("chain_broken", row.id, {"seq": row.seq})

    def _park(self, each: Received, reason: str, detail: str) -> None:
        quarantine.keep(
            self.session,
            self.identity,
            each.body,
            reason=reason,
            detail=detail,
            seq=each.seq,
            body_hash=each.body_hash,
            now=self.now,
        )
        self._alarm("event_parked", self.identity.device, {"reason": reason, "seq": each.seq})
        if each.seq is not None:
            self._seqs.append(each.seq)
            self._hashes.setdefault(each.seq, each.body_hash)
            self.mark.parked = sorted({*self.mark.parked, each.seq})[-_KEPT_PARKED:]

    def _park_conflict(self, each: Received, event: WireEvent, known: Recorded) -> None:
        """The first one stays as it is: one id with two bodies is never merged."""
        what = "id" if known.id == event.id else "seq"
        self._park(each, f"conflicting_{what}", f"another event is recorded under this {what}")
        self._alarm("conflicting_event", event.id, {"seq": event.seq, "same": what})

    def _alarm(self, kind: str, subject: str, details: dict[str, object]) -> None:
        quarantine.raise_alarm(self.session, self.identity, kind, subject, details, now=self.now)

    def _move_mark(self) -> None:
        marks = _marks(self.mark).with_seqs(self._seqs)
        self.mark.through_seq, self.mark.max_seq = marks.through, marks.highest
        self.mark.ranges = [list(each) for each in marks.ranges]


def _marks(mark: DeviceMark) -> Marks:
    return Marks(mark.through_seq, tuple((first, last) for first, last in mark.ranges))


def _row(identity: DeviceTopic, event: WireEvent, each: Received, now: datetime) -> Event:
    used, presented = event.entitlement, event.credential
    return Event(
        id=event.id,
        organization_id=identity.organization,
        site_id=identity.site,
        device_id=event.device,
        seq=event.seq,
        prev_hash=event.prev,
        access_point_id=event.access_point,
        account_id=event.account,
        person_id=event.person,
        kind=event.kind.value,
        outcome=event.outcome.value,
        reasons=[*dict.fromkeys(reason.value for reason in event.reasons)],
        pass_type=used.type.value if used else None,
        pass_id=used.id if used else None,
        # PostgreSQL takes no NUL in text; the body keeps the name as it came.
        pass_name=used.name.replace("\x00", "") if used else None,
        credential_kind=presented.kind.value if presented else None,
        occurred_at=event.occurred_at,
        recorded_at=now,
        is_offline=event.is_offline,
        staff_id=event.staff,
        refers_to=event.refers_to,
        body=each.body.decode(),
        body_hash=each.body_hash,
    )
