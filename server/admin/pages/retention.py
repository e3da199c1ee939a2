"""How long what is kept, what the next run would do, and what the last ones did."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.admin.texts import lazy_text, texts
from server.privacy.files import PersonalFiles
from server.retention.keeping import SPANS, refused
from server.retention.service import Retention, keeping_of, last_runs, set_keeping
from server.staff.permissions import Permission

__all__ = ["RetentionPage"]


class RetentionPage(OfficePage):
    """`/admin/retention`."""

    menu_label = lazy_text("retention.title")
    icon = "fa-solid fa-hourglass-half"
    path = "/retention"
    route_name = "retention"
    permission = Permission.PRIVACY

    @route("", methods=["GET", "POST"])
    async def index(self, request: Request) -> Response:
        """Shows all of it, or saves the days."""
        if request.method == "GET":
            return await self._show(request)
        form = await request.form()
        sent = {name: str(form.get(name, "")).strip()[:10] for name in SPANS}
        days = {name: _days(text) for name, text in sent.items()}
        problems = refused(days)
        if problems:
            return await self._show(request, sent=sent, problems=problems)
        organization_id = signed_in_staff(request).organization_id
        await in_thread(lambda: self._save(organization_id, days))
        flash(request, texts(signed_in_staff(request).language)("retention.saved"), "success")
        return RedirectResponse(request.url_for("admin:retention"), status_code=303)

    def _save(self, organization_id: str, days: dict[str, int | None]) -> None:
        with self.office.database.write() as session:
            set_keeping(session, organization_id, days)

    async def _show(
        self, request: Request, *, sent: dict[str, str] | None = None, problems: dict[str, str] | None = None
    ) -> Response:
        found = await in_thread(lambda: self._read(request))
        status = 422 if problems else 200
        return self.page(
            request,
            "office/retention.html",
            status=status,
            title=self.title(request),
            spans=SPANS,
            sent=sent,
            problems=problems or {},
            **found,
        )

    def _read(self, request: Request) -> dict[str, Any]:
        organization_id, now, database = (
            signed_in_staff(request).organization_id,
            self.office.now(),
            self.office.database,
        )
        files = PersonalFiles(database, self.office.settings.data_dir)
        plan = Retention(database, files).plan(organization_id, now=now)
        with database.read() as session:
            return {
                "days": keeping_of(session, organization_id).days,
                "plan": plan,
                "runs": last_runs(session, organization_id),
            }


def _days(text: str) -> int | None:
    """The days as typed; None where nothing was, and 0, which is out of bounds, of what is no number."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() else 0
