"""One credential at two places at once: both scans are flagged as possible copies, with an alarm.

Somebody who scans at one site cannot scan at another within two minutes, nor at two doors of one site within two
seconds. Only scans by a clock that is trusted count, and never two readers of one device. A scan is flagged when there
is any other that it cannot go with, so the order in which they came changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.domain.facts import ClockTrust
from access.wire.events import Event as WireEvent
from access.wire.events import EventKind
from access.wire.topics import DeviceTopic
from server.ingest.quarantine import raise_alarm
from server.models.events import Event
from server.models.people import Person

__all__ = ["BETWEEN_DOORS", "BETWEEN_SITES", "CLONE", "CLONE_ALARM", "find_clones", "impossible_with", "take_turns"]

BETWEEN_SITES: Final = timedelta(minutes=2)
BETWEEN_DOORS: Final = timedelta(seconds=2)
CLONE: Final = "clone"
CLONE_ALARM: Final = "card_cloned"
_SCANS: Final = (
    EventKind.CHECKED_IN,
    EventKind.CHECKED_OUT,
    EventKind.REPEATED,
    EventKind.REVIEW_REQUESTED,
    EventKind.DENIED,
)


def take_turns(session: Session, recorded: Iterable[tuple[WireEvent, Event]]) -> None:
    """Two doors that say the same card at once must each see what the other said.

    Before anything else is changed: whoever settles an event holds its people before the event.
    """
    if person_ids := {row.person_id for row in _scans(recorded)}:
        turn = select(Person.id).where(Person.id.in_(person_ids)).order_by(Person.id)
        session.execute(turn.with_for_update(key_share=True)).all()


def find_clones(
    session: Session, identity: DeviceTopic, recorded: Iterable[tuple[WireEvent, Event]], *, now: datetime
) -> None:
    """Flags newly recorded events (already flushed), and those before them, that cannot both be the same card.

    Whoever calls has taken turns.
    """
    for row in _scans(recorded):
        others = impossible_with(session, row)
        for each in (row, *others) if others else ():
            each.flags = sorted({*each.flags, CLONE})
        if others:
            details = {"event": row.id, "other": others[0].id}
            raise_alarm(session, identity, CLONE_ALARM, row.person_id or row.id, details, now=now)


def impossible_with(session: Session, row: Event) -> list[Event]:
    """The organization's other scans of the same credential that the same card cannot have made, oldest first."""
    fingerprint = _trusted_fingerprint(row)
    if fingerprint is None:
        return []
    near = select(Event).where(
        Event.organization_id == row.organization_id,
        Event.person_id == row.person_id,
        Event.occurred_at >= row.occurred_at - BETWEEN_SITES,
        Event.occurred_at <= row.occurred_at + BETWEEN_SITES,
        Event.kind.in_(_SCANS),
        Event.staff_id.is_(None),
        Event.device_id != row.device_id,
        Event.access_point_id != row.access_point_id,
    )
    found = session.scalars(near.order_by(Event.occurred_at, Event.id))
    return [each for each in found if _is_impossible(row, each) and _trusted_fingerprint(each) == fingerprint]


def _scans(recorded: Iterable[tuple[WireEvent, Event]]) -> list[Event]:
    return [row for event, row in recorded if row.person_id and _is_scan(event)]


def _is_scan(event: WireEvent) -> bool:
    return event.kind in _SCANS and event.staff is None and event.credential is not None


def _is_impossible(one: Event, other: Event) -> bool:
    limit = BETWEEN_DOORS if one.site_id == other.site_id else BETWEEN_SITES
    return abs(one.occurred_at - other.occurred_at) < limit


def _trusted_fingerprint(row: Event) -> str | None:
    """The credential's fingerprint, if there is one and the door believed its clock."""
    try:
        body: Any = json.loads(row.body)
        if body.get("clock") != ClockTrust.TRUSTED:
            return None
        fingerprint = body["credential"]["fingerprint"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return fingerprint if isinstance(fingerprint, str) else None
