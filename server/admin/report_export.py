"""The report's rows in words: on the page, as CSV and as a workbook, with the columns that were chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import structlog

from server.admin.say import Say
from server.checkins.activity import ActivityRow, Names
from server.checkins.csv_export import csv_chunks, file_name
from server.db import Database
from server.exports.xlsx import Cell, xlsx_chunks
from server.feed.projection import age_group
from server.reports.repository import Traits
from server.reports.service import all_rows, traits_of
from server.reports.wanted import Wanted

__all__ = ["cells", "report_csv", "report_file_name", "report_xlsx"]

_log = structlog.get_logger(__name__)


def report_file_name(wanted: Wanted, say: Say, extension: str) -> str:
    """ "entries-2026-11-01-2026-11-21.csv": what, and which days."""
    days = (wanted.first_on.isoformat(), wanted.last_on.isoformat())
    return file_name(say.t(f"report_what.{wanted.what}"), *days, extension=extension)


def report_csv(
    database: Database, organization_id: str, wanted: Wanted, columns: tuple[str, ...], say: Say, is_oldest_first: bool
) -> Iterator[bytes]:
    """The CSV file, in chunks as rows are read."""
    rows = _rows(database, organization_id, wanted, columns, say, is_oldest_first=is_oldest_first)
    return csv_chunks(_header(columns, say), ([_as_text(each) for each in row] for row in rows))


def report_xlsx(
    database: Database, organization_id: str, wanted: Wanted, columns: tuple[str, ...], say: Say, is_oldest_first: bool
) -> Iterator[bytes]:
    """The workbook: real dates, of the local clock."""
    rows = _rows(database, organization_id, wanted, columns, say, is_oldest_first=is_oldest_first)
    return xlsx_chunks(_header(columns, say), rows, title=say.t("report.title"))


def cells(
    row: ActivityRow, columns: tuple[str, ...], names: Names, traits: Mapping[str, Traits], say: Say
) -> list[Cell]:
    """One row, a cell a column."""
    return [_cell(each, row, names, traits, say) for each in columns]


def _header(columns: tuple[str, ...], say: Say) -> list[str]:
    return [say.t(f"report_column.{each}") for each in columns]


def _rows(
    database: Database,
    organization_id: str,
    wanted: Wanted,
    columns: tuple[str, ...],
    say: Say,
    *,
    is_oldest_first: bool,
) -> Iterator[list[Cell]]:
    for page in all_rows(database, organization_id, wanted, zone=say.zone, is_oldest_first=is_oldest_first):
        has_traits = "age_group" in columns or "city" in columns
        traits = traits_of(database, organization_id, page) if has_traits else {}
        for row in page.rows:
            try:
                yield cells(row, columns, page.names, traits, say)
            except Exception as error:
                # Half a file would be taken for a whole one: the row stays, with what is certain.
                _log.error("export_row_failed", event_id=row.event.id, error=type(error).__name__)
                yield [row.event.occurred_at if each == "time" else "" for each in columns]


def _cell(column: str, row: ActivityRow, names: Names, traits: Mapping[str, Traits], say: Say) -> Cell:
    event = row.event
    if column in ("participant", "member_id"):
        who = names.people.get(event.person_id or "")
        return (who.name if column == "participant" else who.member_id) if who else ""
    if column in ("age_group", "city"):
        known = traits.get(event.person_id or "")
        if known is None:
            return ""
        return known.city if column == "city" else say.t(f"report.age_{age_group(known.born_on, say.today)}")
    if column in ("time", "recorded"):
        return say.local(event.occurred_at if column == "time" else event.recorded_at)
    said = {
        "kind": lambda: say.kind(event.kind),
        "outcome": lambda: say.words.outcome(event.outcome),
        "reasons": lambda: say.each(say.reasons(row)),
        "access_point": lambda: _point(row, names, say),
        "pass_type": lambda: say.words.pass_type(event.pass_type) if event.pass_type else "",
        "pass_name": lambda: row.pass_name(say.language),
        "credential": lambda: say.words.credential_kind(event.credential_kind) if event.credential_kind else "",
        "decided_by": lambda: (
            names.staff.get(event.staff_id, event.staff_id) if event.staff_id else say.t("activity.door")
        ),
        "offline": lambda: say.t("activity.yes" if event.is_offline else "activity.no"),
    }
    return said[column]()


def _point(row: ActivityRow, names: Names, say: Say) -> str:
    point = names.access_points.get(row.event.access_point_id)
    return str(point.in_language(say.language)) if point else row.event.access_point_id


def _as_text(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=None).isoformat(" ", "seconds")
    return "" if cell is None else str(cell)
