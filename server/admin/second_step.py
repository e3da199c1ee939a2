"""What a login may ask after the password: which organization, the code of the second factor, or enrolling one.

Until it is answered nobody is let in: such a session opens these pages only, and is over in ten minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates
from starlette_admin.i18n import get_locale

from server.admin.office import in_thread
from server.admin.qr import qr_picture
from server.admin.texts import texts
from server.staff import own_account, service
from server.staff.errors import LoginDelayed, LoginRefused, WhichOne, WrongCode
from server.staff.service import SignedIn

if TYPE_CHECKING:
    from server.admin.gate import StaffGate

__all__ = ["SecondStep", "ask_which"]

_SALT: Final = "gatehouse-login-which"
_CHOICE_LIMIT_S: Final = 300


def ask_which(gate: StaffGate, request: Request, templates: Jinja2Templates, several: WhichOne) -> Response:
    """The page that asks which organization; that the password was right stands in a signed field for five minutes."""
    passed = _signer(gate).dumps(dict(several.proven))
    named = sorted((name.in_language(get_locale()), staff_id) for staff_id, name in several.choices)
    context = {"title": texts(get_locale())("second_step.which"), "choices": named, "passed": passed}
    return templates.TemplateResponse(request, "office/login_which.html", context)


def _signer(gate: StaffGate) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(gate.office.settings.secret_key, salt=_SALT)


class SecondStep:
    """The pages between the password and the back office."""

    def __init__(self, gate: StaffGate, templates: Jinja2Templates) -> None:
        self._gate, self._templates, self._office = gate, templates, gate.office

    def routes(self) -> list[Route]:
        """Theirs."""
        return [
            Route("/login/which", self.choose, methods=["POST"], name="login_which"),
            Route("/login/code", self.show_code, methods=["GET"], name="login_code"),
            Route("/login/code", self.give_code, methods=["POST"], name="login_give_code"),
            Route("/login/second-factor", self.show_enrolment, methods=["GET"], name="login_second_factor"),
            Route("/login/second-factor", self.enrol, methods=["POST"], name="login_enrol"),
        ]

    async def choose(self, request: Request) -> Response:
        """One of the organizations in which the password was right."""
        form = await request.form()
        wanted = str(form.get("staff", ""))
        try:
            allowed = _signer(self._gate).loads(str(form.get("passed", "")), max_age=_CHOICE_LIMIT_S)
            proof, office = allowed[wanted], self._office
            token = await in_thread(lambda: service.enter(office.database, wanted, proof, now=office.now()))
        except (BadSignature, KeyError, LoginRefused):
            return self._back(request)
        return await self._gate.enter(request, token)

    async def show_code(self, request: Request) -> Response:
        """The form for a code."""
        who = _entering(request, "code")
        return self._code_form(request) if who else self._back(request)

    async def give_code(self, request: Request) -> Response:
        """Checks a code; the login is complete."""
        who = _entering(request, "code")
        if who is None:
            return self._back(request)
        problem = await self._tried(request, who, own_account.give_code)
        return self._code_form(request, *problem) if isinstance(problem, tuple) else self._on(request)

    async def show_enrolment(self, request: Request) -> Response:
        """The QR code, where a second factor is required and there is none yet."""
        who = _entering(request, "enrol")
        return await self._enrolment_form(request, who) if who else self._back(request)

    async def enrol(self, request: Request) -> Response:
        """Turns the second factor on and shows the recovery codes, this once."""
        who = _entering(request, "enrol")
        if who is None:
            return self._back(request)
        codes: list[str] = []
        problem = await self._tried(request, who, lambda attempt: codes.extend(own_account.enrol(attempt)))
        if isinstance(problem, tuple):
            return await self._enrolment_form(request, who, *problem)
        return self._page(request, "login_recovery", "recovery", codes=codes, next=_next(self._gate, request))

    async def _tried(
        self, request: Request, who: SignedIn, work: Callable[[own_account.CodeAttempt], object]
    ) -> tuple[str, int] | None:
        attempt = self._office.code_attempt(who, str((await request.form()).get("code", "")))
        try:
            await in_thread(lambda: work(attempt))
        except LoginDelayed as delayed:
            return texts(get_locale()).count("login.delayed", delayed.wait_s), 429
        except WrongCode:
            return texts(get_locale())("second_step.wrong"), 401
        return None

    def _code_form(self, request: Request, error: str = "", status: int = 200) -> Response:
        return self._page(request, "login_code", "code", status=status, error=error)

    async def _enrolment_form(self, request: Request, who: SignedIn, error: str = "", status: int = 200) -> Response:
        uri, secret = await in_thread(lambda: self._begin(who))
        return self._page(
            request, "login_enrol", "enrol", status=status, error=error, picture=qr_picture(uri), secret=secret
        )

    def _begin(self, who: SignedIn) -> tuple[str, str]:
        with self._office.database.write() as session:
            return own_account.enrolment(session, who, self._office.settings.secret_key)

    def _page(self, request: Request, template: str, key: str, *, status: int = 200, **context: Any) -> Response:
        titles = {
            "code": texts(get_locale())("second_step.code"),
            "enrol": texts(get_locale())("second_step.enrol"),
            "recovery": texts(get_locale())("second_step.recovery"),
        }
        return self._templates.TemplateResponse(
            request, f"office/{template}.html", {"title": titles[key], **context}, status_code=status
        )

    def _back(self, request: Request) -> Response:
        """To the login, which leads on from there."""
        return RedirectResponse(request.url_for("admin:login"), status_code=303)

    def _on(self, request: Request) -> Response:
        return RedirectResponse(_next(self._gate, request), status_code=303)


def _entering(request: Request, missing: str) -> SignedIn | None:
    """Whose login lacks this."""
    who: SignedIn | None = request.state.entering
    return who if who is not None and who.missing == missing else None


def _next(gate: StaffGate, request: Request) -> str:
    return gate.safe_next(request)
