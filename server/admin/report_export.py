"""The report's rows in words: on the page, as CSV and as a workbook, with the columns that were chosen."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from datetime import datetime

import structlog

from server.admin.say import Say
from server.checkins.activity import ActivityRow, Names
from server.checkins.csv_export import csv_chunks, file_name
from server.checkins.repository import access_point_names
from server.db import Database
from server.exports.xlsx import Cell, xlsx_chunks
from server.feed.projection import age_group
from server.reports.repository import Counted, Traits
from server.reports.service import all_rows, only_counted, traits_of, undone_of
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
    return [*(say.t(f"report_column.{each}") for each in columns), say.t("report.row"), say.t("report.number")]


def _rows(
    database: Database,
    organization_id: str,
    wanted: Wanted,
    columns: tuple[str, ...],
    say: Say,
    *,
    is_oldest_first: bool,
) -> Iterator[list[Cell]]:
    """Events and counts in the order of time. The last cell is how many a row stands for: they add up to the total."""
    events = _event_rows(database, organization_id, wanted, columns, say, is_oldest_first=is_oldest_first)
    gone = only_counted(database, organization_id, wanted, zone=say.zone, is_oldest_first=is_oldest_first)
    names = _point_names(database, organization_id, {place.access_point_id for _, place, _ in gone}, say)
    counts = ((at, _count_cells(at, place, number, columns, names, say)) for at, place, number in gone)
    for _, row in heapq.merge(events, counts, key=lambda each: each[0], reverse=not is_oldest_first):
        yield row


def _event_rows(
    database: Database,
    organization_id: str,
    wanted: Wanted,
    columns: tuple[str, ...],
    say: Say,
    *,
    is_oldest_first: bool,
) -> Iterator[tuple[datetime, list[Cell]]]:
    for page in all_rows(database, organization_id, wanted, zone=say.zone, is_oldest_first=is_oldest_first):
        has_traits = "age_group" in columns or "city" in columns
        traits = traits_of(database, organization_id, page) if has_traits else {}
        undone = undone_of(database, organization_id, wanted, page, zone=say.zone)
        for row in page.rows:
            is_undone = row.event.id in undone
            counted: list[Cell] = [say.t("report.row_undone" if is_undone else "report.row_event"), int(not is_undone)]
            try:
                yield row.event.occurred_at, cells(row, columns, page.names, traits, say) + counted
            except Exception as error:
                # Half a file would be taken for a whole one: the row stays, with what is certain.
                _log.error("export_row_failed", event_id=row.event.id, error=type(error).__name__)
                certain: list[Cell] = [row.event.occurred_at if each == "time" else "" for each in columns]
                yield row.event.occurred_at, certain + counted


def _count_cells(
    at: datetime, place: Counted, number: int, columns: tuple[str, ...], names: Mapping[str, str], say: Say
) -> list[Cell]:
    """What is known of them: the hour, where, what, and with what."""
    said: dict[str, Cell] = {
        "time": say.local(at),
        "kind": say.kind(place.kind),
        "access_point": names.get(place.access_point_id, place.access_point_id),
        "pass_type": say.words.pass_type(place.pass_type) if place.pass_type else "",
    }
    return [*(said.get(each, "") for each in columns), say.t("report.row_count"), number]


def _point_names(database: Database, organization_id: str, point_ids: set[str], say: Say) -> dict[str, str]:
    with database.read() as session:
        found = access_point_names(session, organization_id, point_ids)
    return {id_: str(name.in_language(say.language)) for id_, name in found.items()}


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


def _as_text(cell: Cell) -> str | int:
    if isinstance(cell, int):
        return cell
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=None).isoformat(" ", "seconds")
    return "" if cell is None else str(cell)
