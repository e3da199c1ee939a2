"""One activity: its occurrences with their counts, and the people who are registered for it or wait."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from access.domain.registrations import RegistrationStatus
from server.activities import repository
from server.activities.overview import doors_of, occurrence_lines, waitlist
from server.admin.frame import OfficePage
from server.admin.office import in_thread, may, signed_in_staff
from server.admin.pages.activities import page_number
from server.errors import NotFound
from server.models import Activity
from server.staff.permissions import Permission

__all__ = ["ActivityPage"]

_DATES: Final = 30
_PEOPLE: Final = 100


class ActivityPage(OfficePage):
    """`/admin/activities/{activity_id}` and its people."""

    path = "/activities/{activity_id}"
    route_name = "activity"
    permission = Permission.VIEW_ACCOUNTS
    add_to_menu = False

    @route("")
    async def index(self, request: Request) -> Response:
        """What is to come, or with `?past=1` what is over."""
        shown = await in_thread(lambda: self._read(request, self._dates))
        return self._show(request, "office/activity_dates.html", shown, tab="dates")

    @route("/people", name="activity_people")
    async def people(self, request: Request) -> Response:
        """Who is registered, who waits, and whose registration was cancelled."""
        shown = await in_thread(lambda: self._read(request, self._people))
        return self._show(request, "office/activity_people.html", shown, tab="people")

    def _show(self, request: Request, template: str, shown: dict[str, Any], *, tab: str) -> Response:
        activity: Activity = shown["activity"]
        return self.page(
            request,
            template,
            title=activity.name.in_language(signed_in_staff(request).language),
            tab=tab,
            may_make=may(request, Permission.ACTIVITIES),
            may_register=may(request, Permission.EDIT_ACCOUNTS),
            may_attend=may(request, Permission.ATTENDANCE),
            **shown,
        )

    def _read(self, request: Request, more: Any) -> dict[str, Any]:
        staff, now = signed_in_staff(request), self.office.now()
        with self.office.database.read() as session:
            try:
                activity = repository.activity_of(session, staff.organization_id, request.path_params["activity_id"])
            except NotFound as error:
                raise HTTPException(404) from error
            counts = repository.counts_of(session, staff.organization_id, [activity.id])
            return {
                "activity": activity,
                "facility": activity.facility.name if activity.facility else None,
                "doors": doors_of(session, staff.organization_id, activity),
                "is_open": bool(repository.coming(session, activity.id, now)) and activity.archived_at is None,
                "registered": counts.get((activity.id, RegistrationStatus.REGISTERED), 0),
                "waiting": counts.get((activity.id, RegistrationStatus.WAITING), 0),
                **more(session, request, activity),
            }

    def _dates(self, session: Session, request: Request, activity: Activity) -> dict[str, Any]:
        staff, now, number = signed_in_staff(request), self.office.now(), page_number(request)
        is_past = request.query_params.get("past") == "1"
        found = repository.occurrences_between(
            session, activity.id, now=now, is_past=is_past, offset=(number - 1) * _DATES, limit=_DATES + 1
        )
        lines = occurrence_lines(session, staff.organization_id, activity, found[:_DATES], now=now)
        keep = {"past": "1"} if is_past else {}
        return {"lines": lines, "is_past": is_past, **_pages(keep, number, is_more=len(found) > _DATES)}

    def _people(self, session: Session, request: Request, activity: Activity) -> dict[str, Any]:
        staff, now, number = signed_in_staff(request), self.office.now(), page_number(request)
        mine = (session, staff.organization_id, activity.id)
        offset = (number - 1) * _PEOPLE
        placed = repository.registrations_of(*mine, RegistrationStatus.REGISTERED, offset=offset, limit=_PEOPLE + 1)
        waiting = repository.registrations_of(*mine, RegistrationStatus.WAITING)
        cancelled = repository.registrations_of(*mine, RegistrationStatus.CANCELLED, limit=_PEOPLE)
        named = {id_ for each in (*placed, *waiting, *cancelled) for id_ in each.occurrence_ids}
        occurrences = repository.occurrences_of(session, activity.id, named)
        return {
            "placed": placed[:_PEOPLE],
            "line": waitlist(session, staff.organization_id, activity, waiting, now=now),
            "cancelled": cancelled,
            "when": {each.id: each for each in occurrences},
            **_pages({}, number, is_more=len(placed) > _PEOPLE),
        }


def _pages(keep: dict[str, str], number: int, *, is_more: bool) -> dict[str, str]:
    return {
        "before": urlencode({**keep, "page": number - 1}) if number > 1 else "",
        "after": urlencode({**keep, "page": number + 1}) if is_more else "",
    }
