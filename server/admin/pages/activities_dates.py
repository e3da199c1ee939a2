"""When an activity takes place: said once or by a rule, changed, and cancelled one by one or several at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, time, tzinfo
from typing import Any, Final

from babel.dates import get_day_names
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.routing import route

from access.domain.instants import ALL_DAYS, add_days, local_day, local_time
from server.access_points.values import Problem
from server.activities import repository, service
from server.activities.calendar import Rule, Span, meeting, meetings
from server.activities.errors import Ended, IsArchived, TooMany
from server.admin.account.editing import Edit
from server.admin.account.form import Field, Kind, Refused, typed_day
from server.admin.office import in_thread, signed_in_staff
from server.admin.pages.activities import in_activity
from server.admin.pages.activities_edit import ActivityForms, NothingChosen
from server.admin.say import LOCALES
from server.admin.texts import Texts, texts
from server.errors import NotFound
from server.models import Activity, Occurrence

__all__ = ["OccurrencesPage"]

_DAY: Final = Field(name="day", label="occurrences.day", kind=Kind.DAY, is_required=True)
_STARTS: Final = Field(name="starts", label="occurrences.starts", kind=Kind.TIME, is_required=True)
_ENDS: Final = Field(name="ends", label="occurrences.ends", kind=Kind.TIME, is_required=True)
_ENDS_ON: Final = Field(name="ends_on", label="occurrences.ends_on", kind=Kind.DAY, help="occurrences.ends_on_help")


class OccurrencesPage(ActivityForms):
    """`/admin/activities/{activity_id}/occurrences/...`."""

    path = "/activities/{activity_id}/occurrences"
    route_name = "occurrences"

    @route("", methods=["GET"])
    async def index(self, request: Request) -> Response:
        """They are on the activity's page."""
        await in_thread(lambda: self._check(request))
        return RedirectResponse(self.back(request), status_code=303)

    @route("/new", methods=["GET", "POST"], name="occurrence_new")
    async def new(self, request: Request) -> Response:
        """One more."""
        return await self.activity_form(request, lambda _, activity: self._new(request, activity))

    @route("/rule", methods=["GET", "POST"], name="occurrence_rule")
    async def rule(self, request: Request) -> Response:
        """Many, by a rule."""
        return await self.activity_form(request, lambda _, activity: self._rule(request, activity))

    @route("/cancel", methods=["POST"], name="occurrences_cancel")
    async def several(self, request: Request) -> Response:
        """Those that are ticked do not take place."""
        return await self._cancel(request, [str(each) for each in (await request.form()).getlist("occurrence")])

    @route("/{occurrence_id}", methods=["GET", "POST"], name="occurrence")
    async def change(self, request: Request) -> Response:
        """Another time for one."""
        return await self.activity_form(request, lambda session, activity: self._change(session, request, activity))

    @route("/{occurrence_id}/cancel", methods=["POST"], name="occurrence_cancel")
    async def cancel(self, request: Request) -> Response:
        """One does not take place."""
        return await self._cancel(request, [request.path_params["occurrence_id"]])

    @route("/{occurrence_id}/put-back", methods=["POST"], name="occurrence_put_back")
    async def put_back(self, request: Request) -> Response:
        """One takes place after all."""

        def work(session: Session, activity: Activity, say: Texts) -> str:
            service.reinstate(repository.occurrence_of(session, activity.id, request.path_params["occurrence_id"]))
            return say("occurrences.put_back_done")

        return await self.act(request, work)

    async def _cancel(self, request: Request, ids: Sequence[str]) -> Response:
        def work(session: Session, activity: Activity, say: Texts) -> str:
            if not ids:
                raise NothingChosen
            found = repository.occurrences_of(session, activity.id, ids)
            if len(found) != len(set(ids)):
                raise NotFound
            return say.count("occurrences.cancelled_done", service.cancel(found))

        return await self.act(request, work)

    def _check(self, request: Request) -> None:
        with self.office.database.read() as session:
            try:
                self._activity(session, request)
            except NotFound as error:
                raise HTTPException(404) from error

    def _new(self, request: Request, activity: Activity) -> Edit:
        staff, said = signed_in_staff(request), texts(signed_in_staff(request).language)

        def save(session: Session, found: Mapping[str, Any]) -> None:
            span = _span(found, staff.zone)
            with _refusing():
                if not service.schedule(session, activity, [span]):
                    raise Refused({"day": Problem("activity_problem.there_already")})

        return Edit(
            title=said("occurrences.new_one"),
            **in_activity(activity, staff.language),
            fields=(_DAY, _STARTS, _ENDS, _ENDS_ON),
            values={"day": typed_day(local_day(self.office.now(), staff.zone))},
            save=save,
            back=self.back(request),
            done="occurrences.made_one",
            submit="occurrences.make",
        )

    def _rule(self, request: Request, activity: Activity) -> Edit:
        staff, said = signed_in_staff(request), texts(signed_in_staff(request).language)
        names = get_day_names("wide", locale=LOCALES[staff.language])
        made, meant = 0, 0

        def save(session: Session, found: Mapping[str, Any]) -> None:
            nonlocal made, meant
            if found["last_on"] < found["first_on"]:
                raise Refused({"last_on": Problem("account_problem.before_start")})
            rule = Rule(
                weekdays={int(each) for each in found["weekdays"]},
                first_on=found["first_on"],
                last_on=found["last_on"],
                starts=found["starts"],
                ends=found["ends"],
                except_on=_days(found["except_on"]),
            )
            with _refusing():
                spans = meetings(rule, staff.zone)
            if not spans:
                raise Refused({"weekdays": Problem("activity_problem.no_day")})
            with _refusing():
                made, meant = service.schedule(session, activity, spans), len(spans)

        def told() -> str:
            both = [said.count("occurrences.made", made)]
            both += [said.count("occurrences.were_there", meant - made)] if meant > made else []
            return " ".join(both)

        return Edit(
            title=said("occurrences.rule_many"),
            **in_activity(activity, staff.language),
            fields=(
                Field(
                    name="weekdays",
                    label="occurrences.weekdays",
                    kind=Kind.CHECKS,
                    is_required=True,
                    choices=[(str(each), names[each - 1].capitalize()) for each in ALL_DAYS],
                ),
                Field(name="first_on", label="occurrences.first_on", kind=Kind.DAY, is_required=True),
                Field(name="last_on", label="occurrences.last_on", kind=Kind.DAY, is_required=True),
                _STARTS,
                _ENDS,
                Field(
                    name="except_on",
                    label="occurrences.except_on",
                    kind=Kind.LONG,
                    most=1_000,
                    help="occurrences.except_on_help",
                ),
            ),
            values={"first_on": typed_day(local_day(self.office.now(), staff.zone))},
            save=save,
            back=self.back(request),
            told=told,
            submit="occurrences.make_many",
            why="occurrences.rule_why",
        )

    def _change(self, session: Session, request: Request, activity: Activity) -> Edit:
        staff, said = signed_in_staff(request), texts(signed_in_staff(request).language)
        changed = repository.occurrence_of(session, activity.id, request.path_params["occurrence_id"])
        day, starts, ends, ends_on = before = _as_typed(changed, staff.zone)

        def save(_session: Session, found: Mapping[str, Any]) -> None:
            # What is typed has no seconds, and not which of two equal hours: unchanged, it changes nothing.
            if _typed(found) != before:
                span = _span(found, staff.zone)
                with _refusing():
                    service.move(changed, span)

        return Edit(
            title=said("occurrences.change_one"),
            **in_activity(activity, staff.language),
            fields=(_DAY, _STARTS, _ENDS, _ENDS_ON),
            values={
                "day": typed_day(day),
                "starts": [f"{starts:%H:%M}"],
                "ends": [f"{ends:%H:%M}"],
                "ends_on": typed_day(ends_on),
            },
            save=save,
            back=self.back(request),
            why="occurrences.change_why",
        )


_Typed = tuple[date, time, time, date | None]


def _typed(found: Mapping[str, Any]) -> _Typed:
    return found["day"], found["starts"], found["ends"], found["ends_on"]


def _as_typed(occurrence: Occurrence, zone: tzinfo) -> _Typed:
    """As its form holds it: the last day only when it is another one, and not for an end at midnight."""
    starts, ends = (local_time(at, zone).replace(second=0) for at in (occurrence.starts_at, occurrence.ends_at))
    day, last = local_day(occurrence.starts_at, zone), local_day(occurrence.ends_at, zone)
    is_midnight = ends == time.min and last == add_days(day, 1)
    return day, starts, ends, None if last == day or is_midnight else last


def _span(found: Mapping[str, Any], zone: tzinfo) -> Span:
    day, starts, ends, ends_on = _typed(found)
    with _refusing():
        return meeting(day, starts, ends, zone, ends_on=ends_on)


@contextmanager
def _refusing() -> Iterator[None]:
    """Says beside its field what cannot be."""
    try:
        yield
    except Ended as error:
        raise Refused({"ends": Problem("activity_problem.ended")}) from error
    except IsArchived as error:
        raise Refused({"": Problem("activity_problem.is_archived")}) from error
    except TooMany as error:
        raise Refused({"last_on": Problem("activity_problem.too_many", {"most": error.most})}) from error


def _days(typed: str) -> set[date]:
    """The days of a text, one a line or with commas."""
    found: set[date] = set()
    for each in re.split(r"[\s,;]+", typed.strip()):
        try:
            found |= {date.fromisoformat(each)} if each else set()
        except ValueError as error:
            raise Refused({"except_on": Problem("activity_problem.bad_day", {"day": each[:40]})}) from error
    return found
