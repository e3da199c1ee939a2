"""The database on SQLite and on PostgreSQL: migrations give the models, readers cannot write, writers take turns."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, StatementError

from server.db import Commit, Database
from server.models import AccessPoint, Base, Organization, Site


def test_migrations_give_exactly_the_models(database: Database) -> None:
    """After the last migration nothing is missing and nothing is left over; running them again changes nothing."""
    database.migrate()
    with database.write_engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": _is_ours})
        assert compare_metadata(context, Base.metadata) == []


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """All but the full-text index, a table on SQLite and an expression on PostgreSQL, and SQLite's index of reasons."""
    own = ("person_word", "ix_person_search_words", "ix_event_reasons")
    return not (kind in ("table", "index") and (name or "").startswith(own))


def test_a_reading_session_cannot_write(database: Database) -> None:
    """Not through the session and not with plain SQL."""
    with pytest.raises(DBAPIError), database.read() as session:
        session.execute(text("UPDATE organization SET name_en = 'Owned'"))


def test_a_failed_block_leaves_nothing_behind_and_tells_nobody(database: Database) -> None:
    """Rows and the feed's numbers roll back together, and no commit is told of."""
    heard: list[Commit] = []
    database.commits.subscribe(heard.append)
    with pytest.raises(RuntimeError), database.write() as session:  # noqa: PT012
        session.add(Organization(id="rolled-back", name_en="Never"))
        session.flush()
        raise RuntimeError
    with database.read() as session:
        assert session.get(Organization, "rolled-back") is None
    assert heard == []


def test_writers_take_turns(database: Database) -> None:
    """Read-modify-write in eight threads loses no step."""
    with database.write() as session:
        session.add(Organization(id="counter", name_en="0"))

    def add() -> None:
        for _ in range(5):
            with database.write() as session:
                row = session.scalars(select(Organization).where(Organization.id == "counter").with_for_update()).one()
                row.name_en = str(int(row.name_en) + 1)

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        row = session.get(Organization, "counter")
        assert row is not None
        assert row.name_en == "40"


def test_instants_come_back_in_utc_and_naive_ones_are_refused(database: Database) -> None:
    """An offset is converted, never dropped."""
    at = datetime(2026, 3, 1, 2, 30, tzinfo=timezone(timedelta(hours=-5)))
    with database.write() as session:
        session.add(Organization(id="zoned", name_en="Zoned", created_at=at))
    with database.read() as session:
        row = session.get(Organization, "zoned")
        assert row is not None
        assert row.created_at == datetime(2026, 3, 1, 7, 30, tzinfo=UTC)
        assert row.created_at.utcoffset() == timedelta(0)
    with pytest.raises(StatementError), database.write() as session:
        session.add(Organization(id="naive", name_en="Naive", created_at=datetime(2026, 3, 1, 2, 30)))  # noqa: DTZ001


def test_an_access_point_refuses_settings_that_the_law_does_not_know() -> None:
    """A misspelt setting is an error where it is made, never a rule that silently does not hold."""
    with pytest.raises(ValueError, match="pulse_sm"):
        AccessPoint(organization_id="o", site_id="s", name_en="Door", settings={"pulse_sm": 4000})
    with pytest.raises(ValueError, match="column of its own"):
        AccessPoint(organization_id="o", site_id="s", name_en="Door", settings={"id": "other"})


def test_access_point_settings_survive_the_round_trip(database: Database) -> None:
    """What is stored is what differs from the defaults, and it reads back as the same rules."""
    with database.write() as session:
        session.add(Organization(id="org", name_en="Org"))
        session.add(Site(id="site", organization_id="org", name_en="Site"))
        session.flush()
        point = AccessPoint(id="door", organization_id="org", site_id="site", name_en="Door", name_fr="Porte")
        point.settings = {"duplicate_window_s": 90, "balance": {"mode": "deny", "threshold_cents": 500}}
        session.add(point)
    with database.read() as session:
        stored = session.get(AccessPoint, "door")
        assert stored is not None
        rules = stored.policy()
        assert (rules.duplicate_window_s, rules.balance.threshold_cents, rules.site_id) == (90, 500, "site")
        assert AccessPoint.settings_of(rules) == stored.settings
