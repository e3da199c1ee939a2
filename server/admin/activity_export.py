"""Account activity as a CSV file: every filtered row, in words, with exact local and UTC times."""

from __future__ import annotations

from collections.abc import Iterator

import structlog

from server.admin.say import Say
from server.checkins.activity import ActivityFilter, ActivityRow, Names, all_activity
from server.checkins.csv_export import csv_chunks, file_name
from server.db import Database
from server.models import Event

__all__ = ["activity_csv", "activity_file_name", "csv_row"]

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
    "note",
    "column_occurred",
    "column_recorded",
    "column_event",
)


def activity_file_name(account_name: str, wanted: ActivityFilter, say: Say) -> str:
    """ "account-activity-tremblay-2026-11-01-2026-11-21.csv": what, whose, and which days."""
    first = wanted.first_on.isoformat() if wanted.first_on else ""
    last = (wanted.last_on or say.today).isoformat()
    return file_name(say.t("activity.file"), account_name, first, last)


def activity_csv(
    database: Database, organization_id: str, account_id: str, wanted: ActivityFilter, say: Say
) -> Iterator[bytes]:
    """The file, in chunks as they are read."""
    header = [say.t(f"activity.{column}") for column in _COLUMNS]
    pages = all_activity(database, organization_id, account_id, wanted, zone=say.zone)
    return csv_chunks(header, (_some_row(row, page.names, say) for page in pages for row in page.rows))


def csv_row(row: ActivityRow, names: Names, say: Say) -> list[str]:
    """One row; times in ISO 8601, everything else in words."""
    event = row.event
    who, point = names.people.get(event.person_id or ""), names.access_points.get(event.access_point_id)
    local = say.local(event.occurred_at)
    return [
        local.date().isoformat(),
        local.time().isoformat("seconds"),
        who.name if who else "",
        who.member_id if who else "",
        say.kind(event.kind),
        say.words.outcome(event.outcome),
        say.each(say.reasons(row)),
        point.in_language(say.language) if point else event.access_point_id,
        say.words.pass_type(event.pass_type) if event.pass_type else "",
        event.pass_name or "",
        "" if row.remaining is None else str(row.remaining),
        say.words.credential_kind(event.credential_kind) if event.credential_kind else "",
        names.staff.get(event.staff_id, event.staff_id) if event.staff_id else say.t("activity.door"),
        say.t("activity.yes" if event.is_offline else "activity.no"),
        say.each(text for text, _ in say.flags(row)),
        row.note,
        *_as_recorded(event),
    ]


def _as_recorded(event: Event) -> list[str]:
    """The last three columns, which no words and no time zone touch."""
    instants = (event.occurred_at, event.recorded_at)
    return [*(at.isoformat(timespec="seconds").replace("+00:00", "Z") for at in instants), event.id]


def _some_row(row: ActivityRow, names: Names, say: Say) -> list[str]:
    """The row, or of one that cannot be said only what is certain: half a file would be taken for a whole one."""
    try:
        return csv_row(row, names, say)
    except Exception as error:
        _log.error("csv_row_failed", event_id=row.event.id, error=type(error).__name__)
        certain = _as_recorded(row.event)
        return [*([""] * (len(_COLUMNS) - len(certain))), *certain]
