"""The audit log: who changed what, from what to what, newest first."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from server.access_points.choices import choices_of
from server.admin.auditing import Line, ids_in, told
from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.admin.texts import lazy_text
from server.audit import repository
from server.audit.repository import ENTITIES, AuditFilter
from server.models import Staff
from server.staff.permissions import Permission
from server.staff.repository import staff_in

__all__ = ["AuditPage"]

_SHOWN = 50


class AuditPage(OfficePage):
    """`/admin/audit`; with `?account=` or `?person=` what concerns one of them."""

    menu_label = lazy_text("audit.title")
    icon = "fa-solid fa-clock-rotate-left"
    path = "/audit"
    route_name = "audit"
    rank = 90
    permission = Permission.AUDIT

    @route("")
    async def index(self, request: Request) -> Response:
        """One page of it."""
        wanted = AuditFilter.parse(request.query_params)
        at = request.query_params.get("before", "")
        before = int(at) if at.isascii() and at.isdigit() and len(at) < 16 else None
        lines, has_more, staff, concerned = await in_thread(lambda: self._read(request, wanted, before))
        return self.page(
            request,
            "office/audit.html",
            title=self.title(request),
            lines=lines,
            wanted=wanted,
            before=before,
            older=lines[-1].entry.seq if has_more else None,
            everybody=staff,
            entities=ENTITIES,
            concerned=concerned,
        )

    def _read(
        self, request: Request, wanted: AuditFilter, before: int | None
    ) -> tuple[list[Line], bool, list[Staff], str]:
        reader = signed_in_staff(request)
        with self.office.database.read() as session:
            entries = repository.page(
                session, reader.organization_id, wanted, zone=reader.zone, before=before, limit=_SHOWN
            )
            shown = entries[:_SHOWN]
            asked_for = {each for each in (wanted.account, wanted.person) if each}
            names = repository.names(session, reader.organization_id, ids_in(shown) | asked_for)
            say = self.office.say(reader)
            choices = choices_of(session, reader.organization_id, now=self.office.now())
            lines = [told(each, names, say, choices=choices) for each in shown]
            of = names.get(wanted.person or wanted.account)
            concerned = getattr(of, "full_name", "") or str(getattr(of, "name", "") or "")
            return lines, len(entries) > _SHOWN, staff_in(session, reader.organization_id), concerned
