"""The client list as a file, CSV or XLSX: one row for each person on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from server.admin.say import Say
from server.checkins.csv_export import csv_chunks
from server.clients.filters import ClientFilter
from server.clients.service import Scope, all_people
from server.db import Database
from server.exports.xlsx import Cell, xlsx_chunks
from server.models import Person

__all__ = ["COLUMNS", "clients_csv", "clients_xlsx"]

COLUMNS = (
    "last_name",
    "first_name",
    "member_id",
    "email",
    "phone",
    "born_on",
    "owner",
    "account",
    "balance",
    "tags",
    "blocked",
    "notify",
    "picture",
    "created",
    "archived",
)


def clients_csv(database: Database, scope: Scope, wanted: ClientFilter, say: Say) -> Iterator[bytes]:
    """The CSV file, in chunks as rows are read."""
    people = all_people(database, scope, wanted)
    return csv_chunks(_header(say), ([_as_text(cell) for cell in _row(person, say)] for person in people))


def clients_xlsx(database: Database, scope: Scope, wanted: ClientFilter, say: Say) -> Iterator[bytes]:
    """The workbook; dates are dates and amounts numbers."""
    rows = (_row(person, say) for person in all_people(database, scope, wanted))
    return xlsx_chunks(_header(say), rows, title=say.t("clients.title"))


def _header(say: Say) -> list[str]:
    return [say.t(f"client_export.{column}") for column in COLUMNS]


def _row(person: Person, say: Say) -> list[Cell]:
    account = person.account
    archived_at = person.archived_at or account.archived_at
    return [
        person.last_name,
        person.first_name,
        person.member_id,
        person.email,
        person.phone,
        person.date_of_birth,
        account.owner.full_name if account.owner else "",
        account.name,
        float(Decimal(account.balance_cents) / 100),
        ", ".join(tag.name for tag in person.tags),
        _yes(person.is_blocked, say),
        _yes(person.has_notify_flag, say),
        _yes(person.access_picture is not None, say),
        say.local(person.created_at).date(),
        say.local(archived_at).date() if archived_at else None,
    ]


def _yes(is_so: bool, say: Say) -> str:
    return say.t("client_export.yes") if is_so else ""


def _as_text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.2f}"
    return cell.isoformat() if isinstance(cell, (date, datetime)) else str(cell)
