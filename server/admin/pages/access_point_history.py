"""What an access point's rules were: every published version, who and when, in what two differ, and bringing one back.

What is brought back becomes a draft: nothing changes at a door before it is published.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from access.domain.people import Text
from server.access_points import repository, service
from server.access_points.choices import Choices, choices_of
from server.access_points.service import Place, SavedMeanwhile, Settled
from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.admin.pages.access_point import edit_url
from server.admin.rules_in_words import Change, changes
from server.admin.say import Say
from server.admin.texts import lazy_text, texts
from server.errors import NotFound
from server.models import AccessPointVersion
from server.staff.permissions import Permission
from server.staff.repository import staff_names

__all__ = ["AccessPointHistoryPage"]


@dataclass(frozen=True, slots=True)
class _Line:
    """A version as the page lists it. `changes` are those since the one before; None for the first."""

    number: int
    who: str
    at: datetime
    is_first_kept: bool
    changes: list[Change] | None


class AccessPointHistoryPage(OfficePage):
    """`/admin/access-point-history?pk=<access point>`."""

    menu_label = lazy_text("history.link")
    path = "/access-point-history"
    route_name = "access_point_history"
    permission = Permission.ACCESS_POINTS
    add_to_menu = False

    @route("")
    async def index(self, request: Request) -> Response:
        """Every version, the newest first; with `from` and `to` the difference between two."""
        shown = await in_thread(lambda: self._read(request))
        return self.page(request, "office/access_point_history.html", title=self.title(request), **shown)

    @route("/restore", methods=["POST"], name="access_point_restore")
    async def restore(self, request: Request) -> Response:
        """Makes a draft of a version, and shows it."""
        form, point_id = await request.form(), request.query_params.get("pk", "")
        number, seen = str(form.get("number", "")), str(form.get("seen", ""))
        if not (number.isascii() and number.isdigit() and len(number) < 7):
            raise HTTPException(400)
        staff = signed_in_staff(request)
        try:
            await in_thread(lambda: self._restore(request, point_id, int(number), seen))
        except NotFound as error:
            raise HTTPException(404) from error
        except SavedMeanwhile:
            flash(request, texts(staff.language)("point.draft_meanwhile"), "error")
        else:
            flash(request, texts(staff.language)("history.restored"), "success")
        return RedirectResponse(edit_url(request, point_id), status_code=303)

    def _restore(self, request: Request, point_id: str, number: int, seen: str) -> None:
        staff, now = signed_in_staff(request), self.office.now()
        service.restore(
            self.office.database,
            staff.organization_id,
            point_id,
            number,
            seen=seen,
            staff_id=staff.staff_id,
            now=now,
        )

    def _read(self, request: Request) -> dict[str, Any]:
        staff, query = signed_in_staff(request), request.query_params
        organization_id, point_id, now = staff.organization_id, query.get("pk", ""), self.office.now()
        try:
            opened = service.opened(self.office.database, organization_id, point_id, now=now)
        except NotFound as error:
            raise HTTPException(404) from error
        with self.office.database.read() as session:
            versions = repository.versions(session, organization_id, point_id)
            names = staff_names(session, organization_id, {each.published_by for each in versions if each.published_by})
            choices = choices_of(session, organization_id, now=now)
        say, in_force = self.office.say(staff), opened.in_force or Settled(opened.place, opened.document)
        site_id = in_force.place.site_id
        newest = versions[0].number if versions else 0
        asked = {"from": _number(query.get("from"), max(1, newest - 1)), "to": _number(query.get("to"), newest)}
        return {
            "point_id": point_id,
            "name": in_force.place.name.in_language(staff.language),
            "version": opened.version,
            "lines": _lines(versions, names, site_id, choices, say),
            "asked": asked,
            "compared": _compared(versions, asked, site_id, choices, say) if "from" in query else None,
        }


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else otherwise


def _settled(version: AccessPointVersion, site_id: str) -> Settled:
    """A version keeps no site: moving a door is no change of its rules."""
    return Settled(Place(Text(version.name_en, version.name_fr), site_id), version.settings)


def _lines(
    versions: list[AccessPointVersion], names: dict[str, str], site_id: str, choices: Choices, say: Say
) -> list[_Line]:
    lines = []
    for place, each in enumerate(versions):
        before = versions[place + 1] if place + 1 < len(versions) else None
        differs = (
            changes(_settled(before, site_id), _settled(each, site_id), choices=choices, say=say) if before else None
        )
        is_first_kept = before is None and each.published_by is None
        lines.append(
            _Line(each.number, names.get(each.published_by or "", ""), each.published_at, is_first_kept, differs)
        )
    return lines


def _compared(
    versions: list[AccessPointVersion], asked: dict[str, int], site_id: str, choices: Choices, say: Say
) -> list[Change]:
    by_number = {each.number: each for each in versions}
    one, other = by_number.get(asked["from"]), by_number.get(asked["to"])
    if one is None or other is None:
        raise HTTPException(404)
    return changes(_settled(one, site_id), _settled(other, site_id), choices=choices, say=say)
