"""From what staff did at the desk to the event that records it. Nothing is decided and nothing is written here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from access.domain.ids import uuid7
from access.domain.policy import Direction
from access.domain.reasons import Notice, Outcome, Reason
from access.wire.events import (
    AttendanceMark,
    CacheMark,
    Event,
    EventCause,
    EventKind,
    PresentedCredential,
    UsedEntitlement,
)
from access.wire.movements import direction_of, one_way
from edge_agent.clock import Moment

__all__ = ["Deed", "DoorStamp", "deed_maker", "unused"]

MAX_NOTE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing that is no scan: done by `staff`, or by the door itself when that is None. `direction` may be left out
    where the kind itself says it."""

    kind: EventKind
    access_point: str
    outcome: Outcome
    direction: Direction | None = None
    staff: str | None = None
    person: str | None = None
    account: str | None = None
    credential: PresentedCredential | None = None
    reasons: tuple[Reason, ...] = ()
    notices: tuple[Notice, ...] = ()
    entitlement: UsedEntitlement | None = None
    refers_to: str | None = None
    note: str | None = None
    reader: str | None = None
    count: int | None = None
    cause: EventCause | None = None
    mark: AttendanceMark | None = None
    adult: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorStamp:
    """What every event of this door carries: who it is, when it is, and what it knew (`cache`, as of `data_as_of`).
    `random` is 10 bytes."""

    device: str
    boot_id: str
    moment: Moment
    cache: CacheMark | None
    data_as_of: datetime | None
    is_offline: bool
    random: bytes


def deed_maker(deed: Deed, stamp: DoorStamp) -> Callable[[int, str], Event]:
    """Builds the event once its seq and the digest of the one before are known."""
    moment = stamp.moment

    def make(seq: int, prev: str) -> Event:
        return Event(
            id=uuid7(int(moment.now.timestamp() * 1000), stamp.random),
            device=stamp.device,
            seq=seq,
            prev=prev,
            kind=deed.kind,
            occurred_at=moment.now,
            boot_id=stamp.boot_id,
            monotonic_ms=int(moment.monotonic * 1000),
            clock=moment.trust,
            cache=stamp.cache,
            data_as_of=stamp.data_as_of,
            is_offline=stamp.is_offline,
            access_point=deed.access_point,
            direction=one_way(deed.direction or direction_of(deed.kind)),
            credential=deed.credential,
            person=deed.person,
            account=deed.account,
            outcome=deed.outcome,
            reasons=deed.reasons,
            notices=deed.notices,
            entitlement=deed.entitlement,
            refers_to=deed.refers_to,
            staff=deed.staff,
            note=deed.note[:MAX_NOTE] if deed.note else None,
            reader=deed.reader,
            count=deed.count,
            cause=deed.cause,
            mark=deed.mark,
            adult=deed.adult,
        )

    return make


def unused(entitlement: UsedEntitlement) -> UsedEntitlement:
    """What an entry used, as the undoing of that entry names it: nothing is taken, and what was taken is left again."""
    left = entitlement.remaining
    if left is not None and entitlement.takes_use:
        left += 1
    return entitlement.model_copy(update={"takes_use": False, "activates": False, "lease": None, "remaining": left})
