"""Attendance lists of a day, and marking people on them: each mark is an event of the centre's desk."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from sqlalchemy.orm import Session

from access.domain.instants import add_days, start_of_day
from access.domain.policy import AccessPoint as Policy
from access.domain.policy import AccessType
from access.wire.events import AttendanceMark, EventKind, UsedEntitlement
from server.attendance import repository
from server.attendance.errors import NotPossible
from server.attendance.standing import POSSIBLE, Standing, standing
from server.db import Database
from server.desk.service import Deed, hold, record, undo
from server.errors import NotFound
from server.models import AccessPoint, Activity, AllowedAdult, Occurrence, Organization, Person, Registration
from server.staff.repository import staff_names

__all__ = ["Attendee", "Mark", "Sheet", "mark", "sheet_of", "sheets"]

_EARLY: Final = timedelta(hours=12)
_LATE: Final = timedelta(hours=24)
_MOST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Attendee:
    """A registered person on a list, and who may pick the person up."""

    person: Person
    place: Registration
    standing: Standing
    by: str
    adults: tuple[AllowedAdult, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One occurrence with its people by name. `point` keeps its attendance; None: no access point does."""

    occurrence: Occurrence
    point: AccessPoint | None
    people: tuple[Attendee, ...]

    @property
    def activity(self) -> Activity:
        """What takes place."""
        return self.occurrence.activity

    @property
    def rules(self) -> Policy | None:
        """The settings of the access point."""
        return self.point.policy() if self.point else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a staff member does: a key of `POSSIBLE`. `seen` is the event that the page showed as the last one."""

    do: str
    occurrence_id: str
    person_id: str
    seen: str = ""
    note: str = ""
    adult_id: str = ""


def sheets(
    database: Database,
    organization_id: str,
    day: date,
    *,
    zone: tzinfo,
    facility_id: str | None = None,
    activity_id: str | None = None,
) -> list[Sheet]:
    """The lists of a local day, by when they start."""
    span = (start_of_day(day, zone), start_of_day(add_days(day, 1), zone))
    with database.read() as session:
        found = repository.occurrences(session, organization_id, span)
        kept = [
            each
            for each in found
            if facility_id in (None, each.activity.facility_id) and activity_id in (None, each.activity_id)
        ]
        return _sheets(session, organization_id, kept)


def sheet_of(database: Database, organization_id: str, occurrence_id: str) -> Sheet:
    """The list of one occurrence. Raises NotFound for what does not take place (any more)."""
    with database.read() as session:
        found = repository.occurrences(session, organization_id, occurrence_id=occurrence_id)
        if not found:
            raise NotFound("nothing of this id takes place here")
        return _sheets(session, organization_id, found)[0]


def mark(database: Database, organization_id: str, wanted: Mark, *, staff_id: str, now: datetime) -> str:
    """Records it; the event's id. Raises NotFound, and NotPossible when the list says something else by now."""
    with database.write() as session:
        found = repository.occurrences(session, organization_id, occurrence_id=wanted.occurrence_id)
        points = repository.points(session, organization_id)
        point = _point_of(found[0].activity, points) if found else None
        if point is None:
            raise NotFound("nobody keeps attendance of this here")
        hold(session, organization_id, point.id, now=now)
        sheet = _sheets(session, organization_id, found)[0]
        attendee = next((each for each in sheet.people if each.person.id == wanted.person_id), None)
        if attendee is None:
            raise NotFound("nobody of this id is on the list")
        _check(sheet, attendee, wanted)
        if wanted.do == "undo":
            event_id = attendee.standing.event_id or ""
            return undo(session, organization_id, event_id, staff_id=staff_id, now=now, note=wanted.note)
        language = session.get_one(Organization, organization_id).language
        deed = _deed(sheet, point, attendee, wanted, language=language)
        return record(session, organization_id, deed, staff_id=staff_id, now=now)


def _check(sheet: Sheet, attendee: Attendee, wanted: Mark) -> None:
    tracking = sheet.rules.attendance if sheet.rules else None
    is_kept = tracking is not None and {
        "out": tracking.has_check_out,
        "pick_up": tracking.has_child_pick_up,
        "note": tracking.has_daily_notes,
    }.get(wanted.do, True)
    is_seen = wanted.seen == (attendee.standing.event_id or "")
    if not is_kept or not is_seen or attendee.standing.state not in POSSIBLE.get(wanted.do, ()):
        raise NotPossible(wanted.do)


def _deed(sheet: Sheet, point: AccessPoint, attendee: Attendee, wanted: Mark, *, language: str) -> Deed:
    kinds = {"in": EventKind.CHECKED_IN, "out": EventKind.CHECKED_OUT, "pick_up": EventKind.PICKED_UP}
    adult = next((each for each in attendee.adults if each.id == wanted.adult_id), None)
    if wanted.do == "pick_up" and adult is None:
        raise NotPossible("pick_up")
    name = sheet.activity.name
    held = UsedEntitlement(
        type=AccessType(sheet.activity.kind.value),
        id=attendee.place.id,
        name=name.in_language(language)[:_MOST_NAME],
        name_en=name.en[:_MOST_NAME] or None,
        name_fr=name.fr[:_MOST_NAME] or None,
        type_id=sheet.activity.id,
        occurrence_id=sheet.occurrence.id,
    )
    return Deed(
        kind=kinds.get(wanted.do, EventKind.ATTENDANCE_MARKED),
        access_point_id=point.id,
        person_id=attendee.person.id,
        account_id=attendee.person.account_id,
        entitlement=held,
        note=_named(adult) if adult and wanted.do == "pick_up" else wanted.note,
        mark=AttendanceMark.ABSENT if wanted.do == "absent" else None,
        adult_id=adult.id if adult and wanted.do == "pick_up" else None,
    )


def _named(adult: AllowedAdult) -> str:
    relation = adult.relation_en or adult.relation_fr
    return f"{adult.name} ({relation})" if relation else adult.name


def _sheets(session: Session, organization_id: str, found: Collection[Occurrence]) -> list[Sheet]:
    if not found:
        return []
    points = repository.points(session, organization_id)
    places = repository.registrations(session, organization_id, {each.activity_id for each in found})
    ids = {each.person_id for each in places}
    people = repository.people(session, organization_id, ids)
    span = (min(each.starts_at for each in found) - _EARLY, max(each.ends_at for each in found) + _LATE)
    events = repository.events(session, organization_id, ids, span)
    adults = repository.adults(session, organization_id, ids)
    made = []
    for occurrence in found:
        point = _point_of(occurrence.activity, points)
        placed = {
            each.person_id: each
            for each in places
            if each.activity_id == occurrence.activity_id
            and (not each.occurrence_ids or occurrence.id in each.occurrence_ids)
            and each.person_id in people
            and _was_there(people[each.person_id], occurrence)
        }
        stands = {id_: standing(events.get(id_, ()), occurrence.id) for id_ in placed}
        names = staff_names(session, organization_id, {each.staff_id for each in stands.values() if each.staff_id})
        attendees = [
            Attendee(
                people[id_],
                place,
                stands[id_],
                names.get(stands[id_].staff_id or "", ""),
                tuple(adults.get(id_, ())),
            )
            for id_, place in placed.items()
        ]
        attendees.sort(key=lambda each: (each.person.full_name.casefold(), each.person.id))
        made.append(Sheet(occurrence, point, tuple(attendees)))
    return made


def _was_there(person: Person, occurrence: Occurrence) -> bool:
    """Whoever is archived is on no list of what began since."""
    return person.archived_at is None or person.archived_at >= occurrence.starts_at


def _point_of(activity: Activity, points: Iterable[AccessPoint]) -> AccessPoint | None:
    return next((each for each in points if _keeps(each.policy(), activity)), None)


def _keeps(point: Policy, activity: Activity) -> bool:
    """Whether an access point keeps attendance of an activity: its rules accept it, or it is in the same facility."""
    is_accepted = any(
        rule.type.value == activity.kind.value and (not rule.chosen or activity.id in rule.chosen)
        for rule in point.access_rules
    )
    is_here = activity.facility_id is not None and activity.facility_id == point.facility_id
    return point.attendance.is_on and (is_accepted or is_here)
