"""How a member logs in: the username, which only the client changes, and the requests that were sent to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from server.accounts import repository as accounts
from server.admin.account.editing import AccountSubpage
from server.admin.office import Office, in_thread, signed_in_staff
from server.admin.pages.mail import trouble_key
from server.admin.texts import texts
from server.creating import service
from server.creating.errors import NotSendable, SentTooOften
from server.creating.requests import Post, Standing, request_activation, standing_of
from server.errors import NotFound
from server.mail.outbox import MailBox
from server.mail.repository import mails_to
from server.models import Mail, Person
from server.staff.permissions import Permission

__all__ = ["ClientLoginPage"]

_REFUSALS: Final = {
    "no_email": "client_login.no_email",
    "other_address": "client_login.other_address",
    "answered": "client_login.answered",
}
_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class _Read:
    person: Person
    standing: Standing
    mails: Sequence[Mail]


class ClientLoginPage(AccountSubpage):
    """`/admin/accounts/{account_id}/login/{person_id}`."""

    path = "/accounts/{account_id}/login/{person_id}"
    route_name = "client_login"
    permission = Permission.EDIT_ACCOUNTS

    def __init__(self, office: Office) -> None:
        super().__init__(office)
        self._box = MailBox(office.settings.secret_key)

    @route("")
    async def index(self, request: Request) -> Response:
        """What was sent, and what became of it."""
        head = await self.head(request)
        try:
            found = await in_thread(lambda: self._read(request))
        except NotFound as error:
            raise HTTPException(404) from error
        return self.page(
            request,
            "office/client_login.html",
            title=head.name,
            head=head,
            tab="members",
            person=found.person,
            standing=found.standing,
            mails=found.mails,
            now=self.office.now(),
            trouble_key=trouble_key,
            server=self.office.settings.smtp_host,
        )

    @route("/activation", methods=["POST"], name="client_login_activation")
    async def activation(self, request: Request) -> Response:
        """Sends the activation request (again)."""
        return await self._posted(request, lambda session, person: request_activation(session, person, self._post()))

    @route("/consent", methods=["POST"], name="client_login_consent")
    async def consent(self, request: Request) -> Response:
        """Asks for the consent again."""
        return await self._posted(request, lambda session, person: service.ask_again(session, person, self._post()))

    async def _posted(self, request: Request, work: Callable[[Session, Person], None]) -> Response:
        def locked() -> None:
            with self.office.database.write() as session:
                if not self._locks(session, request):
                    raise NotFound
                work(session, self._person(session, request))

        said = "client_login.sent" if self.office.settings.smtp_host else "client_login.sent_waits"
        kind = "success"
        try:
            await in_thread(locked)
        except NotFound as error:
            raise HTTPException(404) from error
        except SentTooOften:
            said, kind = "client_login.too_often", "error"
        except NotSendable as refused:
            said, kind = _REFUSALS[refused.code], "error"
        flash(request, texts(signed_in_staff(request).language)(said), kind)
        back = self.url(request, "client_login", person_id=request.path_params["person_id"])
        return RedirectResponse(back, status_code=303)

    def _read(self, request: Request) -> _Read:
        with self.office.database.read() as session:
            person = self._person(session, request)
            mails = mails_to(session, person.organization_id, person.id, limit=_SHOWN)
            return _Read(person, standing_of(session, person.account, person), mails)

    def _person(self, session: Session, request: Request) -> Person:
        staff, parts = signed_in_staff(request), request.path_params
        return accounts.person_of(session, staff.organization_id, parts["account_id"], parts["person_id"])

    def _post(self) -> Post:
        return Post(self._box, self.office.now())
