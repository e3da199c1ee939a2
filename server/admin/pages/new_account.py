"""Creating a client account: the e-mail and its three answers, then who it is, then those of that name in this list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from access.domain.instants import local_day
from server.access_points.values import Form, Problem, Problems, Values, text, values_of
from server.accounts.errors import OwnerRefused
from server.admin.account.form import Field, read
from server.admin.account.members import SECTIONS
from server.admin.frame import OfficePage
from server.admin.office import Office, in_thread, signed_in_staff
from server.admin.texts import texts
from server.audit.hook import note
from server.clients.listed import ListedPerson
from server.clients.service import Scope
from server.creating import service
from server.creating.checking import EmailAnswer, EmailCheck, check_email, people_like
from server.creating.errors import AddressRefused
from server.creating.probing import Probes
from server.creating.requests import Post
from server.creating.service import NewAccount
from server.errors import TooManyAttempts
from server.mail.addresses import half_hidden, is_plainly_named
from server.mail.outbox import MailBox
from server.staff.permissions import Permission
from server.staff.service import SignedIn

__all__ = ["NewAccountPage"]

_PERSONAL: Final = ("first_name", "last_name", "date_of_birth", "language", "phone")
_FIELDS: Final = (
    *(field for field in SECTIONS["personal"] if field.name in _PERSONAL),
    Field(name="company", label="new_account.company", help="new_account.company_help"),
)
_ADDRESS: Final = SECTIONS["address"]


class NewAccountPage(OfficePage):
    """`/admin/new-account`."""

    path = "/new-account"
    route_name = "new_account"
    permission = Permission.EDIT_ACCOUNTS
    add_to_menu = False

    def __init__(self, office: Office) -> None:
        super().__init__(office)
        self._probes, self._box = Probes(), MailBox(office.settings.secret_key)

    @route("")
    async def index(self, request: Request) -> Response:
        """The first step."""
        return self._email_step(request, typed=request.query_params.get("email", "")[:254])

    @route("", methods=["POST"], name="new_account_send")
    async def send(self, request: Request) -> Response:
        """One step further: `do` is check, none, create, anyway or invite."""
        sent = values_of((await request.form()).multi_items())
        do, typed = text(sent, "do"), text(sent, "email")[:400]
        staff = signed_in_staff(request)
        try:
            if do == "none":
                return self._person_step(request, {}, "")
            if typed or do in ("check", "invite"):
                self._probes.ask(staff.staff_id, staff.organization_id, now=self.office.monotonic_s())
            if do == "invite":
                return await self._invite(request, staff, typed)
            if do in ("create", "anyway"):
                return await self._create(request, staff, sent, typed, is_certain=do == "anyway")
            return await self._check(request, staff, typed)
        except TooManyAttempts as delayed:
            minutes = -(-delayed.wait_s // 60)
            problem = Problem("new_account.too_many", {"minutes": minutes})
            return self._email_step(request, typed=typed, problem=problem, status=429)
        except AddressRefused:
            return await self._check(request, staff, typed)

    async def _check(self, request: Request, staff: SignedIn, typed: str) -> Response:
        check = await in_thread(lambda: self._answer(staff, typed))
        if check.answer is EmailAnswer.NEW:
            return self._person_step(request, {}, check.address)
        if check.answer is EmailAnswer.INVALID:
            wrong = "not_email" if is_plainly_named(typed) else "email_letters"
            problem = Problem(f"account_problem.{wrong}" if typed else "new_account.email_or_none")
            return self._email_step(request, typed=typed, problem=problem, status=422)
        return self._email_step(request, typed=check.address, check=check)

    def _answer(self, staff: SignedIn, typed: str) -> EmailCheck:
        with self.office.database.read() as session:
            check = check_email(session, staff.organization_id, typed, today=self._today(staff))
        if check.answer is EmailAnswer.ELSEWHERE:
            with self.office.database.write() as session:
                note(
                    session,
                    entity="organization",
                    entity_id=staff.organization_id,
                    what="email_known_elsewhere",
                    organization_id=staff.organization_id,
                    changes={"email": [None, half_hidden(check.address)]},
                )
        return check

    async def _invite(self, request: Request, staff: SignedIn, typed: str) -> Response:
        def work() -> str:
            with self.office.database.write() as session:
                made = service.invite(session, staff.organization_id, typed, self._post(), today=self._today(staff))
                return made.id

        account_id = await in_thread(work)
        return self._to_account(request, account_id, self._posted("invited"))

    async def _create(
        self, request: Request, staff: SignedIn, sent: Values, typed: str, *, is_certain: bool
    ) -> Response:
        today = self._today(staff)
        found, problems = read((*_FIELDS, *_ADDRESS), sent, today)
        if problems:
            return self._person_step(request, sent, typed, problems=problems)
        if not is_certain:
            scope = Scope(staff.organization_id, today, staff.zone)
            names = (found["first_name"], found["last_name"])
            alike = await in_thread(lambda: people_like(self.office.database, scope, *names))
            if alike:
                return self._person_step(request, sent, typed, matches=alike)
        try:
            account_id = await in_thread(lambda: self._made(staff, found, typed))
        except OwnerRefused:
            problem = Problem("account_problem.owner_under_age")
            return self._person_step(request, sent, typed, problems={"date_of_birth": problem})
        return self._to_account(request, account_id, self._posted("created_sent") if typed else "new_account.created")

    def _made(self, staff: SignedIn, found: Mapping[str, Any], typed: str) -> str:
        given = NewAccount(
            email=typed,
            more={field.name: found[field.name] for field in _ADDRESS},
            **{field.name: found[field.name] for field in _FIELDS},
        )
        with self.office.database.write() as session:
            today = self._today(staff)
            return service.create_account(session, staff.organization_id, given, self._post(), today=today).id

    def _to_account(self, request: Request, account_id: str, said: str) -> Response:
        flash(request, texts(signed_in_staff(request).language)(said), "success")
        return RedirectResponse(request.url_for("admin:account", account_id=account_id).path, status_code=303)

    def _email_step(
        self,
        request: Request,
        *,
        typed: str,
        check: EmailCheck | None = None,
        problem: Problem | None = None,
        status: int = 200,
    ) -> Response:
        return self._show(request, status, step="email", address=typed, check=check, problem=problem)

    def _person_step(
        self,
        request: Request,
        sent: Values,
        address: str,
        *,
        problems: Problems | None = None,
        matches: list[ListedPerson] | None = None,
    ) -> Response:
        status = 422 if problems or matches else 200
        form = Form(sent, problems or {})
        return self._show(request, status, step="person", address=address, form=form, matches=matches or [])

    def _show(self, request: Request, status: int, **context: Any) -> Response:
        title = texts(signed_in_staff(request).language)("new_account.title")
        return self.page(
            request,
            "office/new_account.html",
            status=status,
            title=title,
            fields=_FIELDS,
            address_fields=_ADDRESS,
            server=self.office.settings.smtp_host,
            **context,
        )

    def _posted(self, said: str) -> str:
        """What is said of an e-mail that was written: without a mail server it has not left."""
        return f"new_account.{said}{'' if self.office.settings.smtp_host else '_waits'}"

    def _post(self) -> Post:
        return Post(self._box, self.office.now())

    def _today(self, staff: SignedIn) -> date:
        return local_day(self.office.now(), staff.zone)
