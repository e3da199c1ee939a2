"""Registering from an activity's page: finding somebody, taking a place back, and giving one to who waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from server.activities import repository
from server.activities.errors import Full, NotOpen, StatusDiffers
from server.activities.registering import cancel_registration, give_place
from server.admin.account.choosing import AccountSearch
from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.admin.texts import texts
from server.clients.ranking import marked
from server.clients.terms import parse
from server.errors import NotFound
from server.models import Activity, Registration
from server.staff.permissions import Permission

__all__ = ["ActivityRegistrationsPage"]

_FOUND: Final = 15
_REFUSALS: Final = {
    StatusDiffers: "activity_problem.meanwhile",
    NotOpen: "activity_problem.not_open",
    Full: "activity_problem.still_full",
}
_Work = Callable[[Session, str, str, str], Registration]


class ActivityRegistrationsPage(OfficePage):
    """`/admin/activities/{activity_id}/registrations`."""

    path = "/activities/{activity_id}/registrations"
    route_name = "activity_register"
    permission = Permission.EDIT_ACCOUNTS
    add_to_menu = False

    @route("")
    async def index(self, request: Request) -> Response:
        """A search for who is to be registered; the account's own form does it."""
        activity = await in_thread(lambda: self._activity(request))
        search = await in_thread(lambda: AccountSearch.of(self.office, request, most=_FOUND))
        term = parse(search.term)
        return self.page(
            request,
            "office/activity_register.html",
            title=activity.name.in_language(signed_in_staff(request).language),
            activity=activity,
            term=search.term,
            rows=search.rows,
            marks=lambda text: marked(term, text),
        )

    @route("/{registration_id}/cancel", methods=["POST"], name="registration_cancel")
    async def cancel(self, request: Request) -> Response:
        """Takes a place back, or somebody off the waitlist."""
        return await self._act(request, cancel_registration, done="registering.cancelled_done")

    @route("/{registration_id}/give", methods=["POST"], name="registration_give")
    async def give(self, request: Request) -> Response:
        """Gives a free place to somebody who waits."""
        now = self.office.now()

        def work(session: Session, organization_id: str, activity_id: str, registration_id: str) -> Registration:
            return give_place(session, organization_id, activity_id, registration_id, now=now)

        return await self._act(request, work, done="registering.given_done")

    async def _act(self, request: Request, work: _Work, *, done: str) -> Response:
        staff, parts = signed_in_staff(request), request.path_params
        is_from_account = (await request.form()).get("back") == "account"

        def locked() -> tuple[str, str]:
            with self.office.database.write() as session:
                held = work(session, staff.organization_id, parts["activity_id"], parts["registration_id"])
                return held.person.full_name, held.account_id

        say = texts(staff.language)
        account_id = ""
        try:
            name, account_id = await in_thread(locked)
            flash(request, say(done, name=name), "success")
        except NotFound as error:
            raise HTTPException(404) from error
        except (StatusDiffers, NotOpen, Full) as refused:
            flash(request, say(_REFUSALS[type(refused)]), "error")
        if is_from_account and account_id:
            return RedirectResponse(request.url_for("admin:account", account_id=account_id).path, status_code=303)
        back = request.url_for("admin:activity_people", activity_id=parts["activity_id"]).path
        return RedirectResponse(back, status_code=303)

    def _activity(self, request: Request) -> Activity:
        organization_id = signed_in_staff(request).organization_id
        with self.office.database.read() as session:
            try:
                return repository.activity_of(session, organization_id, request.path_params["activity_id"])
            except NotFound as error:
                raise HTTPException(404) from error
