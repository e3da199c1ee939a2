"""What staff do on an attendance list: come, gone, absent, a daily note, a child handed over. Each is an event.

For the door's thread alone. A mark releases nothing: whoever is on a list stands before the staff member.
"""

from __future__ import annotations

from access.domain.facts import Decision, Entitlement
from access.domain.people import Participant
from access.domain.policy import AccessType, Direction, EntitlementClass
from access.domain.reasons import Outcome
from access.domain.staff import DeskPermission
from access.wire.events import AttendanceMark, Event, EventKind
from edge_agent.desk import Desk
from edge_agent.desk_directory import DeskDirectory
from edge_agent.desk_lists import DeskLists, Listed, Sheet
from edge_agent.desk_recording import Deed
from edge_agent.desk_staff import DeskStaff
from edge_agent.errors import DeskProblem
from edge_agent.recording import used
from kiosk.desk_lists import AttendeeState

__all__ = ["DeskMarks"]

_ALLOWED_FROM = {
    "in": (AttendeeState.EXPECTED, AttendeeState.ABSENT, AttendeeState.OUT),
    "out": (AttendeeState.IN,),
    "absent": (AttendeeState.EXPECTED,),
}


class DeskMarks:
    """Methods raise `DeskProblem`, `CacheFault` and `LedgerFault`."""

    def __init__(self, desk: Desk, lists: DeskLists, directory: DeskDirectory) -> None:
        self._desk = desk
        self._lists = lists
        self._directory = directory

    def mark(self, staff: DeskStaff, occurrence_id: str, person_id: str, *, mark: str = "", note: str = "") -> Event:
        """Marks a registered person in, out or absent; a note without a mark is the daily note."""
        if DeskPermission.ATTENDANCE not in staff.may:
            raise DeskProblem("not_allowed")
        sheet, person, listed = self._found(staff, occurrence_id, person_id)
        if not mark:
            return self._desk.record(self._deed(staff, sheet, person, EventKind.ATTENDANCE_MARKED, note=note))
        if listed.state not in _ALLOWED_FROM.get(mark, ()):
            raise DeskProblem("already_decided")
        if mark == "absent":
            deed = self._deed(staff, sheet, person, EventKind.ATTENDANCE_MARKED, note=note, mark=AttendanceMark.ABSENT)
            return self._desk.record(deed)
        kind = EventKind.CHECKED_IN if mark == "in" else EventKind.CHECKED_OUT
        decision = _decision(sheet, person.id, Direction.IN if mark == "in" else Direction.OUT)
        return self._desk.record(self._deed(staff, sheet, person, kind, note=note), decision)

    def pick_up(self, staff: DeskStaff, person_id: str, adult_id: str, occurrence_id: str = "") -> Event:
        """Hands a child over to one of the adults who may pick it up."""
        if DeskPermission.PICK_UP not in staff.may:
            raise DeskProblem("not_allowed")
        child = self._person(person_id)
        adult = next((each for each in self._directory.adults(child) if each.id == adult_id), None)
        if adult is None:
            raise DeskProblem("unknown_person")
        sheet = self._found(staff, occurrence_id, person_id)[0] if occurrence_id else None
        decision = Decision(outcome=Outcome.GRANTED, direction=Direction.OUT)
        relation = adult.relation.in_language(staff.language)
        note = f"{adult.name} ({relation})" if relation else adult.name
        deed = self._deed(staff, sheet, child, EventKind.PICKED_UP, note=note, adult=adult.id)
        return self._desk.record(deed, decision)

    def _found(self, staff: DeskStaff, occurrence_id: str, person_id: str) -> tuple[Sheet, Participant, Listed]:
        found = self._lists.sheet(staff.access_point, occurrence_id)
        if found is None:
            raise DeskProblem("unknown_scan")
        sheet, _ = found
        if all(each.person_id != person_id for each in sheet.places):
            raise DeskProblem("unknown_person")
        return sheet, self._person(person_id), self._lists.listed(occurrence_id).get(person_id, Listed())

    def _person(self, person_id: str) -> Participant:
        person = self._directory.person(person_id)
        if person is None:
            raise DeskProblem("unknown_person")
        return person

    def _deed(
        self,
        staff: DeskStaff,
        sheet: Sheet | None,
        person: Participant,
        kind: EventKind,
        *,
        note: str = "",
        mark: AttendanceMark | None = None,
        adult: str | None = None,
    ) -> Deed:
        held = _place(sheet, person.id) if sheet else None
        language = self._directory.rules().organization.language
        return Deed(
            kind=kind,
            access_point=staff.access_point,
            outcome=Outcome.GRANTED,
            staff=staff.id,
            person=person.id,
            account=person.account_id,
            entitlement=used(held, is_taken=False, language=language),
            note=note or None,
            mark=mark,
            adult=adult,
        )


def _decision(sheet: Sheet, person_id: str, direction: Direction) -> Decision:
    return Decision(outcome=Outcome.GRANTED, direction=direction, entitlement=_place(sheet, person_id))


def _place(sheet: Sheet, person_id: str) -> Entitlement | None:
    """The registered person's place as what lets in."""
    place = next((each for each in sheet.places if each.person_id == person_id), None)
    if place is None:
        return None
    return Entitlement(
        type=AccessType(sheet.activity.kind.value),
        class_=EntitlementClass.ACTIVITY,
        id=place.id,
        name=sheet.activity.name,
        type_id=sheet.activity.id,
        starts_at=sheet.meeting.starts_at,
        ends_at=sheet.meeting.ends_at,
        occurrence_id=sheet.meeting.id,
    )
