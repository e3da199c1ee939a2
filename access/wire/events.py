"""Events: what happened at a door, as facts. Made once, hashed into the device's chain, never rewritten.

`seq` counts from 1 without gaps per device. `prev` is the digest of the device's event before this one, so that an
edit, a deletion or a swap of order is located. The centre may flag an event; it never refuses one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from access.domain.credentials import CredentialKind
from access.domain.facts import ClockTrust
from access.domain.policy import AccessType, Direction
from access.domain.reasons import Notice, Outcome, Reason
from access.wire.model import Digest, Fingerprint, Instant, Message, Name, WireModel

__all__ = [
    "FIRST_PREV",
    "MAX_EVENTS_IN_BATCH",
    "AttendanceMark",
    "CacheMark",
    "Event",
    "EventBatch",
    "EventCause",
    "EventKind",
    "PresentedCredential",
    "UsedEntitlement",
    "Way",
]

FIRST_PREV = "0" * 64
MAX_EVENTS_IN_BATCH = 50

_EventId = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
]
Way = Literal[Direction.IN, Direction.OUT]
"""Which way somebody went or wanted to go."""

_ShortText = Annotated[str, StringConstraints(max_length=200)]


class EventKind(StrEnum):
    """What happened. New kinds may be added; these keep their meaning."""

    CHECKED_IN = "checked_in"
    CHECKED_OUT = "checked_out"
    REPEATED = "repeated"
    REVIEW_REQUESTED = "review_requested"
    DENIED = "denied"
    REVIEW_APPROVED = "review_approved"
    REVIEW_REFUSED = "review_refused"
    OVERRIDDEN = "overridden"
    UNDONE = "undone"
    LOOKED_UP = "looked_up"
    CARD_REQUESTED = "card_requested"
    ATTENDANCE_MARKED = "attendance_marked"
    PICKED_UP = "picked_up"
    ANONYMOUS_EXIT = "anonymous_exit"


class AttendanceMark(StrEnum):
    """What `attendance_marked` says of the person in that occurrence: not come, or (again) merely expected.

    Having come and gone are check-ins and check-outs that name the occurrence.
    """

    ABSENT = "absent"
    EXPECTED = "expected"


class EventCause(StrEnum):
    """Why a door did something by itself."""

    NO_ENTRY = "no_entry"
    """The barrier was watched all the time, and nobody went through: the check-in is undone."""


class PresentedCredential(WireModel):
    """What was presented, known by its keyed fingerprint; `length` is in bytes and only set for unreadable ones."""

    kind: CredentialKind
    fingerprint: Fingerprint
    length: int | None = Field(default=None, ge=0)


class UsedEntitlement(WireModel):
    """What let the person in (or would have); `is_chosen` by the visitor.

    `takes_use`: this event is a use of the multipass `id`. `remaining` is what the door knew to be left after this
    event; the truth is computed from the set of uses. `name` is in the organization's language, `name_en` and `name_fr`
    are there where it has one in that language. `lease` is the lease that a use of a strict multipass was
    spent of.
    """

    type: AccessType
    id: Name
    name: _ShortText
    type_id: Name | None = None
    takes_use: bool = False
    remaining: int | None = None
    activates: bool = False
    occurrence_id: Name | None = None
    is_chosen: bool = False
    lease: Name | None = None
    name_en: _ShortText | None = None
    name_fr: _ShortText | None = None


class CacheMark(WireModel):
    """The state of the centre's feed that the door decided by."""

    epoch: Name
    seq: int = Field(ge=0)


class Event(Message):
    """One thing that happened at an access point.

    `data_as_of` is the instant of the centre's state that the decision used: as new as the newest thing the door had
    heard, and None where nothing was decided or the door had no cache. `direction` is the way the person went or
    wanted to go: that of the reader, or of what staff did. `cause` is why a door did it by itself. `count`: the event
    stands for so many refused presentations of unknown codes, which the door had no time to record one by one.
    `adult` is the id of whom a child was handed to (`picked_up`).
    """

    id: _EventId
    device: Name
    seq: int = Field(ge=1)
    prev: Digest
    kind: EventKind
    occurred_at: Instant
    boot_id: Name
    monotonic_ms: int = Field(ge=0)
    clock: ClockTrust
    cache: CacheMark | None = None
    data_as_of: Instant | None = None
    is_offline: bool
    access_point: Name
    reader: Name | None = None
    direction: Way | None = None
    credential: PresentedCredential | None = None
    person: Name | None = None
    account: Name | None = None
    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    notices: tuple[Notice, ...] = ()
    entitlement: UsedEntitlement | None = None
    refers_to: _EventId | None = None
    staff: Name | None = None
    note: _ShortText | None = None
    cause: EventCause | None = None
    count: int | None = Field(default=None, ge=1)
    mark: AttendanceMark | None = None
    adult: Name | None = None


class EventBatch(Message):
    """Events of one device in the order of their `seq`. Each is kept as a document until it is checked by itself,
    so that one bad event never holds up the others."""

    device: Name
    events: list[dict[str, Any]] = Field(min_length=1, max_length=MAX_EVENTS_IN_BATCH)
