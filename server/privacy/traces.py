"""What is left of an erased person in rows that are about something else: events, the feed's log, quarantine, notes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, and_, func, or_, select, update
from sqlalchemy.orm import Session

from access.wire.feed import EntityKind
from server.audit.redaction import redacted
from server.models import (
    BalanceEntry,
    Device,
    Event,
    FeedEntry,
    ImportJob,
    QuarantinedMessage,
    SavedList,
    Settlement,
)

__all__ = ["Gone", "clear_traces", "events_of", "redact"]

_EVENT: Final[Table] = Event.__table__  # type: ignore[assignment]
_FEED: Final[Table] = FeedEntry.__table__  # type: ignore[assignment]
_CHUNK: Final = 500
_INSTEAD: Final = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """Who is erased, and by what they may be found."""

    organization_id: str
    account_id: str
    person_ids: tuple[str, ...]
    names: frozenset[str]
    emails: frozenset[str]
    fingerprints: frozenset[str]
    adult_ids: frozenset[str]


def events_of(session: Session, organization_id: str, person_ids: Collection[str]) -> dict[str, str]:
    """The events of these people that still are as they were sent, with whose each is."""
    wanted = select(Event.id, Event.person_id).where(
        Event.organization_id == organization_id, Event.person_id.in_(person_ids), Event.erased_by.is_(None)
    )
    return {event_id: person_id for event_id, person_id in session.execute(wanted) if person_id is not None}


def redact(session: Session, event_ids: Iterable[str], seq: int) -> None:
    """Takes the card and what was noted out of events, by the audit log's entry `seq`."""
    ids = list(event_ids)
    for start in range(0, len(ids), _CHUNK):
        wanted = select(_EVENT.c.id, _EVENT.c.body).where(_EVENT.c.id.in_(ids[start : start + _CHUNK]))
        for event_id, body in session.execute(wanted).all():
            changed = update(_EVENT).where(_EVENT.c.id == event_id)
            session.execute(changed.values(body=redacted(body), erased_by=seq))


def clear_traces(session: Session, gone: Gone) -> set[tuple[str, str]]:
    """Empties the rest; answers the audited rows (entity and id) whose earlier entries say something, too."""
    _clear_feed(session, gone)
    _clear_quarantine(session, gone)
    _clear_imports(session, gone.organization_id)
    _clear_lists(session, gone)
    return {*_clear_settlements(session, gone), *_clear_descriptions(session, gone)}


def _clear_feed(session: Session, gone: Gone) -> None:
    """What doors were told earlier reads as deletions now; the deletion itself follows at the commit."""
    told: list[tuple[EntityKind, Collection[str]]] = [
        (EntityKind.PERSON, gone.person_ids),
        (EntityKind.CREDENTIAL, gone.fingerprints),
        (EntityKind.ALLOWED_ADULT, gone.adult_ids),
        (EntityKind.OFFICE_ACT, _office_acts(session, gone)),
    ]
    concerned: list[ColumnElement[bool]] = [
        and_(_FEED.c.kind == kind.value, _FEED.c.entity_id.in_(sorted(ids))) for kind, ids in told if ids
    ]
    mine = and_(_FEED.c.organization_id == gone.organization_id, or_(*concerned))
    session.execute(update(_FEED).where(mine).values(body=None))


def _office_acts(session: Session, gone: Gone) -> set[str]:
    """What staff did about them in the back office: what was noted with it is in the feed's log, too."""
    mine = select(Event.id).join(Device, Device.id == Event.device_id)
    return set(
        session.scalars(
            mine.where(
                Event.organization_id == gone.organization_id, Event.person_id.in_(gone.person_ids), Device.is_centre
            )
        )
    )


def _clear_quarantine(session: Session, gone: Gone) -> None:
    """The place in the chain stays; the message goes when it names the person or one of their cards."""
    named = [each.encode() for each in (*gone.person_ids, *gone.fingerprints)]
    wanted = select(QuarantinedMessage).where(
        QuarantinedMessage.organization_id == gone.organization_id, func.length(QuarantinedMessage.payload) > 0
    )
    for message in session.scalars(wanted):
        if any(each in message.payload for each in named):
            message.payload, message.detail = b"", ""


def _clear_imports(session: Session, organization_id: str) -> None:
    """A refused row may name anyone: what is kept of imports that do not run goes (their files afterwards)."""
    wanted = select(ImportJob).where(
        ImportJob.organization_id == organization_id,
        ImportJob.state.in_(("mapping", "checked", "done", "failed", "cancelled")),
    )
    for job in session.scalars(wanted):
        job.problems, job.plan = [], {**job.plan, "first_rows": []}
        if job.state in ("mapping", "checked"):
            job.state = "cancelled"


def _clear_lists(session: Session, gone: Gone) -> None:
    """A saved search for the person."""
    words = {each.casefold() for each in (*gone.names, *gone.emails)}
    for saved in session.scalars(select(SavedList).where(SavedList.organization_id == gone.organization_id)):
        said = f"{saved.name} {list(saved.query.values())}".casefold()
        if any(re.search(rf"\b{re.escape(word)}\b", said) for word in words):
            session.delete(saved)


def _clear_settlements(session: Session, gone: Gone) -> set[tuple[str, str]]:
    mine = select(Event.id).where(Event.organization_id == gone.organization_id, Event.person_id.in_(gone.person_ids))
    wanted = select(Settlement).where(Settlement.organization_id == gone.organization_id, Settlement.event_id.in_(mine))
    changed = set()
    for settlement in session.scalars(wanted):
        settlement.note = ""
        changed.add(("settlement", settlement.id))
    return changed


def _clear_descriptions(session: Session, gone: Gone) -> set[tuple[str, str]]:
    """Amounts are kept; a name in what was written beside one is not."""
    named = re.compile("|".join(rf"\b{re.escape(each)}\b" for each in sorted(gone.names)) or r"(?!)", re.IGNORECASE)
    wanted = select(BalanceEntry).where(
        BalanceEntry.organization_id == gone.organization_id, BalanceEntry.account_id == gone.account_id
    )
    changed: set[Any] = set()
    for entry in session.scalars(wanted):
        if named.search(entry.description):
            entry.description = named.sub(_INSTEAD, entry.description)
            changed.add(("balance_entry", entry.id))
    return changed
