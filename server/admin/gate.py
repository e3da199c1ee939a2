"""The gate: nobody passes without a session, except to the login page, the language switch and static files.

A page sends the browser to the login; anything else (a stream, a fragment, a picture) is answered 401.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode, urlsplit

from babel import negotiate_locale
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette_admin.auth import AdminUser, BaseAuthProvider
from starlette_admin.i18n import get_locale, set_database_timezone, set_locale, set_timezone

from access.words import LANGUAGES
from server.admin.office import Office, in_thread
from server.admin.second_step import SecondStep, ask_which
from server.admin.texts import texts
from server.admin.theme import THEME_COOKIE, THEMES
from server.audit.actor import SYSTEM, Actor, acting
from server.staff import service
from server.staff.errors import LoginDelayed, LoginRefused, WhichOne
from server.staff.service import SignedIn

__all__ = ["LANGUAGE_COOKIE", "SESSION_COOKIE", "StaffGate", "safe_next"]

SESSION_COOKIE: Final = "gatehouse_session"
LANGUAGE_COOKIE: Final = "gatehouse_language"
_YEAR_S: Final = 365 * 86_400
_OPEN: Final = ("/login", "/login/which", "/login/code", "/login/second-factor", "/preferences")


class StaffGate(BaseAuthProvider):
    """Logs staff in and out, and keeps everyone else outside."""

    def __init__(self, office: Office) -> None:
        super().__init__()
        self.office = office

    async def authenticate(self, request: Request) -> AdminUser | None:
        """Who the session cookie belongs to; keeps `request.state.staff`."""
        found = await in_thread(lambda: self._find(request.cookies.get(SESSION_COOKIE, "")))
        staff = found if found and not found.missing else None
        request.state.staff, request.state.entering = staff, found if found and found.missing else None
        return AdminUser(username=staff.name) if staff else None

    def _find(self, token: str) -> SignedIn | None:
        if not token:
            return None
        now = self.office.now()
        with self.office.database.read() as session:
            found = service.signed_in(session, token, now=now)
        if found is None:
            return None
        staff, is_due = found
        if is_due:
            with self.office.database.write() as session:
                service.seen(session, staff.token_hash, now=now)
        return staff

    def get_middleware(self) -> Middleware:
        """The middleware that asks at every request."""
        return Middleware(_Gate, gate=self)

    def get_routes(self, templates: Jinja2Templates) -> list[Route]:
        """Login, log-out, and the choice of language and light."""
        self._templates = templates
        return [
            Route("/login", self.show_login, methods=["GET"], name="login"),
            Route("/login", self.log_in, methods=["POST"], name="log_in"),
            *SecondStep(self, templates).routes(),
            Route("/logout", self.log_out, methods=["POST"], name="logout"),
            Route("/preferences", self.prefer, methods=["POST"], name="preferences"),
        ]

    async def show_login(self, request: Request) -> Response:
        """The login form."""
        if request.state.staff is not None:
            return RedirectResponse(safe_next(request, request.query_params.get("next")), status_code=303)
        if request.state.entering is not None:
            return _turned_away(request)
        return self._form(request)

    async def log_in(self, request: Request) -> Response:
        """Checks a login; a new session each time."""
        form = await request.form()
        email, password = str(form.get("email", ""))[:254], str(form.get("password", ""))
        office, address = self.office, request.client.host if request.client else ""
        try:
            token = await in_thread(
                lambda: service.log_in(
                    office.database,
                    office.throttle,
                    email=email,
                    password=password,
                    address=address,
                    monotonic_s=office.monotonic_s(),
                    now=office.now(),
                )
            )
        except LoginDelayed as delayed:
            said = texts(get_locale()).count("login.delayed", delayed.wait_s)
            return self._form(request, email, said, status=429, wait_s=delayed.wait_s)
        except LoginRefused:
            return self._form(request, email, texts(get_locale())("login.refused"), status=401)
        except WhichOne as several:
            return ask_which(self, request, self._templates, several)
        return await self.enter(request, token)

    async def enter(self, request: Request, token: str) -> Response:
        """Starts with a new session where the old one ends; what its login still lacks is asked for on the way."""
        await self._end_session(request)
        response = RedirectResponse(safe_next(request, request.query_params.get("next")), status_code=303)
        _set_cookie(request, response, SESSION_COOKIE, token, int(service.SESSION_LIMIT.total_seconds()))
        return response

    async def log_out(self, request: Request) -> Response:
        """Ends the session."""
        await self._end_session(request)
        response = RedirectResponse(request.url_for("admin:login"), status_code=303)
        response.delete_cookie(SESSION_COOKIE, path=_path(request), httponly=True, samesite="lax")
        return response

    async def prefer(self, request: Request) -> Response:
        """Keeps a language (with the staff member, or this browser before the login) or a theme (this browser)."""
        form = await request.form()
        response = RedirectResponse(safe_next(request, str(form.get("next", ""))), status_code=303)
        language, theme = form.get("language"), form.get("theme")
        staff: SignedIn | None = request.state.staff
        if language in LANGUAGES:
            _set_cookie(request, response, LANGUAGE_COOKIE, str(language), _YEAR_S)
            if staff is not None:
                await in_thread(lambda: self._keep_language(staff, str(language)))
        if theme in THEMES:
            _set_cookie(request, response, THEME_COOKIE, str(theme), _YEAR_S)
        return response

    def safe_next(self, request: Request) -> str:
        """Where a login goes on to."""
        return safe_next(request, request.query_params.get("next"))

    def _keep_language(self, staff: SignedIn, language: str) -> None:
        with self.office.database.write() as session:
            service.set_language(session, staff.token_hash, language)

    async def _end_session(self, request: Request) -> None:
        staff: SignedIn | None = request.state.staff or request.state.entering
        if staff is not None:
            await in_thread(lambda: self._delete_session(staff))

    def _delete_session(self, staff: SignedIn) -> None:
        with self.office.database.write() as session:
            service.log_out(session, staff.token_hash)

    def _form(
        self, request: Request, email: str = "", error: str = "", *, status: int = 200, wait_s: int = 0
    ) -> Response:
        return self._templates.TemplateResponse(
            request,
            "office/login.html",
            {"title": texts(get_locale())("login.title"), "email": email, "error": error},
            status_code=status,
            headers={"Retry-After": str(wait_s)} if wait_s else None,
        )


class _Gate:
    """ASGI middleware: finds the session, sets the language and the time zone, and lets pass or not."""

    def __init__(self, app: ASGIApp, gate: StaffGate) -> None:
        self._app, self._gate = app, gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        request.state.staff, request.state.entering, request.state.is_anonymous = None, None, True
        if path.startswith("/static/"):
            await self._app(scope, receive, send)
            return
        request.state.admin_user = await self._gate.authenticate(request)
        staff: SignedIn | None = request.state.staff
        known: SignedIn | None = staff or request.state.entering
        set_locale(known.language if known else _browser_language(request))
        set_timezone(staff.time_zone if staff else "UTC")
        set_database_timezone("UTC")
        request.state.is_anonymous = staff is None
        if staff is not None or path in _OPEN or (known is not None and path == "/logout"):
            with acting(Actor("staff", known.staff_id) if known else SYSTEM):
                await self._app(scope, receive, send)
        else:
            await _turned_away(request)(scope, receive, send)


def _turned_away(request: Request) -> Response:
    accepted = request.headers.get("accept", "")
    is_page = request.method == "GET" and request.headers.get("sec-fetch-mode", "navigate") == "navigate"
    if not is_page or "text/event-stream" in accepted or accepted.startswith("image/"):
        return PlainTextResponse("Log in first", status_code=401)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    entering: SignedIn | None = request.state.entering
    name = "login" if entering is None else "login_code" if entering.missing == "code" else "login_second_factor"
    if wanted.startswith(request.url_for("admin:login").path):
        wanted = request.query_params.get("next", "")
    return RedirectResponse(f"{request.url_for(f'admin:{name}')}?{urlencode({'next': wanted})}", status_code=303)


def _browser_language(request: Request) -> str:
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in LANGUAGES:
        return str(chosen)
    header = request.headers.get("accept-language", "")
    wanted = [part.split(";")[0].strip().split("-")[0] for part in header.split(",")][:10]
    return negotiate_locale(wanted, LANGUAGES) or "en"


def safe_next(request: Request, wanted: str | None) -> str:
    """Where to go on: a path of the back office, whatever was asked for."""
    home = request.url_for("admin:index").path
    parts = urlsplit(wanted or "")
    is_ours = not parts.scheme and not parts.netloc and parts.path.startswith(home) and "\\" not in (wanted or "")
    return f"{parts.path}{'?' + parts.query if parts.query else ''}" if is_ours else home


def _set_cookie(request: Request, response: Response, name: str, value: str, max_age_s: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=max_age_s,
        path=_path(request),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def _path(request: Request) -> str:
    return request.url_for("admin:index").path
