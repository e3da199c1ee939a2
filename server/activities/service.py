"""Making and changing activities and their occurrences by hand. No HTTP; whoever calls holds the transaction.

What people are registered for keeps its kind, and what takes place again cannot be archived: nobody's place vanishes.
What is archived takes place no more until it is taken out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from access.domain.registrations import ActivityKind
from server.activities import repository
from server.activities.calendar import Span
from server.activities.errors import CodeTaken, IsArchived, KindFixed, StillToCome
from server.activities.rows import add_activity, add_occurrence
from server.models import Activity, Occurrence

__all__ = ["Particulars", "archive", "cancel", "change", "make", "move", "put_back", "reinstate", "schedule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """What is said of an activity. `capacity` is of each occurrence; None: no limit."""

    kind: ActivityKind
    name_en: str
    name_fr: str
    code: str | None
    facility_id: str | None
    capacity: int | None


def make(session: Session, organization_id: str, said: Particulars) -> Activity:
    """A new activity without occurrences. Raises CodeTaken."""
    _check_code(session, organization_id, said.code, None)
    made = add_activity(
        session,
        organization_id,
        kind=said.kind,
        name_en=said.name_en,
        name_fr=said.name_fr,
        code=said.code,
        facility_id=said.facility_id,
        capacity=said.capacity,
    )
    _write(session)
    return made


def change(session: Session, activity: Activity, said: Particulars) -> None:
    """Says something else of it. Raises CodeTaken and KindFixed. Who has a place keeps it, whatever the capacity."""
    _check_code(session, activity.organization_id, said.code, activity.id)
    if said.kind is not activity.kind and repository.has_registrations(session, activity.id):
        raise KindFixed
    for name in Particulars.__slots__:
        setattr(activity, name, getattr(said, name))
    _write(session)


def archive(session: Session, activity: Activity, *, now: datetime) -> None:
    """Takes it off the lists. Raises StillToCome."""
    if repository.coming(session, activity.id, now):
        raise StillToCome
    if activity.archived_at is None:
        activity.archived_at = now


def put_back(activity: Activity) -> None:
    """Takes it out of the archive."""
    activity.archived_at = None


def schedule(session: Session, activity: Activity, spans: Sequence[Span]) -> int:
    """Adds occurrences; how many were new. What takes place from the same start to the same end is there already.

    Raises IsArchived.
    """
    _check_open(activity)
    known = {(each.starts_at, each.ends_at) for each in activity.occurrences if not each.is_cancelled}
    fresh = [each for each in dict.fromkeys(spans) if each not in known]
    for starts_at, ends_at in fresh:
        add_occurrence(session, activity.id, starts_at, ends_at)
    return len(fresh)


def move(occurrence: Occurrence, span: Span) -> None:
    """Has it take place at another time; who is registered stays so. Raises IsArchived."""
    _check_open(occurrence.activity)
    occurrence.starts_at, occurrence.ends_at = span


def cancel(occurrences: Iterable[Occurrence]) -> int:
    """They do not take place; how many did until now. Registrations stay; doors let nobody in for them meanwhile."""
    changed = [each for each in occurrences if not each.is_cancelled]
    for each in changed:
        each.is_cancelled = True
    return len(changed)


def reinstate(occurrence: Occurrence) -> None:
    """It takes place after all. Raises IsArchived."""
    _check_open(occurrence.activity)
    occurrence.is_cancelled = False


def _check_open(activity: Activity) -> None:
    if activity.archived_at is not None:
        raise IsArchived


def _write(session: Session) -> None:
    """The code's index decides between two who give the same code at once."""
    try:
        session.flush()
    except IntegrityError as error:
        raise CodeTaken from error


def _check_code(session: Session, organization_id: str, code: str | None, own_id: str | None) -> None:
    if code is not None and repository.code_owner(session, organization_id, code) not in (None, own_id):
        raise CodeTaken
