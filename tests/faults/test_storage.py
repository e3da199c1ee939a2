"""The door's storage fails: at each single call, by a full disk, by damage. Nobody is let in without a record."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import pytest

from access.domain.reasons import Outcome
from access.wire.canonical import digest
from access.wire.enrolment import Enrolment
from access.wire.events import FIRST_PREV
from edge_agent.centre import CentreClient
from edge_agent.clock import DoorClock
from edge_agent.door import Door, Place, Scan
from edge_agent.door_thread import DoorThread
from edge_agent.errors import LedgerFault
from edge_agent.gather import FactsReader
from edge_agent.ledger import SqliteLedger
from edge_agent.ledger_schema import open_writing
from edge_agent.outbox import SqliteOutbox
from edge_agent.uplink import Uplink
from tests.component.edge_agent.fake_centre import FakeCentre
from tests.component.edge_agent.making import FakeTime, fill, install_cache, read
from tests.component.edge_agent.running import wait_until
from tests.component.edge_agent.sample import MEMBER_CARD, PASS_CARD, sample

KEY = hashlib.sha256(b"fingerprints").digest()


class Faults:
    """Counts the calls of a connection and fails one of them, as a disk would."""

    def __init__(self) -> None:
        self.fail_at: int | None = None
        self.calls = 0
        self.error: sqlite3.Error = sqlite3.OperationalError("disk I/O error")

    def connect(self, path: Path) -> sqlite3.Connection:
        faults = self

        class Faulty(sqlite3.Connection):
            def execute(self, sql: str, parameters: object = ()) -> sqlite3.Cursor:  # type: ignore[override]
                faults.calls += 1
                if faults.calls == faults.fail_at:
                    raise faults.error
                return super().execute(sql, parameters)  # type: ignore[arg-type]

        return open_writing(path, factory=Faulty)


class Rig:
    """A door in this process, with everything real but the clock and the relay."""

    def __init__(
        self, folder: Path, identity: Enrolment, ledger: SqliteLedger, cache_folder: Path | None = None
    ) -> None:
        self.time = FakeTime()
        self.released: list[str] = []
        self.answered: list[Scan] = []
        self.cache = install_cache(cache_folder or folder, sample(KEY, passes=50, extra=5, duplicate_window_s=0))
        self.facts = FactsReader(self.cache, ledger)
        self.door = Door(
            identity,
            ledger=ledger,
            facts=self.facts,
            clock=DoorClock(self.time),
            places={"front": Place("pool")},
            is_connected=lambda: True,
            release=lambda point, seconds: self.released.append(point),
            answer=self.answered.append,
        )

    def close(self) -> None:
        self.facts.close()
        self.cache.close()


@pytest.fixture
def identity(tmp_path: Path) -> Enrolment:
    return FakeCentre(tmp_path, []).enrolment()


def _events(path: Path) -> list[dict[str, object]]:
    with closing(sqlite3.connect(path)) as connection:
        return [json.loads(row[0]) for row in connection.execute("SELECT body FROM events ORDER BY seq")]


def _assert_whole(events: list[dict[str, object]]) -> None:
    before = FIRST_PREV
    for seq, event in enumerate(events, 1):
        assert event["seq"] == seq
        assert event["prev"] == before
        before = digest(event)


def test_every_single_failing_call_grants_nothing(identity: Enrolment, tmp_path: Path) -> None:
    """The n-th call of a scan fails, for every n: no release and no screen; after reopening the door goes on."""
    calls_of_a_scan = 0
    number = 0
    while number <= calls_of_a_scan:
        number += 1
        folder = tmp_path / str(number)
        folder.mkdir()
        faults = Faults()
        ledger = SqliteLedger(folder / "ledger.db", connect=faults.connect)
        rig = Rig(folder, identity, ledger)
        assert rig.door.handle(read(PASS_CARD.encode()))
        assert rig.released == ["pool"]
        faults.calls, faults.fail_at = 0, number
        scan = rig.door.handle(read(PASS_CARD.encode()))
        if scan is not None:
            assert number > 6, "a fault early in a scan went unnoticed"
            calls_of_a_scan = faults.calls
            rig.close()
            ledger.close()
            break
        calls_of_a_scan = max(calls_of_a_scan, number)
        assert rig.released == ["pool"]
        assert len(rig.answered) == 1
        assert not ledger.is_usable
        assert rig.door.handle(read(MEMBER_CARD.encode())) is None, "a ledger that failed was used without a check"
        faults.fail_at = None
        ledger.reopen()
        again = rig.door.handle(read(PASS_CARD.encode()))
        assert again is not None
        assert again.event.outcome is Outcome.GRANTED
        rig.close()
        ledger.close()
        events = _events(folder / "ledger.db")
        _assert_whole(events)
        assert len(events) in (2, 3)
    assert number > 6


def test_a_commit_that_failed_but_reached_the_disk_is_found_again(identity: Enrolment, tmp_path: Path) -> None:
    """The disk wrote and then reported an error: nobody was let in, and the numbering goes on after that event."""

    class Lying(sqlite3.Connection):
        is_lying = False

        def execute(self, sql: str, parameters: object = ()) -> sqlite3.Cursor:  # type: ignore[override]
            cursor = super().execute(sql, parameters)  # type: ignore[arg-type]
            if Lying.is_lying and sql == "COMMIT":
                raise sqlite3.OperationalError("disk I/O error")
            return cursor

    ledger = SqliteLedger(tmp_path / "ledger.db", connect=partial(open_writing, factory=Lying))
    rig = Rig(tmp_path, identity, ledger)
    Lying.is_lying = True
    assert rig.door.handle(read(PASS_CARD.encode())) is None
    assert rig.released == []
    Lying.is_lying = False
    ledger.reopen()
    assert ledger.last_seq == 1
    assert rig.door.handle(read(PASS_CARD.encode())) is not None
    rig.close()
    ledger.close()
    _assert_whole(_events(tmp_path / "ledger.db"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small tmpfs needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_lets_nobody_in_and_the_door_comes_back_by_itself(
    identity: Enrolment, tmp_path: Path, small_disk: Path
) -> None:
    """ENOSPC: visible at once, no grant; with room again the door's own thread takes it up, nothing lost."""
    ledger = SqliteLedger(small_disk / "ledger.db")
    rig = Rig(tmp_path, identity, ledger)
    lost: list[bool] = []
    thread = DoorThread(ledger, handle=rig.door.handle, on_storage_lost=lambda: lost.append(True))
    thread.start()
    thread.submit(read(MEMBER_CARD.encode()))
    wait_until(lambda: len(rig.answered) == 1, what="the first scan")
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    for _ in range(200):
        thread.submit(read(MEMBER_CARD.encode()))
        if not ledger.is_usable:
            break
        time.sleep(0.005)
    wait_until(lambda: bool(lost), what="the alarm")
    assert not ledger.is_usable
    granted = len(rig.released)
    for _ in range(5):
        thread.submit(read(MEMBER_CARD.encode()))
    time.sleep(0.3)
    assert len(rig.released) == granted
    ballast.unlink()
    wait_until(lambda: ledger.is_usable, what="the ledger's return")
    thread.submit(read(MEMBER_CARD.encode()))
    wait_until(lambda: len(rig.released) == granted + 1, what="a grant after the return")
    thread.stop()
    rig.close()
    ledger.close()
    events = _events(small_disk / "ledger.db")
    _assert_whole(events)
    assert len(events) >= len(rig.released)
    assert {scan.event.id for scan in rig.answered} <= {event["id"] for event in events}


@pytest.mark.parametrize("page", [0, 3, 7])
def test_a_damaged_ledger_is_set_aside_and_carried_over(
    identity: Enrolment, tmp_path: Path, page: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """A page is overwritten: the old file is kept, readable events go on, numbers are not used again, an alarm."""
    path = tmp_path / "ledger.db"
    ledger = SqliteLedger(path)
    ledger.store_identity(identity)
    fill(ledger, 60)
    ledger.close()
    with path.open("r+b") as file:
        file.seek(page * 4096)
        file.write(os.urandom(4096))
    try:
        ledger = SqliteLedger(path)
    except LedgerFault as error:
        pytest.fail(f"the ledger was not recovered: {error}")
    aside = list(tmp_path.glob("ledger.db.damaged-*"))
    assert [each for each in aside if not each.name.endswith(("-wal", "-shm"))]
    assert "ledger_damaged" in capsys.readouterr().out
    before = ledger.last_seq
    fill(ledger, 1)
    assert ledger.last_seq == before + 1 > 60
    ledger.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        seqs = [row[0] for row in connection.execute("SELECT seq FROM events ORDER BY seq")]
    assert len(seqs) == len(set(seqs))


def test_a_rotten_event_does_not_hold_up_the_others(identity: Enrolment, tmp_path: Path) -> None:
    """Bytes inside one body flipped: the file opens, that event is parked with an alarm, all others are offered."""
    path = tmp_path / "ledger.db"
    ledger = SqliteLedger(path)
    fill(ledger, 5)
    ledger.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE events SET body = CAST(x'7B22FFFE' AS TEXT) WHERE seq IN (3, 5)")
        connection.commit()
    ledger = SqliteLedger(path)
    outbox, offered = SqliteOutbox(ledger), []
    uplink = Uplink(
        identity,
        outbox,
        publish=lambda payload: not offered.append(json.loads(payload)),  # type: ignore[func-returns-value]
        centre=CentreClient("http://127.0.0.1:1"),
    )
    uplink.start()
    uplink.connected()
    wait_until(lambda: {1, 2, 4} <= {event["seq"] for batch in offered for event in batch["events"]}, what="offers")
    wait_until(lambda: ledger.waiting() == 3, what="the parking")
    fill(ledger, 1)
    uplink.wake()
    wait_until(lambda: offered[-1]["events"][-1]["seq"] == 6, what="the next event")
    uplink.stop()
    ledger.close()
