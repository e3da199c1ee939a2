"""Account activity: what to show (filters, place in the list) and the rows, newest first, by when they happened.

A page is found by its key (instant, id) and never by counting rows, so that the ten-millionth is as near as the first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property
from typing import Any, Self, TypeVar

from access.domain.instants import start_of_day
from access.domain.policy import AccessType
from access.domain.reasons import Outcome
from access.wire.events import EventKind
from server.checkins import repository
from server.db import Database
from server.models import Event, Settlement

__all__ = [
    "FLAGS",
    "ActivityFilter",
    "ActivityPage",
    "ActivityRow",
    "Cursor",
    "Names",
    "activity_page",
    "all_activity",
    "place_of",
]

FLAGS = ("overdrawn", "clone", "late")
"""The flags that one can look for by name; `any` finds every flagged event."""
_ANY = "any"
_BATCH = 1000
_W = TypeVar("_W", EventKind, Outcome, AccessType)
_CURSOR = re.compile(r"(-?\d{1,20})-([0-9A-Za-z._-]{1,64})")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the list: after the row that happened at `at` with this id."""

    at: datetime
    id: str

    @classmethod
    def parse(cls, text: str | None) -> Self | None:
        """From a link; None for none and for anything that no page of ours wrote."""
        found = _CURSOR.fullmatch(text or "")
        if found is None:
            return None
        try:
            return cls(datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(found[1])), found[2])
        except OverflowError:
            return None

    @classmethod
    def at_event(cls, event: Event) -> Self:
        """The place from which this event is the first one."""
        return cls(event.occurred_at, f"{event.id}z"[:64])

    def __str__(self) -> str:
        return f"{(self.at - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)}-{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityFilter:
    """What to keep. Days are the organization's local days, both included; None keeps everything.

    `flag` is one of FLAGS or `any`.
    """

    person_id: str | None = None
    first_on: date | None = None
    last_on: date | None = None
    kind: EventKind | None = None
    outcome: Outcome | None = None
    access_point_id: str | None = None
    pass_type: AccessType | None = None
    pass_id: str | None = None
    flag: str | None = None

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> Self:
        """From a form; whatever is not understood is left out. A pass is named by `type:` and its type, or its id."""
        which, flag = query.get("pass") or "", query.get("flag")
        pass_type = _word(AccessType, which.removeprefix("type:")) if which.startswith("type:") else None
        return cls(
            person_id=_id(query.get("person")),
            first_on=_day(query.get("from")),
            last_on=_day(query.get("to")),
            kind=_word(EventKind, query.get("kind")),
            outcome=_word(Outcome, query.get("outcome")),
            access_point_id=_id(query.get("point")),
            pass_type=pass_type,
            pass_id=_id(which),
            flag=flag if flag in (_ANY, *FLAGS) else None,
        )

    @property
    def is_empty(self) -> bool:
        """Whether everything is kept."""
        return self == type(self)()

    def query(self) -> dict[str, str]:
        """The form's values again, for links."""
        values = {
            "person": self.person_id,
            "from": self.first_on and self.first_on.isoformat(),
            "to": self.last_on and self.last_on.isoformat(),
            "kind": self.kind,
            "outcome": self.outcome,
            "point": self.access_point_id,
            "pass": f"type:{self.pass_type}" if self.pass_type else self.pass_id,
            "flag": self.flag,
        }
        return {name: str(value) for name, value in values.items() if value}

    def span(self, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
        """The instants from (included) and until (excluded)."""
        day_after = self.last_on + timedelta(days=1) if self.last_on else None
        return (
            start_of_day(self.first_on, zone) if self.first_on else None,
            start_of_day(day_after, zone) if day_after else None,
        )


def _id(text: str | None) -> str | None:
    return text if text and re.fullmatch(r"[0-9A-Za-z._-]{1,64}", text) else None


def _day(text: str | None) -> date | None:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    # A day at the edge of the calendar has no instant in every zone.
    return day if 1900 <= day.year <= 2999 else None


def _word(words: type[_W], text: str | None) -> _W | None:
    return words(text) if text in list(words) else None


@dataclass(frozen=True)
class ActivityRow:
    """One interaction, as recorded. Not slotted: the body is read once, when it is asked for."""

    event: Event

    @cached_property
    def body(self) -> dict[str, Any]:
        """The event as its door wrote it; empty when it cannot be read."""
        try:
            body = json.loads(self.event.body)
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}

    @property
    def cursor(self) -> Cursor:
        """The place after this row."""
        return Cursor(self.event.occurred_at, self.event.id)

    @property
    def remaining(self) -> int | None:
        """What was left of the pass after this event, as its door knew it."""
        left = self._entitlement.get("remaining")
        return left if isinstance(left, int) else None

    @property
    def takes_use(self) -> bool:
        """Whether it took a use of a multipass."""
        return self._entitlement.get("takes_use") is True

    def pass_name(self, language: str) -> str:
        """What the pass was called then, in the language where it had a name in it."""
        name = self._entitlement.get(f"name_{language}")
        return name if isinstance(name, str) and name else self.event.pass_name or ""

    @property
    def note(self) -> str:
        """What staff wrote with it."""
        return str(self.body.get("note") or "")

    @property
    def _entitlement(self) -> dict[str, Any]:
        entitlement = self.body.get("entitlement")
        return entitlement if isinstance(entitlement, dict) else {}


@dataclass(frozen=True, slots=True)
class Names:
    """Who and where the rows of a page are about; an id that is missing here is gone or was never known."""

    people: Mapping[str, repository.Face]
    access_points: Mapping[str, Any]
    staff: Mapping[str, str]
    referred: Mapping[str, repository.Mention]
    corrections: Mapping[str, tuple[repository.Mention, ...]]
    settlements: Mapping[str, Settlement]


@dataclass(frozen=True, slots=True)
class ActivityPage:
    """Some rows, their names, and from where the next older and newer pages are (None: there is none)."""

    rows: tuple[ActivityRow, ...]
    names: Names
    older: Cursor | None
    newer: Cursor | None = None


def activity_page(
    database: Database,
    organization_id: str,
    account_id: str,
    wanted: ActivityFilter,
    *,
    zone: tzinfo,
    before: Cursor | None = None,
    after: Cursor | None = None,
    limit: int = 50,
) -> ActivityPage:
    """One page of an account's activity: from `before` to older ones, or from `after` to newer ones, newest first."""
    with database.read() as session:
        span = wanted.span(zone)
        if after is not None:
            events = repository.newer_account_events(
                session, organization_id, account_id, wanted, span=span, after=after, limit=limit + 1
            )
            shown, is_more = events[:limit][::-1], len(events) > limit
            older, newer = bool(shown), is_more
        else:
            events = repository.account_events(
                session, organization_id, account_id, wanted, span=span, before=before, limit=limit + 1
            )
            shown, is_more = events[:limit], len(events) > limit
            older, newer = is_more, before is not None and bool(shown)
        return ActivityPage(
            tuple(map(ActivityRow, shown)),
            names_of(session, organization_id, shown),
            _after(shown[-1]) if older else None,
            _after(shown[0]) if newer else None,
        )


def place_of(database: Database, organization_id: str, account_id: str, event_id: str | None) -> Cursor | None:
    """From where a page of the account opens with this event; None when the account has no such event."""
    with database.read() as session:
        event = repository.event_of(session, organization_id, event_id) if event_id else None
    return Cursor.at_event(event) if event is not None and event.account_id == account_id else None


def _after(event: Event) -> Cursor:
    return Cursor(event.occurred_at, event.id)


def names_of(session: repository.Session, organization_id: str, events: list[Event]) -> Names:
    """The names for some events, each kind by one query."""
    ids = {each.id for each in events}
    corrections = repository.corrections(session, organization_id, ids)
    settlements = repository.settlements(session, organization_id, ids)
    staff = {each.staff_id for each in events} | {each.decided_by for each in settlements.values()}
    staff |= {each.staff_id for found in corrections.values() for each in found}
    return Names(
        people=repository.faces(session, organization_id, {each.person_id for each in events if each.person_id}),
        access_points=repository.access_point_names(
            session, organization_id, {each.access_point_id for each in events}
        ),
        staff=repository.staff_names(session, organization_id, {each for each in staff if each}),
        referred=repository.mentions(session, organization_id, {each.refers_to for each in events if each.refers_to}),
        corrections=corrections,
        settlements=settlements,
    )


def all_activity(
    database: Database, organization_id: str, account_id: str, wanted: ActivityFilter, *, zone: tzinfo
) -> Iterator[ActivityPage]:
    """Every row, in batches; no transaction stays open between two of them."""
    before: Cursor | None = None
    while True:
        page = activity_page(database, organization_id, account_id, wanted, zone=zone, before=before, limit=_BATCH)
        yield page
        if page.older is None:
            return
        before = page.older
