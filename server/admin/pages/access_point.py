"""An access point's own page: every setting in the four groups, kept as a draft or published.

Buttons that add, remove and move rows are the form's own: the server answers with the form as it was typed, changed
so, and saves nothing. `office/access_point.js` does the same in the browser when it has arrived.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from babel.dates import get_day_names
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from access.domain import policy as law
from access.domain.instants import ALL_DAYS
from server.access_points import service
from server.access_points.choices import Choices
from server.access_points.fields import UNITS
from server.access_points.form import Reading, differing, filled, policy_of, read
from server.access_points.rows import DATED, FRESH
from server.access_points.service import Opened, Place, SavedMeanwhile, Settled
from server.access_points.values import Form, Problems, Values, changed, values_of
from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.admin.rules_in_words import changes
from server.admin.say import LOCALES
from server.admin.texts import lazy_text, texts
from server.errors import NotFound
from server.staff.permissions import Permission
from server.staff.repository import staff_names

__all__ = ["AccessPointPage", "edit_url", "form_context"]

_ENDINGS = ("", "save", "draft")


def form_context(values: Values, problems: Problems, choices: Choices, language: str) -> dict[str, Any]:
    """What `office/access_point/_settings.html` needs; for every page that shows these settings as a form."""
    short, full = (get_day_names(width, locale=LOCALES[language]) for width in ("abbreviated", "wide"))
    return {
        "form": Form(values, problems),
        "choices": choices,
        "days": [(str(day), short[day - 1].rstrip("."), full[day - 1]) for day in ALL_DAYS],
        "law": law,
        "dated": [each.value for each in DATED],
        "units": UNITS,
        "fresh_rows": {kind: Form(_fresh(kind)) for kind in FRESH},
        "empty_form": Form({}),
    }


def _fresh(kind: str) -> Values:
    """The values of a new row, under the names that the browser replaces."""
    row = f"{'__list__' if kind == 'hours' else kind}.__key__"
    return {f"{row}.{name}": values for name, values in FRESH[kind].items()}


@dataclass(frozen=True, slots=True)
class _Sent:
    """A form as it came."""

    values: Values
    place: Place
    reading: Reading
    problems: Problems
    seen: str
    is_draft: bool


class AccessPointPage(OfficePage):
    """Takes the place of starlette-admin's pages for one access point; the list stays its own."""

    menu_label = lazy_text("nav.access_points")
    path = "/access-point"
    route_name = "access_point"
    permission = Permission.ACCESS_POINTS
    add_to_menu = False

    @route("/detail", name="access_point_detail")
    async def detail(self, request: Request) -> Response:
        """The settings are their own description."""
        return RedirectResponse(edit_url(request, request.query_params.get("pk", "")), status_code=303)

    @route("/create", methods=["GET", "POST"], name="access_point_create")
    async def create(self, request: Request) -> Response:
        """A new access point."""
        staff, now = signed_in_staff(request), self.office.now()
        opened = await in_thread(lambda: service.start(self.office.database, staff.organization_id, now=now))
        if request.method == "GET":
            return self._show(request, opened, self._fill(request, opened))
        return await self._sent(request, opened)

    @route("/edit", methods=["GET", "POST"], name="access_point_edit")
    async def edit(self, request: Request) -> Response:
        """The saved settings, and saving others."""
        opened = await self._open(request, request.query_params.get("pk", ""))
        if request.method == "GET":
            return self._show(request, opened, self._fill(request, opened))
        return await self._sent(request, opened)

    async def _open(self, request: Request, point_id: str) -> Opened:
        organization_id, now = signed_in_staff(request).organization_id, self.office.now()
        try:
            return await in_thread(lambda: service.opened(self.office.database, organization_id, point_id, now=now))
        except NotFound as error:
            raise HTTPException(404) from error

    def _fill(self, request: Request, opened: Opened) -> Values:
        language = signed_in_staff(request).language
        return {**filled(policy_of(opened.document), language), **service.place_values(opened.place)}

    async def _sent(self, request: Request, opened: Opened) -> Response:
        values = values_of((await request.form()).multi_items())
        action, seen = (values.pop(name, [""])[0] for name in ("do", "seen"))
        if action == "discard" and opened.id:
            return await self._discard(request, opened, seen)
        if action not in _ENDINGS:
            after = changed(values, action, FRESH)
            if after is None:
                raise HTTPException(400)
            return self._show(request, replace(opened, version=seen), after, is_unsaved=True)
        place, problems = service.read_place(values, opened.choices)
        reading = read(values, opened.choices, opened.document)
        is_draft = action == "draft" and bool(opened.id)
        sent = _Sent(values, place, reading, {**problems, **reading.problems}, seen, is_draft)
        return await self._save(request, opened, sent)

    async def _save(self, request: Request, opened: Opened, sent: _Sent) -> Response:
        if sent.problems or sent.reading.document is None:
            shown = replace(opened, version=sent.seen)
            return self._show(request, shown, sent.values, problems=sent.problems, is_unsaved=True, status=422)
        try:
            point_id = await in_thread(lambda: self._write(request, opened, sent))
        except NotFound as error:
            raise HTTPException(404) from error
        except SavedMeanwhile:
            return await self._meanwhile(request, opened.id, sent)
        done = "point.draft_saved" if sent.is_draft else "point.saved"
        flash(request, texts(signed_in_staff(request).language)(done), "success")
        return RedirectResponse(edit_url(request, point_id), status_code=303)

    def _write(self, request: Request, opened: Opened, sent: _Sent) -> str:
        database, staff, now = self.office.database, signed_in_staff(request), self.office.now()
        document = sent.reading.document or {}
        by: dict[str, Any] = {"place": sent.place, "document": document, "staff_id": staff.staff_id, "now": now}
        if not opened.id:
            return service.create(database, staff.organization_id, **by)
        write = service.save_draft if sent.is_draft else service.save
        write(database, staff.organization_id, opened.id, seen=sent.seen, **by)
        return opened.id

    async def _discard(self, request: Request, opened: Opened, seen: str) -> Response:
        """Drops the draft that was seen; one that somebody else wrote meanwhile is shown instead."""
        staff = signed_in_staff(request)
        try:
            await in_thread(
                lambda: service.discard_draft(self.office.database, staff.organization_id, opened.id, seen=seen)
            )
        except SavedMeanwhile:
            flash(request, texts(staff.language)("point.draft_meanwhile"), "error")
        else:
            flash(request, texts(staff.language)("point.draft_discarded"), "success")
        return RedirectResponse(edit_url(request, opened.id), status_code=303)

    def _drafted_by(self, organization_id: str, staff_id: str | None) -> str:
        if staff_id is None:
            return ""
        with self.office.database.read() as session:
            return staff_names(session, organization_id, {staff_id}).get(staff_id, "")

    async def _meanwhile(self, request: Request, point_id: str, sent: _Sent) -> Response:
        """Shows what was typed, says what is saved differently; saving again means it."""
        now_saved = await self._open(request, point_id)
        names = differing(policy_of(sent.reading.document or {}), policy_of(now_saved.document))
        if now_saved.place != sent.place:
            names = ["name", *names]
        return self._show(request, now_saved, sent.values, meanwhile=names, is_unsaved=True, status=409)

    def _show(
        self,
        request: Request,
        opened: Opened,
        values: Values,
        *,
        problems: Problems | None = None,
        meanwhile: list[str] | None = None,
        is_unsaved: bool = False,
        status: int = 200,
    ) -> Response:
        staff = signed_in_staff(request)
        name = opened.place.name.in_language(staff.language) or texts(staff.language)("point.new")
        context = form_context(values, problems or {}, opened.choices, staff.language)
        draft, in_force, drafted = opened.draft, opened.in_force, Settled(opened.place, opened.document)
        if draft is not None and in_force is not None:
            say = self.office.say(staff)
            context["differs"] = changes(in_force, drafted, choices=opened.choices, say=say)
            context["drafted_by"] = self._drafted_by(staff.organization_id, draft.by)
        return self.page(
            request,
            "office/access_point.html",
            status=status,
            title=name,
            opened=opened,
            meanwhile=meanwhile,
            is_unsaved=is_unsaved,
            **context,
        )


def edit_url(request: Request, point_id: str) -> str:
    """Where an access point's page is."""
    return f"{request.url_for('admin:access_point_edit').path}?{urlencode({'pk': point_id})}"
