"""Doors: how each one is, live; enrolling one by code or QR. One door has its page in `device.py`."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from access.wire.enrolment import device_fingerprint, enrolment_text
from server.admin.live_page import LivePage
from server.admin.office import in_thread, signed_in_staff
from server.admin.qr import qr_picture
from server.admin.texts import lazy_text, texts
from server.checkins.repository import access_points
from server.devices import repository
from server.devices.hints import Hint, hints_of
from server.devices.lines import DeviceLine
from server.devices.service import check_code, create_enrolment_code
from server.models import AccessPoint
from server.staff.permissions import Permission

__all__ = ["DevicesPage", "centre_version"]


def centre_version() -> str:
    """The version that doors are compared with."""
    try:
        return version("gatehouse")
    except PackageNotFoundError:
        return ""


class DevicesPage(LivePage):
    """`/admin/devices` and what can be done there."""

    menu_label = lazy_text("nav.devices")
    icon = "fa-solid fa-tablet-screen-button"
    path = "/devices"
    route_name = "devices"
    rank = 60
    permission = Permission.DEVICES

    @route("")
    async def index(self, request: Request) -> Response:
        """All doors, those in service first."""
        lines, points = await in_thread(lambda: (self._lines(request), self._points(request)))
        return self.page(request, "office/devices.html", title=self.title(request), lines=lines, points=points)

    @route("/live", name="devices_live")
    async def live(self, request: Request) -> Response:
        """The list anew, whenever something in it changes."""
        return self.live_part(request, "office/_devices.html", lambda: {"lines": self._lines(request)})

    @route("/enrol", methods=["POST"], name="devices_enrol")
    async def enrol(self, request: Request) -> Response:
        """Makes a one-time code and shows it, this once."""
        form = await request.form()
        name, chosen = str(form.get("name", "")).strip()[:200], [str(each) for each in form.getlist("point")]
        made = await in_thread(lambda: self._make_code(request, name, chosen))
        if isinstance(made, str):
            flash(request, texts(signed_in_staff(request).language)(f"devices.{made}"), "error")
            return RedirectResponse(request.url_for("admin:devices"), status_code=303)
        code, code_id, ends_at = made
        return self.page(
            request,
            "office/device_code.html",
            title=self.title(request),
            code=code,
            code_id=code_id,
            name=name,
            ends_at=ends_at,
            picture=qr_picture(enrolment_text(self.office.settings.browser_url, code)),
            device=None,
            is_over=False,
        )

    @route("/enrol/{code_id}", name="devices_enrolled")
    async def enrolled(self, request: Request) -> Response:
        """What became of a code; without the code itself, which was shown once."""
        code_id, staff = request.path_params["code_id"], signed_in_staff(request)

        def read() -> dict[str, Any]:
            with self.office.database.read() as session:
                code = repository.code_in(session, staff.organization_id, code_id)
                if code is None:
                    raise HTTPException(404)
                device = (
                    repository.device_in(session, staff.organization_id, code.device_id) if code.device_id else None
                )
                fingerprint = device_fingerprint(device.secret_hash) if device else ""
                return {
                    "code_id": code_id,
                    "ends_at": code.expires_at,
                    "device": device,
                    "fingerprint": fingerprint,
                    "is_over": code.expires_at <= self.office.now(),
                }

        return self.page(request, "office/_device_code.html", **await in_thread(read))

    def _make_code(self, request: Request, name: str, chosen: list[str]) -> tuple[str, str, datetime] | str:
        staff, now = signed_in_staff(request), self.office.now()
        if not name:
            return "name_missing"
        with self.office.database.write() as session:
            points = [each for each in access_points(session, staff.organization_id) if each.id in chosen]
            if not points or len({each.site_id for each in points}) != 1:
                return "point_missing"
            code = create_enrolment_code(
                session,
                staff.organization_id,
                points[0].site_id,
                name,
                [each.id for each in points],
                staff.staff_id,
                now=now,
            )
            session.flush()
            row = check_code(session, code, now=now)
            return code, row.id, row.expires_at

    def _lines(self, request: Request) -> list[tuple[DeviceLine, list[Hint]]]:
        organization_id, now = signed_in_staff(request).organization_id, self.office.now()
        with self.office.database.read() as session:
            devices = repository.devices_in(session, organization_id)
            marks = repository.marks_of(session, [each.id for each in devices])
        lines = [DeviceLine(each, marks.get(each.id), now) for each in devices]
        return [(each, hints_of(each, centre_version=centre_version())) for each in lines]

    def _points(self, request: Request) -> list[AccessPoint]:
        with self.office.database.read() as session:
            return access_points(session, signed_in_staff(request).organization_id)
