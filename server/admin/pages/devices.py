"""Doors: the state each one reports, how many of its events are recorded, enrolling one, revoking one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.admin.texts import lazy_text, texts
from server.checkins.repository import access_points
from server.devices.service import CODE_LIFETIME, create_enrolment_code, revoke
from server.errors import NotFound
from server.models import AccessPoint, Device, DeviceMark
from server.staff.permissions import Permission

__all__ = ["DeviceLine", "DevicesPage"]


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """A door with what it last said of itself, and the mark of what is recorded of it."""

    device: Device
    mark: DeviceMark | None

    @property
    def said(self) -> dict[str, Any]:
        """Its last state document; empty before the first."""
        return self.device.last_state or {}

    @property
    def state(self) -> str:
        """One of revoked, never, connected, offline."""
        if self.device.revoked_at is not None:
            return "revoked"
        if not self.said:
            return "never"
        return "connected" if self.said.get("connection") == "online" else "offline"

    @property
    def recorded(self) -> int:
        """How many of its events are here."""
        if self.mark is None:
            return 0
        return self.mark.through_seq + sum(last - first + 1 for first, last in self.mark.ranges)

    @property
    def made(self) -> int:
        """How many it made, as far as anyone has heard."""
        heard = self.said.get("last_seq")
        return max(heard if isinstance(heard, int) else 0, self.mark.max_seq if self.mark else 0, self.recorded)

    @property
    def last_scan_at(self) -> datetime | None:
        """When somebody last presented something there."""
        text = self.said.get("last_scan_at")
        return datetime.fromisoformat(text) if isinstance(text, str) else None


class DevicesPage(OfficePage):
    """`/admin/devices` and what can be done there."""

    menu_label = lazy_text("nav.devices")
    icon = "fa-solid fa-tablet-screen-button"
    path = "/devices"
    route_name = "devices"
    permission = Permission.DEVICES

    @route("")
    async def index(self, request: Request) -> Response:
        """All doors, those in service first."""
        lines, points = await in_thread(lambda: self._read(request))
        return self.page(request, "office/devices.html", title=self.title(request), lines=lines, points=points)

    @route("/enrol", methods=["POST"], name="devices_enrol")
    async def enrol(self, request: Request) -> Response:
        """Makes a one-time code and shows it, this once."""
        form = await request.form()
        name, chosen = str(form.get("name", "")).strip()[:200], [str(each) for each in form.getlist("point")]
        code, problem = await in_thread(lambda: self._make_code(request, name, chosen))
        if code is None:
            flash(request, texts(signed_in_staff(request).language)(f"devices.{problem}"), "error")
            return RedirectResponse(request.url_for("admin:devices"), status_code=303)
        ends_at = self.office.now() + CODE_LIFETIME
        return self.page(
            request, "office/device_code.html", title=self.title(request), code=code, name=name, ends_at=ends_at
        )

    @route("/{device_id}/revoke", methods=["POST"], name="devices_revoke")
    async def revoke(self, request: Request) -> Response:
        """Shuts a door out."""
        device_id, staff = request.path_params["device_id"], signed_in_staff(request)
        try:
            await in_thread(lambda: self._revoke(staff.organization_id, device_id))
        except NotFound as error:
            raise HTTPException(404) from error
        flash(request, texts(staff.language)("devices.revoked_done"), "success")
        return RedirectResponse(request.url_for("admin:devices"), status_code=303)

    def _revoke(self, organization_id: str, device_id: str) -> None:
        with self.office.database.write() as session:
            revoke(session, organization_id, device_id, now=self.office.now())

    def _make_code(self, request: Request, name: str, chosen: list[str]) -> tuple[str | None, str]:
        staff = signed_in_staff(request)
        if not name:
            return None, "name_missing"
        with self.office.database.write() as session:
            points = [each for each in access_points(session, staff.organization_id) if each.id in chosen]
            if not points or len({each.site_id for each in points}) != 1:
                return None, "point_missing"
            code = create_enrolment_code(
                session,
                staff.organization_id,
                points[0].site_id,
                name,
                [each.id for each in points],
                staff.staff_id,
                now=self.office.now(),
            )
        return code, ""

    def _read(self, request: Request) -> tuple[list[DeviceLine], list[AccessPoint]]:
        organization_id = signed_in_staff(request).organization_id
        with self.office.database.read() as session:
            return _lines(session, organization_id), access_points(session, organization_id)


def _lines(session: Session, organization_id: str) -> list[DeviceLine]:
    wanted = select(Device).where(Device.organization_id == organization_id)
    wanted = wanted.options(joinedload(Device.site), selectinload(Device.access_points))
    devices = session.scalars(wanted.order_by(Device.revoked_at.is_not(None), Device.name, Device.id)).all()
    marks = select(DeviceMark).where(DeviceMark.device_id.in_([each.id for each in devices]))
    by_device = {mark.device_id: mark for mark in session.scalars(marks)}
    return [DeviceLine(each, by_device.get(each.id)) for each in devices]
