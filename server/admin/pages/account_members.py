"""Account members: one at a time, with every section. What can be changed is on pages of its own."""

from __future__ import annotations

from babel import Locale
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import NoMatchFound
from starlette_admin.routing import route

from access.domain.instants import local_day
from server.admin.account import service
from server.admin.account.editing import AccountSubpage
from server.admin.account.members import MemberPage, member_page, shown_questions
from server.admin.office import in_thread, signed_in_staff
from server.errors import NotFound
from server.staff.permissions import Permission

__all__ = ["AccountMembersPage"]


class AccountMembersPage(AccountSubpage):
    """`/admin/accounts/{account_id}/members` and one member below it."""

    path = "/accounts/{account_id}/members"
    route_name = "account_members"
    permission = Permission.VIEW_ACCOUNTS

    @route("")
    async def index(self, request: Request) -> Response:
        """The owner, or the first member."""
        head = await self.head(request)
        first = head.owner or (head.people[0] if head.people else None)
        return await self._show(request, first.id if first else "")

    @route("/{person_id}", name="account_member")
    async def member(self, request: Request) -> Response:
        """One member."""
        return await self._show(request, request.path_params["person_id"])

    async def _show(self, request: Request, person_id: str) -> Response:
        head, staff = await self.head(request), signed_in_staff(request)
        if not person_id:
            return self.tab(request, head, "members", member=None)
        try:
            member = await in_thread(lambda: self._read(request, person_id))
        except NotFound as error:
            raise HTTPException(404) from error
        entries = await in_thread(lambda: service.last_entries(self.office.database, staff, head))
        is_all = request.query_params.get("all") == "1"
        return self.tab(
            request,
            head,
            "members",
            member=member,
            person=member.person,
            last_entry=entries.get(person_id),
            is_all=is_all,
            questions=shown_questions(member.questions, is_all=is_all),
            pictures_url=_pictures_url(request, head.account.id, person_id),
            names={each.id: each.first_name for each in head.people},
            country=_country(member.person.country, self.office.say(staff).locale),
        )

    def _read(self, request: Request, person_id: str) -> MemberPage:
        staff, account_id = signed_in_staff(request), request.path_params["account_id"]
        today = local_day(self.office.now(), staff.zone)
        with self.office.database.read() as session:
            return member_page(session, staff.organization_id, account_id, person_id, today=today)


def _country(code: str, locale: str) -> str:
    """A country's name in the reader's language; what is no known code stays as it was typed."""
    said: str = Locale.parse(locale).territories.get(code.upper(), code)
    return said


def _pictures_url(request: Request, account_id: str, person_id: str) -> str:
    """Where pictures are changed, if that page is there."""
    try:
        return request.url_for("admin:account_pictures", account_id=account_id, person_id=person_id).path
    except NoMatchFound:
        return ""
