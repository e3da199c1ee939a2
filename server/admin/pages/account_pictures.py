"""The two pictures of a person: looked at, changed, verified, and brought back from their history.

Seeing them needs the page's permission; each picture has a page of its own that changes it, because the permissions
differ. The camera is open to this page alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette_admin.routing import route

from access.domain.instants import local_day
from server.accounts.repository import person_of
from server.admin.account.editing import AccountSubpage
from server.admin.office import in_thread, signed_in_staff
from server.admin.texts import texts
from server.errors import NotFound, TooLarge, Unprocessable
from server.models import Person
from server.pictures import repository, service
from server.pictures.service import PictureRole, PictureSource
from server.staff.permissions import Permission

__all__ = ["AccessPicturePage", "AccountPicturesPage", "ProfilePicturePage"]

_BROUGHT = (PictureSource.UPLOAD, PictureSource.WEBCAM)


class AccountPicturesPage(AccountSubpage):
    """`/admin/accounts/{account_id}/pictures/{person_id}`."""

    path = "/accounts/{account_id}/pictures/{person_id}"
    route_name = "account_pictures"
    permission = Permission.VIEW_ACCOUNTS

    @route("")
    async def index(self, request: Request) -> Response:
        """Both pictures and their history."""
        head, shown = await self.head(request), await found(self, request)
        answer = self.tab(request, head, "pictures", **shown)
        answer.headers["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()"
        return answer


class _PicturePage(AccountSubpage):
    """What is done with one of the two."""

    role: PictureRole

    async def bring(self, request: Request) -> Response:
        """Keeps the picture that is the request's body; 204, or what is wrong with it as a line of text."""
        await found(self, request)
        source, raw, t = (
            request.query_params.get("source"),
            await request.body(),
            texts(signed_in_staff(request).language),
        )
        try:
            picture = await in_thread(lambda: self.office.pictures.put(raw))
        except (TooLarge, Unprocessable) as refused:
            return PlainTextResponse(t(f"pictures.{refused.code}"), status_code=refused.status)
        came = PictureSource(source) if source in _BROUGHT else PictureSource.UPLOAD
        await self._change(request, lambda session, person: self._give(request, session, person, picture, came))
        return Response(status_code=204)

    async def remove(self, request: Request) -> Response:
        """Takes the picture away; the history keeps it."""
        gone = PictureSource.REMOVED
        return await self._change(request, lambda session, person: self._give(request, session, person, None, gone))

    async def restore(self, request: Request) -> Response:
        """Brings an earlier one back."""
        version_id, staff = str((await request.form()).get("version", "")), signed_in_staff(request)

        def work(session: Session, person: Person) -> None:
            service.restore(session, person, self.role, version_id, by=staff.staff_id, now=self.office.now())

        return await self._change(request, work)

    def _give(
        self, request: Request, session: Session, person: Person, picture: str | None, source: PictureSource
    ) -> None:
        by, now = signed_in_staff(request).staff_id, self.office.now()
        service.change(session, person, self.role, picture, source=source, by=by, now=now)

    async def _change(
        self, request: Request, work: Callable[[Session, Person], None], done: str = "account_form.saved"
    ) -> Response:
        return await self.act(
            request, lambda session: work(session, person_here(session, request)), done=done, back=back(request)
        )


class ProfilePicturePage(_PicturePage):
    """`/admin/accounts/{account_id}/pictures/{person_id}/profile`: shared by every organization."""

    path = "/accounts/{account_id}/pictures/{person_id}/profile"
    route_name = "profile_picture"
    permission = Permission.EDIT_ACCOUNTS
    role = PictureRole.PROFILE

    @route("")
    async def index(self, request: Request) -> Response:
        """Both are shown on one page."""
        await self.head(request)
        return RedirectResponse(back(request), status_code=303)

    @route("/new", methods=["POST"], name="profile_picture_new")
    async def new(self, request: Request) -> Response:
        """A new one."""
        return await self.bring(request)

    @route("/remove", methods=["POST"], name="profile_picture_remove")
    async def away(self, request: Request) -> Response:
        """None."""
        return await self.remove(request)

    @route("/restore", methods=["POST"], name="profile_picture_restore")
    async def again(self, request: Request) -> Response:
        """An earlier one."""
        return await self.restore(request)


class AccessPicturePage(_PicturePage):
    """`/admin/accounts/{account_id}/pictures/{person_id}/access`: this organization's own."""

    path = "/accounts/{account_id}/pictures/{person_id}/access"
    route_name = "access_picture"
    permission = Permission.ACCESS_PICTURES
    role = PictureRole.ACCESS

    @route("")
    async def index(self, request: Request) -> Response:
        """Both are shown on one page."""
        await self.head(request)
        return RedirectResponse(back(request), status_code=303)

    @route("/new", methods=["POST"], name="access_picture_new")
    async def new(self, request: Request) -> Response:
        """A new one."""
        return await self.bring(request)

    @route("/remove", methods=["POST"], name="access_picture_remove")
    async def away(self, request: Request) -> Response:
        """None."""
        return await self.remove(request)

    @route("/restore", methods=["POST"], name="access_picture_restore")
    async def again(self, request: Request) -> Response:
        """An earlier one."""
        return await self.restore(request)

    @route("/copy", methods=["POST"], name="access_picture_copy")
    async def copy(self, request: Request) -> Response:
        """The profile picture."""
        by = signed_in_staff(request).staff_id
        now = self.office.now()
        return await self._change(
            request, lambda session, person: void(service.copy_profile(session, person, by=by, now=now))
        )

    @route("/verify", methods=["POST"], name="access_picture_verify")
    async def verify(self, request: Request) -> Response:
        """Somebody compared it with the person."""
        staff, seen = signed_in_staff(request), str((await request.form()).get("seen", ""))
        today = local_day(self.office.now(), staff.zone)
        return await self._change(
            request,
            lambda _, person: service.verify(person, seen=seen, by=staff.staff_id, on=today),
            "pictures.verified_done",
        )


def void(_: object) -> None:
    """What was answered does not matter."""


def back(request: Request) -> str:
    """Both pictures of the person."""
    parts = {name: request.path_params[name] for name in ("account_id", "person_id")}
    return request.url_for("admin:account_pictures", **parts).path


def person_here(session: Session, request: Request) -> Person:
    """Of whom the pictures are. Raises NotFound."""
    parts = request.path_params
    return person_of(session, signed_in_staff(request).organization_id, parts["account_id"], parts["person_id"])


async def found(page: AccountSubpage, request: Request) -> dict[str, Any]:
    """The person, the history and the names in it. 404 when there is no such person here."""
    organization_id = signed_in_staff(request).organization_id

    def read() -> dict[str, Any]:
        with page.office.database.read() as session:
            person = person_here(session, request)
            versions = repository.versions_of(session, person)
            ids = {person.access_picture_verified_by, *(each.changed_by for each in versions)}
            names = repository.staff_names(session, organization_id, ids)
            return {"person": person, "versions": versions, "names": names}

    try:
        return await in_thread(read)
    except NotFound as error:
        raise HTTPException(404) from error
