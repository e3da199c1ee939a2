"""How the engines find the client list: a page is read off an index in order, a rare filter off an index of its own."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from server.clients import repository
from server.clients.filters import ClientFilter
from server.clients.service import Scope, conditions, find_clients
from server.db import Database
from server.models import Account, Organization, Person
from tests.statements import heard

SCOPE = Scope("club", date(2026, 11, 21), ZoneInfo("America/Toronto"))
PEOPLE = 300


@pytest.fixture
def town(database: Database) -> Database:
    """Many families of one; every tenth is blocked."""
    with database.write() as session:
        session.add(Organization(id="club", name_en="club"))
        session.flush()
        for number in range(PEOPLE):
            session.add(Account(id=f"a{number}", organization_id="club", owner_id=f"p{number}"))
        session.flush()
        for number in range(PEOPLE):
            of = {"organization_id": "club", "account_id": f"a{number}", "is_blocked": number % 10 == 0}
            session.add(Person(id=f"p{number}", first_name="Ann", last_name=f"Name {number:03}", **of))
    database.gather_statistics()
    return database


def plan(database: Database, statement: str, parameters: Any) -> str:
    """What the engine says of a statement; for PostgreSQL a few hundred rows are no reason to use an index."""
    with database.read() as session:
        connection = session.connection()
        if not database.is_sqlite:
            connection.exec_driver_sql("SET enable_seqscan = off")
        word = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(word + statement, parameters))


def test_a_page_of_the_list_sorts_nothing(town: Database) -> None:
    """Neither the first nor a later one, with or without a filter that many meet."""
    for form in ({}, {"picture": "none", "age": "adult"}):
        wanted = ClientFilter.of(form)
        where = conditions(SCOPE, wanted)
        for after in (None, ("name 100 ann", "a100")):
            with heard(town.read_engine) as statements, town.read() as session:
                found = repository.accounts_in_order(session, where, is_personal=bool(form), after=after, limit=20)
            assert len(found) == 20
            (asked,) = [each for each in statements if "FROM account_order" in each[0]]
            said = plan(town, *asked)
            assert "ix_account_order_name" in said
            assert "TEMP B-TREE" not in said
            assert "Sort" not in said


def test_a_rare_filter_begins_with_those_who_meet_it(town: Database) -> None:
    """Their accounts come off the flag's own index; the page has them in the list's order."""
    with heard(town.read_engine) as statements:
        rows = find_clients(town, SCOPE, ClientFilter.of({"flag": "blocked"})).rows
    assert [row.account.id for row in rows] == [f"a{number}" for number in range(0, PEOPLE, 10)]
    (start,) = [each for each in statements if each[0].startswith("SELECT person.account_id")]
    assert "ix_person_blocked" in plan(town, *start)


def test_few_and_many_give_the_same_list(town: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever way the list is found, with a search and without."""
    forms = (
        {"flag": "blocked"},
        {"flag": "blocked", "q": "name"},
        {"flag": "blocked", "q": "ann"},
        {"archived": "only"},
    )
    few = [[row.account.id for row in find_clients(town, SCOPE, ClientFilter.of(form)).rows] for form in forms]
    monkeypatch.setattr(repository, "_FEW", -1)
    assert [[row.account.id for row in find_clients(town, SCOPE, ClientFilter.of(form)).rows] for form in forms] == few
    assert [len(each) for each in few] == [30, 30, 30, 0]


def test_what_the_statistics_say_is_kept(town: Database) -> None:
    """They are committed: the readers that plan with them are other connections."""
    known = "SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'person'"
    if not town.is_sqlite:
        known = "SELECT count(*) FROM pg_stats WHERE tablename = 'person'"
    with town.read() as session:
        assert session.connection().exec_driver_sql(known).scalar_one() > 0
