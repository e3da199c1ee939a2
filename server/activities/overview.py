"""What is shown of activities: the list, and of one its dates with their counts, its waitlist, its doors. Reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from sqlalchemy.orm import Session

from access.domain.instants import add_days, start_of_day
from access.domain.policy import AccessPoint as Policy
from access.domain.registrations import ActivityKind, RegistrationStatus
from server.activities import repository
from server.activities.places import ahead, crowd
from server.activities.repository import ListedActivity
from server.attendance import repository as attendance
from server.attendance.standing import State, standing
from server.clients.folding import fold
from server.models import AccessPoint, Activity, Occurrence, Registration

__all__ = [
    "ARCHIVED",
    "PAGE",
    "ActivityFilter",
    "ActivityLine",
    "OccurrenceLine",
    "Waiting",
    "doors_of",
    "find_activities",
    "find_open",
    "occurrence_lines",
    "waitlist",
]

PAGE: Final = 50
ARCHIVED: Final = ("only", "all")
_EARLY, _LATE = timedelta(hours=12), timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityFilter:
    """What is wanted; with a day those that meet on it or after it, or before the other's end."""

    term: str = ""
    kind: ActivityKind | None = None
    first_on: date | None = None
    last_on: date | None = None
    archived: str = ""

    @staticmethod
    def of(form: Mapping[str, str]) -> ActivityFilter:
        """From the values of the form; what makes no sense is as if it were not there."""
        kind, archived = form.get("kind", ""), form.get("archived", "")
        return ActivityFilter(
            term=form.get("q", "")[:200].replace("\x00", "").strip(),
            kind=ActivityKind(kind) if kind in list(ActivityKind) else None,
            first_on=_day(form.get("from", "")),
            last_on=_day(form.get("to", "")),
            archived=archived if archived in ARCHIVED else "",
        )

    def query(self) -> dict[str, str]:
        """The values of the form again, without the empty ones."""
        values = {
            "q": self.term,
            "kind": self.kind or "",
            "from": self.first_on.isoformat() if self.first_on else "",
            "to": self.last_on.isoformat() if self.last_on else "",
            "archived": self.archived,
        }
        return {name: str(value) for name, value in values.items() if value}


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """One of the list. `span` is its first start, its last end and its next start."""

    activity: ListedActivity
    span: tuple[datetime, datetime, datetime | None] | None
    registered: int
    waiting: int


@dataclass(frozen=True, slots=True)
class OccurrenceLine:
    """One occurrence: how many have a place in it, wait for one, and came; `came` None: it is not time yet."""

    occurrence: Occurrence
    registered: int
    waiting: int
    came: int | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody on the waitlist, how many are ahead, and whether a place is free for them."""

    registration: Registration
    ahead: int
    has_place: bool


def find_activities(
    session: Session,
    organization_id: str,
    wanted: ActivityFilter,
    *,
    now: datetime,
    zone: tzinfo,
    language: str,
    offset: int = 0,
) -> tuple[list[ActivityLine], int]:
    """One page of the list by name, and how many there are in all. The search forgives accents and case."""
    found = repository.listed(
        session,
        organization_id,
        kind=wanted.kind,
        archived=wanted.archived,
        since=start_of_day(wanted.first_on, zone) if wanted.first_on else None,
        until=start_of_day(add_days(wanted.last_on, 1), zone) if wanted.last_on else None,
    )
    return _lines(session, organization_id, found, wanted.term, now=now, language=language, offset=offset)


def find_open(
    session: Session, organization_id: str, term: str, *, now: datetime, language: str
) -> tuple[list[ActivityLine], int]:
    """Those one can be registered for by name: not archived, and something of them is to come. One page at most."""
    found = repository.listed(session, organization_id, since=now)
    return _lines(session, organization_id, found, term, now=now, language=language)


def _lines(
    session: Session,
    organization_id: str,
    found: Sequence[ListedActivity],
    term: str,
    *,
    now: datetime,
    language: str,
    offset: int = 0,
) -> tuple[list[ActivityLine], int]:
    words = fold(term).split()
    meant = [each for each in found if _matches(each, words)]
    meant.sort(key=lambda each: (fold(each.name.in_language(language)), each.id))
    shown = meant[offset : offset + PAGE]
    ids = [each.id for each in shown]
    spans = repository.spans_of(session, ids, now)
    counts = repository.counts_of(session, organization_id, ids)
    lines = [
        ActivityLine(
            each,
            spans.get(each.id),
            counts.get((each.id, RegistrationStatus.REGISTERED), 0),
            counts.get((each.id, RegistrationStatus.WAITING), 0),
        )
        for each in shown
    ]
    return lines, len(meant)


def occurrence_lines(
    session: Session, organization_id: str, activity: Activity, occurrences: Sequence[Occurrence], *, now: datetime
) -> list[OccurrenceLine]:
    """The counts of these occurrences, in their order; whoever was archived after one began still counts in it."""
    rows = repository.standing_of(session, organization_id, activity.id, with_archived=True)
    due = [each for each in occurrences if each.starts_at - _EARLY <= now and not each.is_cancelled]
    people = {each.person_id for each in rows}
    events = {}
    if due and people:
        span = (min(each.starts_at for each in due) - _EARLY, max(each.ends_at for each in due) + _LATE)
        events = attendance.events(session, organization_id, people, span)
    lines = []
    for each in occurrences:
        registered = _people(rows, each, RegistrationStatus.REGISTERED)
        states = [standing(events.get(id_, ()), each.id).state for id_ in registered] if each in due else []
        lines.append(
            OccurrenceLine(
                each,
                len(registered),
                len(_people(rows, each, RegistrationStatus.WAITING)),
                sum(state in (State.IN, State.OUT) for state in states) if each in due else None,
            )
        )
    return lines


def waitlist(
    session: Session, organization_id: str, activity: Activity, waiting: Sequence[Registration], *, now: datetime
) -> list[Waiting]:
    """Who waits, in their order."""
    rows = repository.standing_of(session, organization_id, activity.id)
    to_come = [each.id for each in repository.coming(session, activity.id, now)]
    placed = [each for each in rows if each.status is RegistrationStatus.REGISTERED]
    return [
        Waiting(
            each,
            ahead(each, waiting),
            bool(to_come) and crowd(placed, each.occurrence_ids, to_come).free(activity.capacity),
        )
        for each in waiting
    ]


def doors_of(session: Session, organization_id: str, activity: Activity) -> list[AccessPoint]:
    """The access points whose rules let people in for it."""
    return [each for each in attendance.points(session, organization_id) if _accepts(each.policy(), activity)]


def _accepts(point: Policy, activity: Activity) -> bool:
    return any(
        rule.type.value == activity.kind.value and (not rule.chosen or activity.id in rule.chosen)
        for rule in point.access_rules
    )


def _people(rows: Collection[Registration], occurrence: Occurrence, status: RegistrationStatus) -> set[str]:
    return {
        each.person_id
        for each in rows
        if each.status is status
        and (not each.occurrence_ids or occurrence.id in each.occurrence_ids)
        and (each.person.archived_at is None or each.person.archived_at >= occurrence.starts_at)
    }


def _matches(activity: ListedActivity, words: Sequence[str]) -> bool:
    text = fold(f"{activity.name_en} {activity.name_fr} {activity.code or ''}")
    return all(each in text for each in words)


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
