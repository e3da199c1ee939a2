"""Attendance lists, and marking people on them: each mark is an event of the centre's desk, as in the back office.

The event names the token where it would name a staff member.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from access.domain.instants import local_day
from server.api.auth import actor_of, caller_of, needs, problems
from server.api.etags import KNOWN, shown
from server.api.examples import MARK
from server.api.marks import mark_of, place_of
from server.api.params import After, Id, IfNoneMatch, Limit, Page, ref
from server.api.schemas import body_schema, read_body
from server.api.scopes import Scope
from server.attendance import service
from server.attendance.service import Attendee, Mark, Sheet
from server.attendance.standing import State
from server.audit.actor import acting
from server.db import Database
from server.devices.auth import Body, Store
from server.errors import NotFound
from server.imports.records.base import Key, Record, line
from server.models import Organization, utc_now

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/attendance", tags=["attendance"])
_Day = Annotated[date | None, Query(description="On the organization's wall clock; today, unless given.")]
_PersonId = Annotated[
    str,
    Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._~-]+$", description="The id of somebody on the list."),
]
_MEANWHILE = "The list says something else by now, or the access point does not keep this; read it again"


class AdultView(BaseModel):
    """Somebody who may pick up a child."""

    id: str
    name: str
    relation_en: str
    relation_fr: str


class AttendeeView(BaseModel):
    """A registered person. `event_id` is what brought them where they are; null while they are expected."""

    person_id: str
    account_id: str
    registration_id: str
    first_name: str
    last_name: str
    state: State
    came_at: datetime | None
    left_at: datetime | None
    event_id: str | None
    marked_by: str | None
    picked_up_by: str
    note: str
    may_be_picked_up_by: list[AdultView]

    @classmethod
    def of(cls, attendee: Attendee) -> AttendeeView:
        """The view of somebody on a list."""
        person, stands = attendee.person, attendee.standing
        return cls(
            person_id=person.id,
            account_id=person.account_id,
            registration_id=attendee.place.id,
            first_name=person.first_name,
            last_name=person.last_name,
            state=stands.state,
            came_at=stands.came_at,
            left_at=stands.left_at,
            event_id=stands.event_id,
            marked_by=stands.staff_id,
            picked_up_by=stands.picked_up_by,
            note=stands.note,
            may_be_picked_up_by=[
                AdultView(id=each.id, name=each.name, relation_en=each.relation_en, relation_fr=each.relation_fr)
                for each in attendee.adults
            ],
        )


class SheetView(BaseModel):
    """The list of one occurrence, whose id is `id`. No `access_point_id`: no access point keeps its attendance."""

    id: str
    activity_id: str
    name_en: str
    name_fr: str
    starts_at: datetime
    ends_at: datetime
    access_point_id: str | None
    has_check_out: bool
    has_pick_up: bool
    has_notes: bool
    counts: dict[State, int]

    @classmethod
    def of(cls, sheet: Sheet) -> SheetView:
        """The view of a list."""
        return cls(**_head(sheet))


class FullSheetView(SheetView):
    """A list with its people, by name."""

    people: list[AttendeeView]

    @classmethod
    def of(cls, sheet: Sheet) -> FullSheetView:
        """The view of a list."""
        return cls(**_head(sheet), people=[AttendeeView.of(each) for each in sheet.people])


class MarkRecord(Record):
    """What is done about somebody on a list."""

    do: Literal["in", "out", "pick_up", "absent", "undo", "note"]
    event_id: Key | None
    """What the list said of them; when it says something else by now, nothing is recorded."""
    note: line(200) = ""  # type: ignore[valid-type]
    adult_id: Key | None = None
    """Who picks the child up: one of `may_be_picked_up_by`."""


@router.get("", dependencies=[needs(Scope.ATTENDANCE_READ)], response_model=Page[SheetView], responses=problems())
def list_sheets(
    request: Request,
    database: Store,
    day: _Day = None,
    facility_id: Annotated[str | None, ref("Only what takes place there.")] = None,
    activity_id: Annotated[str | None, ref("Only lists of this activity.")] = None,
    limit: Limit = 50,
    after: After = None,
) -> Any:
    """List the attendance lists of a day, by when they begin, with counts; people are on each list itself."""
    organization_id, behind = caller_of(request).organization_id, place_of(after) if after else None
    zone = _zone(database, organization_id)
    found = service.sheets(
        database,
        organization_id,
        day or local_day(utc_now(), zone),
        zone=zone,
        facility_id=facility_id,
        activity_id=activity_id,
    )
    left = [each for each in found if behind is None or _place(each) > behind]
    items = [SheetView.of(each) for each in left[:limit]]
    return {"items": items, "next": mark_of(*_place(left[limit - 1])) if len(left) > limit else None}


@router.get(
    "/{id}",
    dependencies=[needs(Scope.ATTENDANCE_READ)],
    response_model=FullSheetView,
    responses={**problems(404), **KNOWN},
)
def read_sheet(request: Request, database: Store, id: Id, response: Response, if_none_match: IfNoneMatch = None) -> Any:
    """Read the list of an occurrence: who is expected, in, out or absent."""
    return shown(response, FullSheetView.of(_sheet(request, database, id)), if_none_match)


@router.post(
    "/{id}/{person_id}",
    dependencies=[needs(Scope.ATTENDANCE_WRITE)],
    response_model=AttendeeView,
    responses=problems(404, 409, 413, said={409: _MEANWHILE}),
    openapi_extra=body_schema(MarkRecord, MARK),
)
def mark(request: Request, database: Store, id: Id, person_id: _PersonId, raw: Body) -> Any:
    """Mark somebody as come, gone, picked up, or not come; undo what brought them where they are; or note something."""
    given, caller = read_body(MarkRecord, raw), caller_of(request)
    wanted = Mark(
        do=given.do,
        occurrence_id=id,
        person_id=person_id,
        seen=given.event_id or "",
        note=given.note,
        adult_id=given.adult_id or "",
    )
    with acting(actor_of(request)):
        service.mark(database, caller.organization_id, wanted, staff_id=caller.token_id, now=utc_now())
    people = _sheet(request, database, id).people
    marked = next((each for each in people if each.person.id == person_id), None)
    if marked is None:
        raise NotFound("nobody of this id is on the list any more")
    return AttendeeView.of(marked)


def _sheet(request: Request, database: Database, occurrence_id: str) -> Sheet:
    return service.sheet_of(database, caller_of(request).organization_id, occurrence_id)


def _zone(database: Database, organization_id: str) -> ZoneInfo:
    with database.read() as session:
        return ZoneInfo(session.get_one(Organization, organization_id).time_zone)


def _place(sheet: Sheet) -> tuple[datetime, str]:
    return sheet.occurrence.starts_at, sheet.occurrence.id


def _head(sheet: Sheet) -> dict[str, Any]:
    tracking = sheet.rules.attendance if sheet.rules else None
    return {
        "id": sheet.occurrence.id,
        "activity_id": sheet.activity.id,
        "name_en": sheet.activity.name_en,
        "name_fr": sheet.activity.name_fr,
        "starts_at": sheet.occurrence.starts_at,
        "ends_at": sheet.occurrence.ends_at,
        "access_point_id": sheet.point.id if sheet.point else None,
        "has_check_out": bool(tracking and tracking.has_check_out),
        "has_pick_up": bool(tracking and tracking.has_child_pick_up),
        "has_notes": bool(tracking and tracking.has_daily_notes),
        "counts": {state: sum(each.standing.state is state for each in sheet.people) for state in State},
    }
