"""Attendance and who is inside, worked out from movements: a list is the check-ins, and a mark on it is one.

Nothing is stored about a list itself. What neighbours and the back office told counts beside what this door recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from access.domain.instants import local_day, start_of_day
from access.domain.people import Language, Participant
from access.domain.policy import AccessPoint, Direction
from access.domain.registrations import Activity, Registration
from access.domain.registrations import Occurrence as Meeting
from edge_agent.clock import DoorClock
from edge_agent.desk_directory import DeskDirectory
from edge_agent.desk_staff import DeskStaff
from edge_agent.gather import Rules
from edge_agent.heard import NOT_UNDONE
from edge_agent.ledger import SqliteLedger
from edge_agent.ledger_views import NOTED
from kiosk.desk_lists import Attendee, AttendeeState, DoorCount, Inside, Insider, Occurrence, Place
from kiosk.desk_presenter import present_memos, present_person
from kiosk.names import clean

__all__ = ["DeskLists", "Listed", "Meeting", "Sheet"]

_LONGEST_STAY = timedelta(hours=12)
_SHEET = (
    "WITH came AS (SELECT person_id FROM moves WHERE occurrence_id = ?1 AND move = 'in'"
    " UNION SELECT person_id FROM heard WHERE occurrence_id = ?1 AND movement = 'in')"
    " SELECT person_id, move, at, staff_id, note, event_id FROM moves WHERE NOT is_undone"
    " AND (occurrence_id = ?1 OR (move = 'out' AND person_id IN came))"
    " UNION ALL SELECT h.person_id, coalesce(h.movement, h.mark), h.at, h.staff_id, h.note, h.id FROM heard h"
    " WHERE coalesce(h.movement, h.mark) IS NOT NULL"
    f" AND (h.occurrence_id = ?1 OR (h.movement = 'out' AND h.person_id IN came)) AND {NOT_UNDONE}"
    " ORDER BY 3, 6"
)
_OWN_MOVES = (
    "SELECT person_id, access_point, move, at FROM moves WHERE at >= ? AND NOT is_undone AND move IN ('in', 'out')"
)
_TOLD_MOVES = (
    "SELECT h.person_id, h.access_point, h.movement, h.at FROM heard h WHERE h.at >= ? AND h.movement IS NOT NULL"
    f" AND {NOT_UNDONE}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Where one registered person is in an occurrence, since when, and who said so."""

    state: AttendeeState = AttendeeState.EXPECTED
    at: datetime | None = None
    staff_id: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One meeting of an activity with the places of its people."""

    activity: Activity
    meeting: Meeting
    places: tuple[Registration, ...]


class DeskLists:
    """Thread-safe. Methods raise `CacheFault` and `LedgerFault`. `is_told(rules, since)`: whether everything
    was heard that happened at the site's other doors since the instant."""

    def __init__(
        self,
        directory: DeskDirectory,
        ledger: SqliteLedger,
        clock: DoorClock,
        *,
        is_told: Callable[[Rules, datetime], bool],
    ) -> None:
        self._directory = directory
        self._ledger = ledger
        self._clock = clock
        self._is_told = is_told

    def day(self, staff: DeskStaff, day: date | None) -> tuple[date, list[Occurrence]]:
        """The occurrences of a local day (None: today) that concern the access point, by when they start."""
        rules = self._directory.rules()
        wanted = day or local_day(self._clock.read().now, rules.zone)
        point = rules.points.get(staff.access_point)
        if point is None or not point.attendance.is_on:
            return wanted, []
        activities = [each for each in self._directory.activities() if _concerns(each, point)]
        places = self._directory.registrations(each.id for each in activities)
        sheets = [
            Sheet(activity, meeting, _placed(activity, meeting, places))
            for activity in activities
            for meeting in activity.occurrences
            if local_day(meeting.starts_at, rules.zone) == wanted and not meeting.is_cancelled
        ]
        sheets.sort(key=lambda each: (each.meeting.starts_at, each.meeting.id))
        return wanted, [self.shown(each, point, staff) for each in sheets]

    def sheet(self, access_point: str, occurrence_id: str) -> tuple[Sheet, AccessPoint] | None:
        """One occurrence that the access point keeps attendance of."""
        point = self._directory.rules().points.get(access_point)
        if point is None or not point.attendance.is_on:
            return None
        for activity in self._directory.activities():
            for meeting in activity.occurrences:
                if meeting.id == occurrence_id and _concerns(activity, point):
                    places = self._directory.registrations([activity.id])
                    return Sheet(activity, meeting, _placed(activity, meeting, places)), point
        return None

    def listed(self, occurrence_id: str) -> dict[str, Listed]:
        """Where everybody is of whom this door has heard, by person."""
        found: dict[str, Listed] = {}
        for person_id, move, at, staff_id, note, _ in self._ledger.rows(_SHEET, (occurrence_id,)):
            found[person_id] = _moved(found.get(person_id, Listed()), move, at, staff_id, note)
        return found

    def shown(self, sheet: Sheet, point: AccessPoint, staff: DeskStaff) -> Occurrence:
        """The contract's Occurrence in a staff member's language."""
        listed = self.listed(sheet.meeting.id)
        people = []
        for place in sheet.places:
            person = self._directory.person(place.person_id)
            if person is not None:
                people.append(self._attendee(person, listed.get(person.id, Listed()), staff.language))
        tracking = point.attendance
        return Occurrence(
            id=sheet.meeting.id,
            activity=clean(sheet.activity.name.in_language(staff.language)),
            starts_at=sheet.meeting.starts_at.astimezone(UTC),
            ends_at=sheet.meeting.ends_at.astimezone(UTC),
            facility=self._directory.facility_name(sheet.activity.facility_id, staff.language),
            people=tuple(sorted(people, key=lambda each: (each.person.name.casefold(), each.person.id))),
            has_check_out=tracking.has_check_out,
            has_pick_up=tracking.has_child_pick_up,
            has_notes=tracking.has_daily_notes,
        )

    def inside(self, staff: DeskStaff) -> Inside:
        """The evacuation list: everybody whose last movement at any door of the site was an entry."""
        rules, now = self._directory.rules(), self._clock.read().now
        since = min(start_of_day(local_day(now, rules.zone), rules.zone), now - _LONGEST_STAY).astimezone(UTC)
        inside = self._people_inside(since)
        places = tuple(self._places(rules, inside, staff.language))
        return Inside(
            as_of=now,
            is_complete=self._is_told(rules, since),
            count=len(inside),
            places=places,
        )

    def _people_inside(self, since: datetime) -> dict[str, tuple[str, datetime]]:
        """The access point and the instant of the entry, by person."""
        at_since = (since.isoformat(),)
        moves = [*self._ledger.rows(_OWN_MOVES, at_since), *self._ledger.rows(_TOLD_MOVES, at_since)]
        last: dict[str, tuple[datetime, str, str]] = {}
        for person_id, access_point, move, at in moves:
            moved = (datetime.fromisoformat(at), access_point, move)
            if person_id is not None and (person_id not in last or moved[0] >= last[person_id][0]):
                last[person_id] = moved
        return {id_: (place, at) for id_, (at, place, move) in last.items() if move == Direction.IN}

    def _places(self, rules: Rules, inside: dict[str, tuple[str, datetime]], language: Language) -> Iterable[Place]:
        groups: dict[str, list[AccessPoint]] = {}
        for point in sorted(rules.points.values(), key=lambda each: (each.name.in_language(language), each.id)):
            groups.setdefault(point.facility_id or point.id, []).append(point)
        for id_, points in groups.items():
            ids = {each.id for each in points}
            here = {person: place for person, place in inside.items() if place[0] in ids}
            name = self._directory.facility_name(points[0].facility_id, language)
            limits = [each.capacity.limit for each in points if each.capacity.limit is not None]
            yield Place(
                id=id_,
                name=clean(name or points[0].name.in_language(language)),
                count=len(here),
                capacity=min(limits, default=None),
                access_points=tuple(
                    DoorCount(
                        id=each.id,
                        name=clean(each.name.in_language(language)),
                        count=sum(place == each.id for place, _ in here.values()),
                    )
                    for each in points
                ),
                people=tuple(self._insiders(here, rules, language)),
            )

    def _insiders(self, here: dict[str, tuple[str, datetime]], rules: Rules, language: Language) -> Iterable[Insider]:
        for person_id, (access_point, at) in sorted(here.items(), key=lambda each: (each[1][1], each[0])):
            person = self._directory.person(person_id)
            if person is not None:
                name = clean(rules.points[access_point].name.in_language(language))
                yield Insider(person=present_person(person, language=language), since=at, access_point=name)

    def _attendee(self, person: Participant, listed: Listed, language: Language) -> Attendee:
        return Attendee(
            person=present_person(person, language=language),
            memos=present_memos(person.memos),
            state=listed.state,
            at=listed.at,
            by=self._directory.staff_name(listed.staff_id),
            note=clean(listed.note) if listed.note else None,
        )


def _moved(before: Listed, move: str, at: str, staff_id: str | None, note: str | None) -> Listed:
    """One more thing said of the person. Leaving counts only for somebody who had come."""
    if move == NOTED:
        return replace(before, note=note)
    if move == AttendeeState.OUT and before.state is not AttendeeState.IN:
        return before
    return Listed(state=AttendeeState(move), at=datetime.fromisoformat(at), staff_id=staff_id, note=before.note)


def _concerns(activity: Activity, point: AccessPoint) -> bool:
    """Whether an access point keeps attendance of an activity: its rules accept it, or it is in the same facility."""
    is_accepted = any(
        rule.type.value == activity.kind.value and (not rule.chosen or activity.id in rule.chosen)
        for rule in point.access_rules
    )
    return is_accepted or (activity.facility_id is not None and activity.facility_id == point.facility_id)


def _placed(activity: Activity, meeting: Meeting, places: list[Registration]) -> tuple[Registration, ...]:
    """The places in one meeting, each person once."""
    wanted = {
        each.person_id: each
        for each in places
        if each.activity_id == activity.id and (not each.occurrence_ids or meeting.id in each.occurrence_ids)
    }
    return tuple(wanted.values())
