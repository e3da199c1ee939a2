"""The Access points report: charts to look at, counts grouped by anything, and every row with the columns chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette_admin.routing import route

from access.domain.instants import ALL_DAYS
from access.domain.policy import AccessType
from server.access_points.repository import points
from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.admin.report_charts import charts, group_name, shades
from server.admin.report_export import cells, report_csv, report_file_name, report_xlsx
from server.admin.say import Say
from server.admin.texts import lazy_text
from server.checkins.activity import Cursor
from server.checkins.repository import access_point_names
from server.db import Database
from server.exports.xlsx import MEDIA_TYPE
from server.reports import service
from server.reports.wanted import COLUMNS, GroupBy, Period, Wanted, What, columns_of
from server.staff.permissions import Permission

__all__ = ["ReportPage"]

_SHOWN_ROWS: Final = 50
_COLUMNS_COOKIE: Final = "report_columns"
_A_YEAR_S: Final = 365 * 86_400


class ReportPage(OfficePage):
    """`/admin/report` and its files. The chosen columns stay in the browser for the next time."""

    menu_label = lazy_text("report.title")
    icon = "fa-solid fa-chart-column"
    path = "/report"
    route_name = "report"
    permission = Permission.REPORTS

    @route("")
    async def index(self, request: Request) -> Response:
        """The charts, the groups and the newest rows of what was asked for."""
        shown = await in_thread(lambda: self._read(request))
        answer = self.page(
            request,
            "office/report.html",
            title=self.title(request),
            periods=Period,
            whats=What,
            pass_types=AccessType,
            group_bys=GroupBy,
            every_column=COLUMNS,
            cells=cells,
            **shown,
        )
        if "column" in request.query_params:
            path = request.url_for("admin:report").path
            chosen = ".".join(shown["columns"])
            answer.set_cookie(_COLUMNS_COOKIE, chosen, max_age=_A_YEAR_S, path=path, httponly=True, samesite="lax")
        return answer

    @route(".csv", name="report_csv")
    async def csv(self, request: Request) -> Response:
        """Every row, as a CSV file."""
        return self._file(request, report_csv, "csv", "text/csv; charset=utf-8")

    @route(".xlsx", name="report_xlsx")
    async def xlsx(self, request: Request) -> Response:
        """Every row, as a workbook."""
        return self._file(request, report_xlsx, "xlsx", MEDIA_TYPE)

    def _file(
        self,
        request: Request,
        chunks: Callable[[Database, str, Wanted, tuple[str, ...], Say, bool], Iterator[bytes]],
        extension: str,
        media_type: str,
    ) -> Response:
        staff = signed_in_staff(request)
        say, wanted = self.office.say(staff), self._wanted(request)
        name = report_file_name(wanted, say, extension)
        body = chunks(
            self.office.database, staff.organization_id, wanted, _columns(request), say, _is_oldest_first(request)
        )
        return StreamingResponse(
            body, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
        )

    def _wanted(self, request: Request) -> Wanted:
        today = self.office.say(signed_in_staff(request)).today
        return Wanted.parse(request.query_params.multi_items(), today=today)

    def _read(self, request: Request) -> dict[str, Any]:
        staff, asked = signed_in_staff(request), request.query_params
        say, wanted, database = self.office.say(staff), self._wanted(request), self.office.database
        organization_id, zone = staff.organization_id, staff.zone
        is_oldest_first, columns = _is_oldest_first(request), _columns(request)
        by = GroupBy(asked["group"]) if asked.get("group") in set(GroupBy) else None
        day = _day_within(asked.get("day"), wanted)
        found = service.figures(database, organization_id, wanted, zone=zone, now=say.now, day=day)
        grouped = (
            service.groups(database, organization_id, wanted, by, found=found, zone=zone, today=say.today) if by else []
        )
        page = service.page(
            database,
            organization_id,
            wanted,
            zone=zone,
            after=Cursor.parse(asked.get("after")),
            is_oldest_first=is_oldest_first,
            limit=_SHOWN_ROWS,
        )
        with database.read() as session:
            every_point = points(session, organization_id)
            seen = {each for each, _ in found.by_point}
            named = access_point_names(session, organization_id, seen)
        names = {id_: text.in_language(say.language) for id_, text in named.items()}
        if by in (GroupBy.DAY, GroupBy.HOUR, GroupBy.WEEKDAY) and asked.get("by") == "number":
            grouped = sorted(grouped, key=lambda each: -each.number)
        base = [*wanted.query(), *(("column", each) for each in columns)]
        base += [("group", by.value)] if by else []
        base += [("day", day.isoformat())] if day else []
        ordered = [*base, ("order", "oldest")] if is_oldest_first else base
        return {
            "wanted": wanted,
            "found": found,
            "charts": charts(found, names, say),
            "heat_shades": shades(found.heat),
            "weekdays": [group_name(GroupBy.WEEKDAY, each, names, say) for each in ALL_DAYS],
            "by": by,
            "groups": [(group_name(by, each.key, names, say), each.number) for each in grouped] if by else [],
            "page": page,
            "traits": service.traits_of(database, organization_id, page),
            "points": [each for each in every_point if each.archived_at is None or each.id in wanted.point_ids],
            "columns": columns,
            "is_oldest_first": is_oldest_first,
            "links": {
                "files": urlencode(ordered),
                "next": urlencode([*ordered, ("after", str(page.next))]) if page.next else None,
                "first": urlencode(ordered) if "after" in asked else None,
                "turned": urlencode(base if is_oldest_first else [*base, ("order", "oldest")]),
                "by_number": urlencode([*base, ("by", "number")]),
                "by_key": urlencode(base),
            },
        }


def _columns(request: Request) -> tuple[str, ...]:
    """Those of the link, else those of the last time."""
    asked = request.query_params.getlist("column")
    return columns_of(asked or request.cookies.get(_COLUMNS_COOKIE, "").split("."))


def _is_oldest_first(request: Request) -> bool:
    return request.query_params.get("order") == "oldest"


def _day_within(text: str | None, wanted: Wanted) -> date | None:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if wanted.first_on <= day <= wanted.last_on else None
