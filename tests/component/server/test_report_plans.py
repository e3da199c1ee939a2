"""How the engines find what a report asks for: the few that were refused never by way of the many that were not."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text

from access.domain.ids import uuid7
from server.db import Database
from server.models import Event
from server.reports import service
from server.reports.wanted import Period, Wanted, What
from tests.statements import heard

_FIRST = datetime(2026, 3, 1, tzinfo=UTC)
_ROWS = 3000


@pytest.fixture
def year(club: Database) -> Database:
    """Thousands of entries and a few refusals among them."""
    rows = [_row(number, "denied" if number % 300 == 7 else "checked_in") for number in range(_ROWS)]
    with club.write_engine.begin() as connection:
        connection.execute(insert(Event.__table__), rows)  # type: ignore[arg-type]
    club.gather_statistics()
    if not club.is_sqlite:
        with club.write_engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("VACUUM ANALYZE event"))
    return club


def _row(number: int, kind: str) -> dict[str, Any]:
    at = _FIRST + timedelta(minutes=number)
    return {
        "id": uuid7(int(at.timestamp() * 1000), number.to_bytes(10, "big")),
        "organization_id": "club",
        "site_id": "main",
        "device_id": "door",
        "seq": number + 1,
        "prev_hash": "0" * 64,
        "access_point_id": f"point-{number % 5}",
        "account_id": "family",
        "person_id": f"person-{number % 90}",
        "kind": kind,
        "outcome": "denied" if kind == "denied" else "granted",
        "reasons": ["card_revoked"] if kind == "denied" else [],
        "pass_type": "membership",
        "pass_id": "m",
        "pass_name": "Family",
        "credential_kind": "nfc",
        "occurred_at": at,
        "recorded_at": at,
        "is_offline": False,
        "flags": [],
        "is_flagged": False,
        "body": json.dumps({"padding": "x" * 400}),
        "body_hash": "0" * 64,
    }


def test_refusals_are_found_by_their_own_index(year: Database) -> None:
    """Their reasons, their counts and their rows; no entry is looked at, and for the reasons no row at all."""
    wanted = Wanted(first_on=date(2026, 3, 1), last_on=date(2026, 3, 3), period=Period.CUSTOM, what=What.REFUSED)
    with heard(year.read_engine) as statements:
        found = service.figures(year, "club", wanted, zone=UTC, now=_FIRST + timedelta(days=9))
        rows = service.page(year, "club", wanted, zone=UTC).rows
    assert found.total == len(rows) == _ROWS // 300
    assert found.reasons == (("card_revoked", _ROWS // 300),)
    asked = [each for each in statements if "kind IN ('denied'" in each[0]]
    # SQLite counts day by day.
    assert len(asked) == (5 if year.is_sqlite else 3)
    for statement, parameters in asked:
        said = _plan(year, statement, parameters)
        if "CAST(event.reasons" in statement:
            assert (
                "COVERING INDEX ix_event_reasons" if year.is_sqlite else "Index Only Scan using ix_event_refused"
            ) in said
        elif year.is_sqlite:
            assert "ix_event_re" in said
            assert "ORDER BY" not in statement or "TEMP B-TREE" not in said
        else:
            # Of so few rows another index of what is no plain entry does as well, and sorting them costs nothing.
            assert "Seq Scan" not in said
            assert "ix_event_day" not in said


def test_what_was_undone_is_looked_up_by_its_id(year: Database) -> None:
    """Hundreds at once, on both engines: nobody goes through the whole span for them."""
    with year.write() as session:
        undone = session.query(Event).filter(Event.kind == "checked_in").order_by(Event.seq).limit(500).all()
        rows = [{**_row(_ROWS + number, "undone"), "refers_to": each.id} for number, each in enumerate(undone)]
        session.execute(insert(Event.__table__), rows)  # type: ignore[arg-type]
    wanted = Wanted(first_on=date(2026, 3, 1), last_on=date(2026, 3, 3), period=Period.CUSTOM)
    with heard(year.read_engine) as statements:
        found = service.figures(year, "club", wanted, zone=UTC, now=_FIRST + timedelta(days=9))
    assert found.total == _ROWS - _ROWS // 300 - 500
    asked = [each for each in statements if "event.id IN" in each[0]]
    assert len(asked) == 2
    for statement, parameters in asked:
        said = _plan(year, statement, parameters)
        assert ("sqlite_autoindex_event_1" if year.is_sqlite else "pk_event") in said


def _plan(database: Database, statement: str, parameters: Any) -> str:
    word = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    with database.read() as session:
        return "\n".join(str(row[-1]) for row in session.connection().exec_driver_sql(word + statement, parameters))
