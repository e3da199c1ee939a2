"""What the demo says last, and that the sample organization speaks both languages."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from gatehouse.demo.farewell import Ending, Recorded, recorded_in
from gatehouse.demo.processes import Child


def ledger(path: Path, *readers: str | None, waiting: int = 0) -> Path:
    """The tables of a door's ledger that count here."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE events (seq INTEGER PRIMARY KEY, body TEXT)")
        connection.execute("CREATE TABLE outbox (seq INTEGER PRIMARY KEY)")
        rows = [(json.dumps({"reader": reader} if reader else {}),) for reader in readers]
        connection.executemany("INSERT INTO events (body) VALUES (?)", rows)
        connection.executemany("INSERT INTO outbox VALUES (?)", [(number,) for number in range(waiting)])
        connection.commit()
    return path


def test_what_is_in_the_ledgers_is_counted(tmp_path: Path) -> None:
    """Scans apart from what has no reader; a door that never began counts nothing."""
    pool = ledger(tmp_path / "pool.db", "scanner", "camera", None, waiting=2)
    gym = ledger(tmp_path / "gym.db", "pad")
    assert recorded_in([pool, gym, tmp_path / "never.db"]) == Recorded(3, 1, 2)


def test_it_says_what_was_recorded_what_has_ended_and_where_the_data_was(tmp_path: Path) -> None:
    """In three lines; nothing is said to be gone that is there."""
    gone = tmp_path / "gone"
    child = Child("The centre", [], log=tmp_path / "log", health_url="")
    first = list(Ending(Recorded(12, 1, 3), [child, child, child], gone).lines())
    assert first == [
        "12 scans and 1 other event were recorded at the doors; the centre had not got 3 of them yet.",
        "All 3 processes have ended; nothing is left running.",
        f"The data was in {gone} and is deleted.",
    ]
    assert next(Ending(Recorded(1, 0, 0), [], gone).lines()) == "1 scan was recorded at the doors; the centre had all."
    assert list(Ending(Recorded(), [], tmp_path).lines()) == [
        "No scan was recorded.",
        "Nothing is left running.",
        f"The data could not be deleted. Delete it by hand: rm -r {tmp_path}",
    ]


def test_a_process_that_would_not_end_is_named(tmp_path: Path) -> None:
    """Instead of being said to have ended."""
    child = Child("The gym door", [], log=tmp_path / "log", health_url="")
    child._arguments = [sys.executable, "-c", "input()"]
    child.start()
    try:
        assert "The gym door could not be ended" in list(Ending(Recorded(), [child], tmp_path).lines())[1]
    finally:
        child.kill()
