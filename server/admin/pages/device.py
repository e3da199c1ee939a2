"""One door: how it is, what is recorded of it, what it is asked to do, and its end. A door is never deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from access.wire.commands import CommandKind
from server.admin.alarm_words import kind_in_words
from server.admin.live_page import LivePage
from server.admin.office import in_thread, signed_in_staff, whose
from server.admin.pages.devices import centre_version
from server.admin.texts import Texts, texts
from server.checkins.activity import ActivityRow, names_of
from server.checkins.repository import access_points
from server.devices import commands, repository
from server.devices.hints import hints_of
from server.devices.lines import DeviceLine
from server.devices.service import change
from server.errors import NotFound
from server.leases.repository import leases_of_device
from server.leases.service import write_off
from server.staff.permissions import Permission
from server.staff.repository import staff_in

__all__ = ["DevicePage"]

_SCANS = 8
_ASKED = (CommandKind.REFRESH, CommandKind.RESTART, CommandKind.WIPE)


class DevicePage(LivePage):
    """`/admin/devices/{device_id}` and what can be done with one door."""

    path = "/devices/{device_id}"
    route_name = "device"
    permission = Permission.DEVICES
    add_to_menu = False

    @route("")
    async def index(self, request: Request) -> Response:
        """The whole page."""
        shown = await in_thread(lambda: self._read(request))
        return self.page(
            request,
            "office/device.html",
            title=shown["line"].device.name,
            asked=[each.value for each in _ASKED],
            **shown,
        )

    @route("/live", name="device_live")
    async def live(self, request: Request) -> Response:
        """What changes on it, whenever it does."""
        await in_thread(lambda: self._read(request))
        return self.live_part(request, "office/_device.html", lambda: self._read(request))

    @route("/edit", methods=["POST"], name="device_edit")
    async def edit(self, request: Request) -> Response:
        """Its name and its access points."""
        form = await request.form()
        name, points = str(form.get("name", "")).strip()[:200], [str(each) for each in form.getlist("point")]
        if not name or not points:
            flash(
                request, self._texts(request)("devices.name_missing" if not name else "devices.point_missing"), "error"
            )
            return self._back(request)
        return await self._do(
            request,
            "device.saved",
            lambda session, organization_id, device_id: change(
                session, organization_id, device_id, name=name, points=points
            ),
        )

    @route("/command", methods=["POST"], name="device_command")
    async def command(self, request: Request) -> Response:
        """Asks it to refresh, restart or wipe."""
        form = await request.form()
        kind = next((each for each in _ASKED if each == form.get("kind")), None)
        if kind is None:
            raise HTTPException(404)
        staff_id = signed_in_staff(request).staff_id

        def issue(session: Session, organization_id: str, device_id: str) -> None:
            commands.issue(session, organization_id, device_id, kind, staff_id=staff_id, now=self.office.now())

        return await self._do(request, f"device_asked.{kind}", issue)

    @route("/revoke", methods=["POST"], name="devices_revoke")
    async def revoke(self, request: Request) -> Response:
        """Shuts it out and has it wipe itself."""
        staff_id = signed_in_staff(request).staff_id

        def end(session: Session, organization_id: str, device_id: str) -> None:
            commands.end_door(session, organization_id, device_id, staff_id=staff_id, now=self.office.now())

        return await self._do(request, "devices.revoked_done", end)

    @route("/write-off", methods=["POST"], name="device_write_off")
    async def write_off(self, request: Request) -> Response:
        """Shuts it out and takes back what it was lent: it will never be heard of again."""
        staff_id = signed_in_staff(request).staff_id

        def end(session: Session, organization_id: str, device_id: str) -> None:
            commands.end_door(session, organization_id, device_id, staff_id=staff_id, now=self.office.now())
            write_off(session, organization_id, device_id, now=self.office.now())

        return await self._do(request, "device.written_off_done", end)

    async def _do(self, request: Request, said: str, act: Callable[[Session, str, str], None]) -> Response:
        organization_id, device_id = whose(request, "device_id")

        def work() -> None:
            with self.office.database.write() as session:
                if repository.device_in(session, organization_id, device_id) is None:
                    raise NotFound(device_id)
                act(session, organization_id, device_id)

        try:
            await in_thread(work)
        except NotFound as error:
            raise HTTPException(404) from error
        flash(request, self._texts(request)(said), "success")
        return self._back(request)

    def _back(self, request: Request) -> Response:
        return RedirectResponse(
            request.url_for("admin:device", device_id=request.path_params["device_id"]), status_code=303
        )

    def _texts(self, request: Request) -> Texts:
        return texts(signed_in_staff(request).language)

    def _read(self, request: Request) -> dict[str, Any]:
        organization_id, device_id = whose(request, "device_id")
        with self.office.database.read() as session:
            device = repository.device_in(session, organization_id, device_id)
            if device is None:
                raise HTTPException(404)
            line = DeviceLine(device, repository.marks_of(session, [device_id]).get(device_id), self.office.now())
            events = repository.newest_events(session, device_id, _SCANS)
            subjects = [device_id, *(each.id for each in device.access_points)]
            lent = leases_of_device(session, device_id)
            return {
                "line": line,
                "hints": hints_of(line, centre_version=centre_version()),
                "rows": [ActivityRow(each) for each in events],
                "names": names_of(session, organization_id, events),
                "alarms": [
                    (each, kind_in_words(each.kind, self._texts(request)))
                    for each in repository.open_alarms_about(session, organization_id, subjects)
                ],
                "commands": repository.commands_of(session, device_id),
                "staff_names": {each.id: each.name for each in staff_in(session, organization_id)},
                "points": [each for each in access_points(session, organization_id) if each.site_id == device.site_id],
                "lent": sum(each.count for each in lent),
                "centre_version": centre_version(),
            }
