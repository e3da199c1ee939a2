"""Account activity as a file, CSV or XLSX: every filtered row, in words, with exact local and UTC times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import structlog

from server.admin.say import Say
from server.admin.settling import decided
from server.checkins.activity import ActivityFilter, ActivityRow, Names, all_activity
from server.checkins.csv_export import csv_chunks, file_name
from server.db import Database
from server.exports.xlsx import Cell, xlsx_chunks
from server.models import Event

__all__ = ["activity_csv", "activity_file_name", "activity_xlsx"]

_log = structlog.get_logger(__name__)
_COLUMNS = (
    "column_date",
    "column_local_time",
    "participant",
    "column_member_id",
    "column_kind",
    "column_outcome",
    "column_reasons",
    "access_point",
    "column_pass_type",
    "column_pass_name",
    "column_remaining",
    "column_credential",
    "decided_by",
    "column_offline",
    "column_flags",
    "column_corrects",
    "column_corrected",
    "column_settlement",
    "note",
    "column_occurred",
    "column_recorded",
    "column_event",
)


def activity_file_name(account_name: str, wanted: ActivityFilter, say: Say, extension: str) -> str:
    """ "account-activity-tremblay-2026-11-01-2026-11-21.csv": what, whose, and which days."""
    first = wanted.first_on.isoformat() if wanted.first_on else ""
    last = (wanted.last_on or say.today).isoformat()
    return file_name(say.t("activity.file"), account_name, first, last, extension=extension)


def activity_csv(
    database: Database, organization_id: str, account_id: str, wanted: ActivityFilter, say: Say
) -> Iterator[bytes]:
    """The CSV file, in chunks as rows are read."""
    rows = _rows(database, organization_id, account_id, wanted, say)
    return csv_chunks(_header(say), ([_as_text(cell) for cell in row] for row in rows))


def activity_xlsx(
    database: Database, organization_id: str, account_id: str, wanted: ActivityFilter, say: Say
) -> Iterator[bytes]:
    """The workbook: real dates, of the local clock where the header does not say UTC."""
    rows = _rows(database, organization_id, account_id, wanted, say)
    return xlsx_chunks(_header(say), rows, title=say.t("account.activity"))


def _header(say: Say) -> list[str]:
    return [say.t(f"activity.{column}") for column in _COLUMNS]


def _rows(
    database: Database, organization_id: str, account_id: str, wanted: ActivityFilter, say: Say
) -> Iterator[list[Cell]]:
    for page in all_activity(database, organization_id, account_id, wanted, zone=say.zone):
        for row in page.rows:
            yield _some_row(row, page.names, say)


def _row(row: ActivityRow, names: Names, say: Say) -> list[Cell]:
    event = row.event
    who, point = names.people.get(event.person_id or ""), names.access_points.get(event.access_point_id)
    about, local = names.referred.get(event.refers_to or ""), say.local(event.occurred_at)
    return [
        local.date(),
        local.time().isoformat("seconds"),
        who.name if who else "",
        who.member_id if who else "",
        say.kind(event.kind),
        say.words.outcome(event.outcome),
        say.each(say.reasons(row)),
        point.in_language(say.language) if point else event.access_point_id,
        say.words.pass_type(event.pass_type) if event.pass_type else "",
        row.pass_name(say.language),
        row.remaining,
        say.words.credential_kind(event.credential_kind) if event.credential_kind else "",
        names.staff.get(event.staff_id, event.staff_id) if event.staff_id else say.t("activity.door"),
        say.t("activity.yes" if event.is_offline else "activity.no"),
        say.each(text for text, _ in say.flags(row)),
        f"{say.kind(about.kind)}, {_exact(about.occurred_at, say)}" if about else "",
        say.each(
            f"{say.kind(each.kind)}, {_exact(each.occurred_at, say)}" for each in names.corrections.get(event.id, ())
        ),
        _settlement(event, names, say),
        row.note,
        *_as_recorded(event),
    ]


def _settlement(event: Event, names: Names, say: Say) -> str:
    made = names.settlements.get(event.id)
    if made is None:
        return ""
    who = names.staff.get(made.decided_by or "", "")
    return ", ".join(filter(None, (decided(made, say), who, _exact(made.decided_at, say), made.note)))


def _exact(at: datetime, say: Say) -> str:
    return say.local(at).replace(tzinfo=None).isoformat(" ", "seconds")


def _as_recorded(event: Event) -> list[Cell]:
    """The last three columns, which no words and no time zone touch."""
    return [event.occurred_at.astimezone(UTC), event.recorded_at.astimezone(UTC), event.id]


def _some_row(row: ActivityRow, names: Names, say: Say) -> list[Cell]:
    """The row, or of one that cannot be said only what is certain: half a file would be taken for a whole one."""
    try:
        return _row(row, names, say)
    except Exception as error:
        _log.error("export_row_failed", event_id=row.event.id, error=type(error).__name__)
        certain = _as_recorded(row.event)
        return [*([""] * (len(_COLUMNS) - len(certain))), *certain]


def _as_text(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds").replace("+00:00", "Z")
    return "" if cell is None else str(cell)
