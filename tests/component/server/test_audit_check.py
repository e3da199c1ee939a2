"""Whoever edits, deletes or moves an entry or an event is found, with its number; what is lawful is no fault."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from gatehouse.cli import app
from server.audit.check import Checked, Fault, check_audit_log, check_device
from server.audit.hook import erase
from server.db import Database
from server.ingest.service import record_batch
from server.models import Person

LAST = -1
"""The number of the last entry."""


@pytest.fixture
def busy_club(club: Database, pen: Callable[..., Any]) -> Database:
    """Ten more entries in the log, and ten events of the door."""
    for number in range(10):
        with club.write() as session:
            session.get_one(Person, "ann").phone = str(number)
    door = pen("door")
    with club.write() as session:
        record_batch(session, door.topic, door.batch(*[door.event() for _ in range(10)]))
    return club


def followed(database: Database, **given: Any) -> Checked:
    """The audit log, followed."""
    with database.read() as session:
        return check_audit_log(session, "club", **given)


def tampered(database: Database, *statements: str) -> None:
    """What somebody with the database's password does."""
    with database.write_engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_untouched_chains_hold(busy_club: Database) -> None:
    """The audit log and the door's events."""
    log = followed(busy_club)
    assert (log.faults, log.links) == ((), log.seq)
    with busy_club.read() as session:
        door = check_device(session, "club", "door")
    assert (door.faults, door.links) == ((), 10)


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE audit_entry SET actor_id = 'eve' WHERE seq = 12", Fault("edited", 12, 12)),
        ("UPDATE audit_entry SET changes = '{}' WHERE seq = 12", Fault("edited", 12, 12)),
        ("UPDATE audit_entry SET changes = '{}', erased_by = 13 WHERE seq = 12", Fault("erased_by", 12, 12)),
        ("DELETE FROM audit_entry WHERE seq IN (12, 13)", Fault("deleted", 12, 13)),
        ("DELETE FROM audit_entry WHERE seq = 1", Fault("deleted", 1, 1)),
        ("DELETE FROM audit_entry WHERE seq > 14", Fault("deleted", 15, LAST)),
        ("UPDATE audit_head SET seq = 3", Fault("head", LAST, LAST)),
    ],
)
def test_a_tampered_log_is_located(busy_club: Database, statement: str, fault: Fault) -> None:
    """By the numbers of the entries."""
    last = followed(busy_club).seq
    first_seq, last_seq = (last if each == LAST else each for each in (fault.first_seq, fault.last_seq))
    tampered(busy_club, statement)
    assert Fault(fault.kind, first_seq, last_seq) in followed(busy_club).faults


def test_entries_that_changed_places_are_located(busy_club: Database) -> None:
    """Both are edited, for the number is part of what is covered, and neither follows from the one before it."""
    move = "UPDATE audit_entry SET seq = {} WHERE seq = {}"
    tampered(busy_club, move.format(99, 12), move.format(12, 14), move.format(14, 99))
    faults = followed(busy_club).faults
    assert {each.kind for each in faults} == {"edited", "moved"}
    assert {12, 14} <= {each.first_seq for each in faults}


def test_a_chain_written_anew_is_found_by_an_anchor(busy_club: Database) -> None:
    """An anchor that was noted elsewhere."""
    noted = followed(busy_club)
    assert followed(busy_club, anchor=(noted.seq, noted.hash)).faults == ()
    assert followed(busy_club, anchor=(noted.seq, "f" * 64)).faults == (Fault("anchor", noted.seq, noted.seq),)
    assert followed(busy_club, anchor=(99, noted.hash)).faults == (Fault("anchor", 99, 99),)


def test_erasing_a_person_breaks_nothing(busy_club: Database) -> None:
    """It is counted."""
    with busy_club.write() as session:
        erase(session, organization_id="club", person_id="ann")
    log = followed(busy_club)
    assert log.faults == ()
    assert log.erased >= 10


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE event SET body = replace(body, 'granted', 'denied') WHERE seq = 4", Fault("edited", 4, 4)),
        ("DELETE FROM event WHERE seq IN (4, 5)", Fault("deleted", 4, 5)),
        ("DELETE FROM event WHERE seq > 8", Fault("deleted", 9, 10)),
        ("UPDATE event SET prev_hash = 'x' WHERE seq = 4", Fault("unlinked", 4, 4)),
    ],
)
def test_a_doors_tampered_events_are_located(busy_club: Database, statement: str, fault: Fault) -> None:
    """By their numbers."""
    tampered(busy_club, statement)
    with busy_club.read() as session:
        assert fault in check_device(session, "club", "door").faults


def test_what_a_door_has_not_delivered_yet_is_no_fault(club: Database, pen: Callable[..., Any]) -> None:
    """Nor what lies in quarantine."""
    door = pen("door")
    first, late, odd, then = door.event(), door.event(), door.event(kind="danced"), door.event()
    with club.write() as session:
        record_batch(session, door.topic, door.batch(first, odd, then))
    with club.read() as session:
        assert check_device(session, "club", "door").faults == ()
    with club.write() as session:
        record_batch(session, door.topic, door.batch(late))
    with club.read() as session:
        assert check_device(session, "club", "door").faults == ()


def test_the_command_says_where(sqlite_club: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In words and as JSON, with an exit status."""
    monkeypatch.setenv("GATEHOUSE_SERVER_DATABASE_URL", sqlite_club.url.render_as_string(hide_password=False))
    monkeypatch.setenv("GATEHOUSE_SERVER_DATA_DIR", str(tmp_path))
    whole = CliRunner().invoke(app, ["audit", "check", "--json"])
    assert whole.exit_code == 0, whole.output
    assert json.loads(whole.output)["is_whole"] is True
    tampered(sqlite_club, "DELETE FROM audit_entry WHERE seq IN (3, 4)")
    broken = CliRunner().invoke(app, ["audit", "check"])
    assert broken.exit_code == 1
    assert "3 to 4 is missing" in broken.output
    assert CliRunner().invoke(app, ["audit", "check", "--anchor", "club:x"]).exit_code == 2
