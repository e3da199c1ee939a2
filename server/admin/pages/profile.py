"""One's own account: name, language, password, second factor, and where one is signed in."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.admin.qr import qr_picture
from server.admin.texts import lazy_text, texts
from server.models import Organization, Staff, StaffSession
from server.staff import own_account, repository, second_factor, service
from server.staff.errors import LoginDelayed, LoginRefused, StaffError, WeakPassword, WrongCode
from server.staff.passwords import MIN_PASSWORD_CHARACTERS

__all__ = ["ProfilePage"]


class ProfilePage(OfficePage):
    """`/admin/profile`: for everybody who is signed in, about themselves only."""

    menu_label = lazy_text("profile.title")
    path = "/profile"
    route_name = "profile"
    add_to_menu = False

    @route("")
    async def index(self, request: Request) -> Response:
        """The whole page."""
        who = signed_in_staff(request)
        own, sessions, is_required = await in_thread(lambda: self._read(request))
        return self.page(
            request,
            "office/profile.html",
            title=self.title(request),
            own=own,
            sessions=sessions,
            here=who.token_hash,
            is_on=second_factor.is_on(own),
            is_required=is_required,
            least=MIN_PASSWORD_CHARACTERS,
        )

    @route("", methods=["POST"], name="profile_save")
    async def save(self, request: Request) -> Response:
        """Name and language."""
        form = await request.form()
        name, language = str(form.get("name", "")), str(form.get("language", ""))
        await in_thread(lambda: self._save(request, name, language))
        return self._done(request, "profile.saved")

    @route("/password", methods=["POST"], name="profile_password")
    async def password(self, request: Request) -> Response:
        """Another password, against the old one."""
        form, who, office = await request.form(), signed_in_staff(request), self.office
        old, new = str(form.get("old", "")), str(form.get("new", ""))
        return await self._try(
            request,
            lambda: own_account.change_password(
                office.database, office.throttle, who, old=old, new=new, monotonic_s=office.monotonic_s()
            ),
            "profile.password_done",
        )

    @route("/sessions", methods=["POST"], name="profile_sessions")
    async def end_others(self, request: Request) -> Response:
        """Signs out everywhere else."""
        await in_thread(lambda: self._end_others(request))
        return self._done(request, "profile.sessions_done")

    @route("/second-factor", name="profile_second_factor")
    async def show_enrolment(self, request: Request) -> Response:
        """The QR code for an app."""
        return await self._enrolment(request)

    @route("/second-factor", methods=["POST"], name="profile_enrol")
    async def enrol(self, request: Request) -> Response:
        """Turns it on with a code, and shows the recovery codes, this once."""
        codes: list[str] = []
        attempt = await self._attempt(request)
        try:
            await in_thread(lambda: codes.extend(own_account.enrol(attempt)))
        except StaffError as error:
            return await self._enrolment(request, _problem(request, error), 422)
        return self._recovery(request, codes)

    @route("/recovery", methods=["POST"], name="profile_recovery")
    async def renew(self, request: Request) -> Response:
        """New recovery codes, against a code."""
        codes: list[str] = []
        attempt = await self._attempt(request)
        try:
            await in_thread(lambda: codes.extend(own_account.renew_recovery_codes(attempt)))
        except StaffError as error:
            return self._done(request, _problem(request, error), "error")
        return self._recovery(request, codes)

    @route("/second-factor/off", methods=["POST"], name="profile_second_factor_off")
    async def turn_off(self, request: Request) -> Response:
        """Turns it off, against a code."""
        attempt = await self._attempt(request)
        return await self._try(request, lambda: own_account.turn_off(attempt), "profile.off_done")

    async def _attempt(self, request: Request) -> own_account.CodeAttempt:
        return self.office.code_attempt(signed_in_staff(request), str((await request.form()).get("code", "")))

    async def _enrolment(self, request: Request, problem: str = "", status: int = 200) -> Response:
        try:
            uri, secret = await in_thread(lambda: self._begin(request))
        except ValueError:
            return RedirectResponse(request.url_for("admin:profile"), status_code=303)
        shown = {"picture": qr_picture(uri), "secret": secret, "problem": problem}
        return self.page(request, "office/profile_enrol.html", status=status, title=self.title(request), **shown)

    def _recovery(self, request: Request, codes: list[str]) -> Response:
        return self.page(request, "office/profile_recovery.html", title=self.title(request), codes=codes)

    def _begin(self, request: Request) -> tuple[str, str]:
        with self.office.database.write() as session:
            return own_account.enrolment(session, signed_in_staff(request), self.office.settings.secret_key)

    async def _try(self, request: Request, work: Callable[[], object], done: str) -> Response:
        try:
            await in_thread(work)
        except StaffError as error:
            return self._done(request, _problem(request, error), "error")
        return self._done(request, done)

    def _done(self, request: Request, said: str, kind: str = "success") -> Response:
        known = texts(signed_in_staff(request).language)
        flash(request, known.entries.get(said, said), kind)
        return RedirectResponse(request.url_for("admin:profile"), status_code=303)

    def _read(self, request: Request) -> tuple[Staff, list[StaffSession], bool]:
        who, now = signed_in_staff(request), self.office.now()
        with self.office.database.read() as session:
            own = session.get_one(Staff, who.staff_id)
            sessions = [
                each for each in repository.sessions_of(session, who.staff_id) if service.is_open(each, now=now)
            ]
            return own, sessions, session.get_one(Organization, who.organization_id).requires_second_factor

    def _save(self, request: Request, name: str, language: str) -> None:
        who = signed_in_staff(request)
        with self.office.database.write() as session:
            own_account.rename(session, who, name)
            if language in ("en", "fr"):
                service.set_language(session, who.token_hash, language)

    def _end_others(self, request: Request) -> None:
        with self.office.database.write() as session:
            own_account.end_other_sessions(session, signed_in_staff(request))


def _problem(request: Request, error: StaffError) -> str:
    t = texts(signed_in_staff(request).language)
    if isinstance(error, LoginDelayed):
        return t.count("login.delayed", error.wait_s)
    if isinstance(error, WrongCode):
        return t("second_step.wrong")
    if isinstance(error, WeakPassword):
        return t("records.weak_password")
    return t("profile.wrong_password") if isinstance(error, LoginRefused) else t("error.failed")
