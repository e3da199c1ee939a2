"""Activities: the list with its search, and making one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from access.domain.registrations import ActivityKind
from server.access_points.values import Problem
from server.activities import repository, service
from server.activities.errors import CodeTaken, KindFixed
from server.activities.overview import ARCHIVED, PAGE, ActivityFilter, find_activities
from server.activities.service import Particulars
from server.admin.account.editing import Edit, FormPage
from server.admin.account.form import Field, Kind, Refused
from server.admin.frame import OfficePage
from server.admin.menu import Group
from server.admin.office import in_thread, may, signed_in_staff
from server.admin.texts import lazy_text, texts
from server.models import Activity
from server.staff.permissions import Permission

__all__ = [
    "ActivitiesPage",
    "ActivityMakingPage",
    "changed_particulars",
    "in_activity",
    "page_number",
    "particulars_form",
]

_MOST_PAGES = 10_000
Save = Callable[[Session, Mapping[str, Any]], str | None]


class ActivitiesPage(OfficePage):
    """`/admin/activities`."""

    menu_label = lazy_text("activities.title")
    icon = "fa-solid fa-calendar-days"
    path = "/activities"
    route_name = "activities"
    group = Group.CLIENTS
    rank = 15
    permission = Permission.VIEW_ACCOUNTS

    @route("")
    async def index(self, request: Request) -> Response:
        """One page of the list."""
        wanted, number = ActivityFilter.of(request.query_params), page_number(request)
        shown = await in_thread(lambda: self._read(request, wanted, number))
        return self.page(
            request,
            "office/activities.html",
            title=self.title(request),
            wanted=wanted,
            kinds=list(ActivityKind),
            archives=ARCHIVED,
            may_make=may(request, Permission.ACTIVITIES),
            **shown,
        )

    def _read(self, request: Request, wanted: ActivityFilter, number: int) -> dict[str, Any]:
        staff = signed_in_staff(request)
        with self.office.database.read() as session:
            lines, total = find_activities(
                session,
                staff.organization_id,
                wanted,
                now=self.office.now(),
                zone=staff.zone,
                language=staff.language,
                offset=(number - 1) * PAGE,
            )
            rooms = repository.facilities(session, staff.organization_id)
        return {
            "lines": lines,
            "total": total,
            "facility_names": {each.id: each.name for each in rooms},
            "before": urlencode({**wanted.query(), "page": number - 1}) if number > 1 else "",
            "after": urlencode({**wanted.query(), "page": number + 1}) if total > number * PAGE else "",
        }


class ActivityMakingPage(FormPage):
    """`/admin/activities/new`."""

    path = "/activities/new"
    route_name = "activity_new"
    permission = Permission.ACTIVITIES

    @route("", methods=["GET", "POST"])
    async def index(self, request: Request) -> Response:
        """A new activity; its occurrences come next."""
        return await self.edited(request, lambda session: self._make(session, request), lock=lambda _: True)

    def _make(self, session: Session, request: Request) -> Edit:
        staff = signed_in_staff(request)

        def save(session: Session, found: Mapping[str, Any]) -> str:
            with _refusing():
                made = service.make(session, staff.organization_id, _particulars(found))
            return request.url_for("admin:activity", activity_id=made.id).path

        return particulars_form(
            session, request, None, save=save, back=request.url_for("admin:activities").path, done="activities.made"
        )


def particulars_form(
    session: Session, request: Request, activity: Activity | None, *, save: Save, back: str, done: str
) -> Edit:
    """The form of what is said of an activity; None: of a new one. `save` is an `Edit`'s."""
    staff = signed_in_staff(request)
    t = texts(staff.language)
    rooms = repository.facilities(session, staff.organization_id)
    fields = (
        Field(name="name_en", label="activities.name_en", is_required=True),
        Field(name="name_fr", label="activities.name_fr", help="activities.name_fr_help"),
        Field(
            name="kind",
            label="activities.kind",
            kind=Kind.CHOICE,
            is_required=True,
            choices=[(each.value, t(f"activity_kind.{each}")) for each in ActivityKind],
        ),
        Field(name="code", label="activities.code", most=64, help="activities.code_help"),
        Field(
            name="facility",
            label="activities.facility",
            kind=Kind.CHOICE,
            choices=[(each.id, each.name.in_language(staff.language)) for each in rooms],
            none="activities.no_facility",
        ),
        Field(name="capacity", label="activities.capacity", kind=Kind.WHOLE, most=5, help="activities.capacity_help"),
    )
    values = {
        "name_en": [activity.name_en if activity else ""],
        "name_fr": [activity.name_fr if activity else ""],
        "kind": [activity.kind.value if activity else ActivityKind.SESSION.value],
        "code": [(activity.code or "") if activity else ""],
        "facility": [(activity.facility_id or "") if activity else ""],
        "capacity": [str(activity.capacity or "") if activity else ""],
    }
    return Edit(
        title=t("activities.change_one" if activity else "activities.new"),
        fields=fields,
        values=values,
        save=save,
        back=back,
        done=done,
        submit="account_form.save" if activity else "activities.make",
        **in_activity(activity, staff.language),
    )


def in_activity(activity: Activity | None, language: str) -> dict[str, Any]:
    """How an `Edit` is shown under the name of its activity; None: of a new one."""
    shown: dict[str, Any] = {"template": "office/activity_form.html"}
    return {**shown, "context": {"title": activity.name.in_language(language)}} if activity else shown


def changed_particulars(session: Session, activity: Activity, found: Mapping[str, Any]) -> None:
    """Saves what the form says of an activity that is there. Raises Refused."""
    with _refusing():
        service.change(session, activity, _particulars(found))


@contextmanager
def _refusing() -> Iterator[None]:
    """Says beside its field what cannot be."""
    try:
        yield
    except CodeTaken as error:
        raise Refused({"code": Problem("activity_problem.code_taken")}) from error
    except KindFixed as error:
        raise Refused({"kind": Problem("activity_problem.kind_fixed")}) from error


def _particulars(found: Mapping[str, Any]) -> Particulars:
    code = found["code"]
    if any(each.isspace() or each in "/\\" for each in code) or not code.isprintable():
        raise Refused({"code": Problem("activity_problem.bad_code")})
    return Particulars(
        kind=ActivityKind(found["kind"]),
        name_en=found["name_en"],
        name_fr=found["name_fr"],
        code=code or None,
        facility_id=found["facility"] or None,
        capacity=found["capacity"],
    )


def page_number(request: Request) -> int:
    """Which page of a list was asked for, from 1."""
    asked = request.query_params.get("page", "")
    return min(max(1, int(asked)), _MOST_PAGES) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1
