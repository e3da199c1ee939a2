"""What if: an access point's settings as a draft, replayed over the real scans of the last days before publishing.

The settings are the access point's own form; its buttons that add, remove and move rows work here as they do there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from server.access_points import service
from server.access_points.form import Document, filled, policy_of, read
from server.access_points.rows import FRESH
from server.access_points.service import Opened, SavedMeanwhile
from server.access_points.values import Problems, Values, changed, values_of
from server.admin.explaining import Telling
from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.admin.pages.access_point import form_context
from server.admin.texts import lazy_text, texts
from server.checkins import repository
from server.checkins.repository import Face
from server.errors import NotFound
from server.explain.replay import MAX_SCANS, MAX_TURNED, WhatIf, what_if
from server.staff.permissions import Permission

__all__ = ["CHOICES_OF_DAYS", "WhatIfPage"]

CHOICES_OF_DAYS: Final = (1, 7, 14, 30, 90)
_DEFAULT_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class _Draft:
    """The form as it came."""

    values: Values
    action: str
    seen: str
    days: int


class WhatIfPage(OfficePage):
    """`/admin/what-if?pk=<access point>`."""

    menu_label = lazy_text("what_if.title")
    path = "/what-if"
    route_name = "what_if"
    permission = Permission.ACCESS_POINTS
    add_to_menu = False

    @route("", methods=["GET", "POST"])
    async def index(self, request: Request) -> Response:
        """The saved settings to begin with; then a draft, tried or published."""
        point_id = request.query_params.get("pk", "")
        opened = await in_thread(lambda: self._open(request, point_id))
        if request.method == "GET":
            language = signed_in_staff(request).language
            return self._show(request, opened, filled(policy_of(opened.document), language))
        draft = _sent(values_of((await request.form()).multi_items()))
        opened = replace(opened, version=draft.seen)
        if draft.action not in ("", "try", "publish"):
            after = changed(draft.values, draft.action, FRESH)
            if after is None:
                raise HTTPException(400)
            return self._show(request, opened, after, days=draft.days)
        reading = read(draft.values, opened.choices, opened.document)
        if reading.document is None:
            return self._show(request, opened, draft.values, days=draft.days, problems=reading.problems, status=422)
        if draft.action == "publish":
            return await self._publish(request, opened, draft, reading.document)
        return await self._try(request, opened, draft, reading.document)

    async def _try(self, request: Request, opened: Opened, draft: _Draft, document: Document) -> Response:
        result, faces = await in_thread(lambda: self._replay(request, opened, document, draft.days))
        is_same = opened.in_force is not None and document == opened.in_force.document
        return self._show(
            request, opened, draft.values, days=draft.days, result=result, faces_of=faces, is_same=is_same
        )

    async def _publish(self, request: Request, opened: Opened, draft: _Draft, document: Document) -> Response:
        """Saves the draft as the access point's own page would, and never over what somebody saved meanwhile."""
        staff = signed_in_staff(request)
        try:
            await in_thread(
                lambda: service.save(
                    self.office.database,
                    staff.organization_id,
                    opened.id,
                    place=opened.place,
                    document=document,
                    seen=draft.seen,
                    staff_id=staff.staff_id,
                    now=self.office.now(),
                )
            )
        except NotFound as error:
            raise HTTPException(404) from error
        except SavedMeanwhile:
            saved = await in_thread(lambda: self._open(request, opened.id))
            return self._show(request, saved, draft.values, days=draft.days, is_meanwhile=True, status=409)
        flash(request, texts(staff.language)("what_if.published"), "success")
        target = request.url_for("admin:access_point_edit").path
        return RedirectResponse(f"{target}?{urlencode({'pk': opened.id})}", status_code=303)

    def _open(self, request: Request, point_id: str) -> Opened:
        organization_id = signed_in_staff(request).organization_id
        try:
            return service.opened(self.office.database, organization_id, point_id, now=self.office.now())
        except NotFound as error:
            raise HTTPException(404) from error

    def _replay(
        self, request: Request, opened: Opened, document: Document, days: int
    ) -> tuple[WhatIf, dict[str, Face]]:
        organization_id, until = signed_in_staff(request).organization_id, self.office.now()
        since = until - timedelta(days=days)
        with self.office.database.read() as session:
            result = what_if(session, organization_id, opened.id, policy_of(document), since, until)
            people = {each.person_id for each in result.turned if each.person_id}
            return result, repository.faces(session, organization_id, people)

    def _show(
        self,
        request: Request,
        opened: Opened,
        values: Values,
        *,
        days: int = _DEFAULT_DAYS,
        problems: Problems | None = None,
        status: int = 200,
        result: WhatIf | None = None,
        **more: Any,
    ) -> Response:
        staff = signed_in_staff(request)
        return self.page(
            request,
            "office/what_if.html",
            status=status,
            title=self.title(request),
            opened=opened,
            name=opened.place.name.in_language(staff.language),
            replay_days=days,
            choices_of_days=CHOICES_OF_DAYS,
            result=result,
            telling=Telling(self.office.say(staff)),
            most_scans=MAX_SCANS,
            most_turned=MAX_TURNED,
            **form_context(values, problems or {}, opened.choices, staff.language),
            **more,
        )


def _sent(values: Values) -> _Draft:
    row, act, seen, days = (values.pop(name, [""])[0] for name in ("do", "act", "seen", "replay_days"))
    chosen = int(days) if days.isascii() and days.isdigit() and len(days) < 4 else _DEFAULT_DAYS
    return _Draft(values, row or act, seen, chosen if chosen in CHOICES_OF_DAYS else _DEFAULT_DAYS)
