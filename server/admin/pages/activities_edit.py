"""Changing an activity, and archiving it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from server.activities import repository, service
from server.activities.errors import IsArchived, StillToCome
from server.admin.account.editing import Edit, FormPage
from server.admin.office import in_thread, signed_in_staff
from server.admin.pages.activities import changed_particulars, particulars_form
from server.admin.texts import Texts, texts
from server.errors import NotFound
from server.models import Activity
from server.staff.permissions import Permission

__all__ = ["ActivityEditPage", "ActivityForms", "NothingChosen"]


class NothingChosen(Exception):
    """Several things can be done at once, and none of them was ticked."""


_REFUSALS: Final = {
    StillToCome: "activity_problem.still_to_come",
    IsArchived: "activity_problem.is_archived",
    NothingChosen: "activity_problem.nothing_chosen",
}


class ActivityForms(FormPage):
    """Forms that hold the activity while they are saved."""

    permission = Permission.ACTIVITIES

    async def activity_form(self, request: Request, make: Callable[[Session, Activity], Edit]) -> Response:
        """Shows or saves a form of the request's activity."""

        def made(session: Session) -> Edit:
            return make(session, self._activity(session, request))

        return await self.edited(request, made, lock=lambda session: self._locks(session, request))

    async def act(self, request: Request, work: Callable[[Session, Activity, Texts], str]) -> Response:
        """Does one thing to the activity, says what it answers or why it cannot be, and goes back."""
        say = texts(signed_in_staff(request).language)

        def locked() -> str:
            with self.office.database.write() as session:
                if not self._locks(session, request):
                    raise NotFound
                return work(session, self._activity(session, request), say)

        try:
            flash(request, await in_thread(locked), "success")
        except NotFound as error:
            raise HTTPException(404) from error
        except (StillToCome, IsArchived, NothingChosen) as refused:
            flash(request, say(_REFUSALS[type(refused)]), "error")
        return RedirectResponse(self.back(request), status_code=303)

    def back(self, request: Request) -> str:
        """The activity's page."""
        return request.url_for("admin:activity", activity_id=request.path_params["activity_id"]).path

    def _activity(self, session: Session, request: Request) -> Activity:
        organization_id = signed_in_staff(request).organization_id
        return repository.activity_of(session, organization_id, request.path_params["activity_id"])

    def _locks(self, session: Session, request: Request) -> bool:
        organization_id = signed_in_staff(request).organization_id
        return repository.locked_activity(session, organization_id, request.path_params["activity_id"]) is not None


class ActivityEditPage(ActivityForms):
    """`/admin/activities/{activity_id}/edit`."""

    path = "/activities/{activity_id}/edit"
    route_name = "activity_edit"

    @route("", methods=["GET", "POST"])
    async def index(self, request: Request) -> Response:
        """What is said of it."""
        return await self.activity_form(request, lambda session, activity: self._change(session, request, activity))

    @route("/archive", methods=["POST"], name="activity_archive")
    async def archive(self, request: Request) -> Response:
        """Takes it off the lists, when nothing of it is to come."""

        def work(session: Session, activity: Activity, say: Texts) -> str:
            service.archive(session, activity, now=self.office.now())
            return say("activities.archived_done")

        return await self.act(request, work)

    @route("/put-back", methods=["POST"], name="activity_put_back")
    async def put_back(self, request: Request) -> Response:
        """Takes it out of the archive."""

        def work(_session: Session, activity: Activity, say: Texts) -> str:
            service.put_back(activity)
            return say("activities.put_back_done")

        return await self.act(request, work)

    def _change(self, session: Session, request: Request, activity: Activity) -> Edit:
        def save(session: Session, found: Mapping[str, Any]) -> None:
            changed_particulars(session, activity, found)

        back = self.back(request)
        return particulars_form(session, request, activity, save=save, back=back, done="account_form.saved")
