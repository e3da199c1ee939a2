"""Account activity, a subtab of the client account page: filtered rows, all of them as a file, settling and undoing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette_admin.flash import flash
from starlette_admin.routing import route

from access.domain.policy import AccessType
from access.domain.reasons import Outcome
from access.wire.events import EventKind
from server.admin.account import service
from server.admin.account.service import AccountHead
from server.admin.activity_export import activity_csv, activity_file_name, activity_xlsx
from server.admin.frame import OfficePage
from server.admin.office import in_thread, may, signed_in_staff
from server.admin.say import Say
from server.admin.settling import asked, decided, plain_amount
from server.admin.texts import texts
from server.checkins.activity import FLAGS, ActivityFilter, Cursor, activity_page, names_of, place_of
from server.checkins.repository import access_points, event_of, held_passes
from server.db import Database
from server.desk.errors import AlreadyUndone, CannotBeUndone
from server.desk.service import CAN_BE_UNDONE, undo
from server.errors import NotFound
from server.exports.xlsx import MEDIA_TYPE
from server.settlements.errors import AlreadySettled, NotOffered
from server.settlements.proposals import Choice, proposal, proposals
from server.settlements.service import settle
from server.staff.permissions import Permission

__all__ = ["AccountActivityPage", "EventPage"]

_SHOWN_ROWS = 50
_MOST_REASON = 200


class AccountActivityPage(OfficePage):
    """`/admin/accounts/{account_id}/activity`, its files, and settling a flagged row."""

    path = "/accounts/{account_id}/activity"
    route_name = "account_activity"
    permission = Permission.VIEW_ACCOUNTS
    add_to_menu = False

    @route("")
    async def index(self, request: Request) -> Response:
        """One page of the rows; `event` opens it with that event, without any filter."""
        head, staff = await self._head(request), signed_in_staff(request)
        wanted = ActivityFilter.parse(request.query_params)
        shown = await in_thread(lambda: self._read(request, head, wanted))
        return self.page(
            request,
            "office/account_activity.html",
            title=head.name,
            head=head,
            tab="activity",
            wanted=wanted,
            kinds=EventKind,
            outcomes=Outcome,
            pass_types=AccessType,
            flags=FLAGS,
            may_settle=staff.may(Permission.BILLING),
            may_undo=staff.may(Permission.ATTENDANCE),
            can_be_undone=CAN_BE_UNDONE,
            undone=EventKind.UNDONE,
            decided=decided,
            plain_amount=plain_amount,
            **shown,
        )

    @route(".csv", name="account_activity_csv")
    async def csv(self, request: Request) -> Response:
        """The filtered rows, all of them, as a CSV file."""
        return await self._file(request, activity_csv, "csv", "text/csv; charset=utf-8")

    @route(".xlsx", name="account_activity_xlsx")
    async def xlsx(self, request: Request) -> Response:
        """The filtered rows, all of them, as a workbook."""
        return await self._file(request, activity_xlsx, "xlsx", MEDIA_TYPE)

    @route("/{event_id}/settle", methods=["POST"], name="activity_settle")
    async def settle(self, request: Request) -> Response:
        """Records what an admin decided about a flagged event, and goes back to its row."""
        if not may(request, Permission.BILLING):
            raise HTTPException(403)
        head, staff = await self._head(request), signed_in_staff(request)
        form, event_id = await request.form(), request.path_params["event_id"]
        problem = await in_thread(lambda: self._settle(request, head, event_id, form))
        flash(request, texts(staff.language)(f"settlement.{problem or 'recorded'}"), "error" if problem else "success")
        return self._row(request, event_id)

    @route("/{event_id}/undo", methods=["POST"], name="activity_undo")
    async def undo(self, request: Request) -> Response:
        """Undoes an entry, an exit or a mark, with the reason that is typed, and goes back to its row."""
        if not may(request, Permission.ATTENDANCE):
            raise HTTPException(403)
        head, staff = await self._head(request), signed_in_staff(request)
        event_id = request.path_params["event_id"]
        reason = str((await request.form()).get("reason", "")).strip()[:_MOST_REASON]
        problem = await in_thread(lambda: self._undo(request, head, event_id, reason)) if reason else "problem_reason"
        flash(request, texts(staff.language)(f"undoing.{problem or 'done'}"), "error" if problem else "success")
        return self._row(request, event_id)

    def _row(self, request: Request, event_id: str) -> Response:
        back = request.url_for("admin:account_activity", account_id=request.path_params["account_id"])
        return RedirectResponse(f"{back.path}?event={quote(event_id)}#{quote(event_id)}", status_code=303)

    def _undo(self, request: Request, head: AccountHead, event_id: str, reason: str) -> str:
        """The key of what was wrong; empty when it is undone."""
        staff = signed_in_staff(request)
        try:
            with self.office.database.write() as session:
                event = event_of(session, staff.organization_id, event_id)
                if event is None or event.account_id != head.account.id:
                    raise HTTPException(404)
                now = self.office.now()
                undo(session, staff.organization_id, event_id, staff_id=staff.staff_id, now=now, note=reason)
        except AlreadyUndone:
            return "problem_already"
        except CannotBeUndone:
            return "problem_kind"
        except NotFound as error:
            raise HTTPException(404) from error
        return ""

    def _settle(self, request: Request, head: AccountHead, event_id: str, form: FormData) -> str:
        """The key of what was wrong; empty when it is recorded."""
        staff, say = signed_in_staff(request), self.office.say(signed_in_staff(request))
        try:
            with self.office.database.write() as session:
                event = event_of(session, staff.organization_id, event_id)
                if event is None or event.account_id != head.account.id:
                    raise HTTPException(404)
                wanted = asked(form, proposal(session, staff.organization_id, event), say)
                if wanted is None:
                    return "problem_choice"
                now = self.office.now()
                settle(session, staff.organization_id, event_id, wanted, staff_id=staff.staff_id, now=now)
        except AlreadySettled:
            return "problem_already"
        except NotOffered:
            return "problem_amount" if wanted and wanted.choice is Choice.CHARGE else "problem_choice"
        except NotFound as error:
            raise HTTPException(404) from error
        return ""

    def _read(self, request: Request, head: AccountHead, wanted: ActivityFilter) -> dict[str, Any]:
        staff, asked_for = signed_in_staff(request), request.query_params
        database, organization_id, account_id = self.office.database, staff.organization_id, head.account.id
        before = place_of(database, organization_id, account_id, asked_for.get("event"))
        before = before or Cursor.parse(asked_for.get("before"))
        after = Cursor.parse(asked_for.get("after"))
        zone = staff.zone
        page = activity_page(
            database, organization_id, account_id, wanted, zone=zone, before=before, after=after, limit=_SHOWN_ROWS
        )
        if after is not None and len(page.rows) < _SHOWN_ROWS and page.newer is None:
            # The newest page is always a full one, whichever way one came to it.
            before = None
            page = activity_page(database, organization_id, account_id, wanted, zone=zone, limit=_SHOWN_ROWS)
        with database.read() as session:
            offered = proposals(session, organization_id, [row.event for row in page.rows])
            others = [each for found in offered.values() for each in found.collided]
            return {
                "page": page,
                "proposals": offered,
                "collided": names_of(session, organization_id, others),
                "points": access_points(session, organization_id),
                "held": held_passes(session, organization_id, account_id),
            }

    async def _file(
        self,
        request: Request,
        chunks: Callable[[Database, str, str, ActivityFilter, Say], Iterator[bytes]],
        extension: str,
        media_type: str,
    ) -> Response:
        head, staff = await self._head(request), signed_in_staff(request)
        wanted, say = ActivityFilter.parse(request.query_params), self.office.say(staff)
        name = activity_file_name(head.name, wanted, say, extension)
        return StreamingResponse(
            chunks(self.office.database, staff.organization_id, head.account.id, wanted, say),
            media_type=media_type,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    async def _head(self, request: Request) -> AccountHead:
        staff, account_id = signed_in_staff(request), request.path_params["account_id"]
        head = await in_thread(lambda: service.account_head(self.office.database, staff, account_id))
        if head is None:
            raise HTTPException(404)
        return head


class EventPage(OfficePage):
    """`/admin/events/{event_id}`: where an event is shown, wherever that is."""

    path = "/events/{event_id}"
    route_name = "event"
    permission = Permission.VIEW_ACCOUNTS
    add_to_menu = False

    @route("")
    async def index(self, request: Request) -> Response:
        """To its row in Account activity; what is on no account is explained."""
        event_id = request.path_params["event_id"]
        account_id = await in_thread(lambda: self._account_of(request, event_id))
        if account_id is None:
            return RedirectResponse(request.url_for("admin:why", event_id=event_id), status_code=303)
        to = request.url_for("admin:account_activity", account_id=account_id)
        return RedirectResponse(f"{to.path}?event={quote(event_id)}#{quote(event_id)}", status_code=303)

    def _account_of(self, request: Request, event_id: str) -> str | None:
        staff = signed_in_staff(request)
        with self.office.database.read() as session:
            event = event_of(session, staff.organization_id, event_id)
        if event is None:
            raise HTTPException(404)
        head = service.account_head(self.office.database, staff, event.account_id) if event.account_id else None
        return head.account.id if head else None
