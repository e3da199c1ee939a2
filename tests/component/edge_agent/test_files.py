"""The door's files: retention, what a cache accepts, how far back the centre may never take it, and pictures."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from access.wire.feed import SnapshotMark
from access.wire.receipts import Receipt
from edge_agent.cache import Applied, SqliteCache
from edge_agent.centre import CentreClient
from edge_agent.clock import DoorClock
from edge_agent.errors import CacheFault, LedgerFault
from edge_agent.feed import FeedFollower
from edge_agent.known_states import KnownStates
from edge_agent.ledger import SqliteLedger
from edge_agent.ledger_schema import MIGRATIONS, migrate, open_writing
from edge_agent.outbox import SqliteOutbox
from edge_agent.pictures import PictureStore
from edge_agent.retention import prune
from gatehouse.commands.bench import bench
from tests.component.edge_agent.fake_centre import FakeCentre, build_snapshot
from tests.component.edge_agent.making import NOW, FakeTime, denied, fill, install_cache
from tests.component.edge_agent.running import wait_until
from tests.component.edge_agent.sample import sample

KEY = hashlib.sha256(b"fingerprints").digest()


def test_old_events_leave_only_when_they_are_safe_and_never_the_newest(tmp_path: Path) -> None:
    """Waiting and parked ones stay, however old."""
    ledger = SqliteLedger(tmp_path / "ledger.db")
    for _ in range(6):
        ledger.record(denied(NOW - timedelta(days=200)))
    SqliteOutbox(ledger).take(Receipt(device="door-1", through_seq=4, max_seq=6, gaps=((5, 5),), parked=(2,)))
    assert prune(ledger, before=NOW - timedelta(days=90)) == 3
    with ledger.transaction() as connection:
        kept = [row[0] for row in connection.execute("SELECT seq FROM events ORDER BY seq")]
    assert kept == [2, 5, 6]
    ledger.close()


def test_the_ledger_waits_for_a_newer_program_instead_of_touching_newer_tables(tmp_path: Path) -> None:
    """A downgrade is said plainly; nothing is set aside."""
    path = tmp_path / "ledger.db"
    SqliteLedger(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(LedgerFault, match="newer Gatehouse"):
        SqliteLedger(path)
    assert [each.name for each in tmp_path.iterdir() if "damaged" in each.name] == []


def test_a_migration_that_fails_leaves_the_version_before(tmp_path: Path) -> None:
    """Each step is one transaction."""
    connection = open_writing(tmp_path / "ledger.db")
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, (*MIGRATIONS, ("CREATE TABLE later (a)", "nonsense")))
    assert connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'later'").fetchone()[0] == 0
    connection.close()


def test_every_commit_of_the_ledger_is_synced(tmp_path: Path) -> None:
    """FULL, in WAL: with NORMAL a power cut takes back what a screen has shown."""
    connection = open_writing(tmp_path / "ledger.db")
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    connection.close()


@pytest.mark.parametrize(
    ("said", "field"), [({"site": "other"}, "site"), ({"organization": "x"}, "organization"), ({"seq": "9"}, "seq")]
)
def test_a_snapshot_that_is_not_what_its_mark_says_is_not_used(
    tmp_path: Path, said: dict[str, str], field: str
) -> None:
    """The cache of before stays in use."""
    cache = install_cache(tmp_path, sample(KEY))
    before = cache.current_path
    path = cache.new_file()
    meta = {"organization": "maple", "site": "main", "epoch": "e1", "seq": "2", "made_at": NOW.isoformat()}
    build_snapshot(path, sample(KEY), meta=meta | said)
    mark = SnapshotMark(organization="maple", site="main", epoch="e1", seq=2, made_at=NOW, sha256="0" * 64, size=0)
    with pytest.raises(CacheFault, match=field):
        cache.install(path, mark)
    assert cache.current_path == before
    assert cache.state
    assert cache.state.mark.seq == 1
    cache.close()


@pytest.mark.parametrize("content", [b"", b"no database" * 500])
def test_a_cache_file_that_is_none_is_thrown_away(tmp_path: Path, content: bytes) -> None:
    """And the door starts without, to fetch another."""
    cache = install_cache(tmp_path, sample(KEY))
    path = cache.current_path
    cache.close()
    assert path is not None
    path.write_bytes(content)
    again = SqliteCache(tmp_path, organization="maple", site="main")
    assert not again.open()
    assert again.state is None
    assert not path.exists()


def test_deltas_apply_once_in_order_and_only_forward(tmp_path: Path) -> None:
    """Repeats and older ones change nothing, a later start is a gap, another epoch is another story."""
    centre, cache = FakeCentre(tmp_path, []), install_cache(tmp_path, sample(KEY))
    first, second = centre.put(sample(KEY)[0]), centre.put(sample(KEY)[1])
    assert cache.apply(second) is Applied.GAP
    assert cache.apply(first) is Applied.APPLIED
    assert cache.apply(second) is Applied.APPLIED
    assert cache.apply(first) is Applied.NOTHING_NEW
    assert cache.apply(second.model_copy(update={"epoch": "e9"})) is Applied.OTHER_EPOCH
    assert cache.state
    assert cache.state.mark.seq == 3
    cache.close()


def test_an_entry_that_cannot_be_read_takes_the_entity_away(tmp_path: Path) -> None:
    """What nobody understands opens no door."""
    centre, cache = FakeCentre(tmp_path, []), install_cache(tmp_path, sample(KEY))
    delta = centre.put(sample(KEY)[5])
    entry = delta.entries[0].model_copy(update={"body": {"id": 7}})
    cache.apply(delta.model_copy(update={"entries": (entry,)}))
    path = cache.current_path
    assert path is not None
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT count(*) FROM entity WHERE kind = ? AND id = ?", (entry.kind, entry.id))
        assert found.fetchone()[0] == 0
    connection.close()
    cache.close()


def test_a_lost_cache_is_not_replaced_by_an_older_state(tmp_path: Path) -> None:
    """The door knew seq 40; a snapshot of seq 1 is used only once the feed has brought it up to 40."""
    with FakeCentre(tmp_path, sample(KEY)) as centre:
        ledger = SqliteLedger(tmp_path / "ledger.db")
        known = KnownStates(ledger)
        known.entered("e1", 40)
        old, headers = centre.snapshot()
        centre.snapshot = lambda: (old, headers)  # type: ignore[method-assign]
        cache = SqliteCache(tmp_path, organization="maple", site="main")
        identity = centre.enrolment()
        client = CentreClient.for_device(centre.url, identity)
        feed = FeedFollower(
            identity, cache, known, DoorClock(FakeTime(datetime.now(UTC))), client, is_mqtt_up=lambda: False
        )
        feed.start()
        wait_until(lambda: centre.requests.count("/edge/v1/snapshot") >= 2, what="two tries")
        assert cache.state is None
        for _ in range(45):
            centre.put(sample(KEY)[0])
        wait_until(lambda: cache.state and cache.state.mark.seq == 46, what="the caught-up cache")
        feed.stop()
        ledger.close()


def test_an_epoch_that_was_left_stays_left_after_a_restart(tmp_path: Path) -> None:
    """The ledger remembers."""
    ledger = SqliteLedger(tmp_path / "ledger.db")
    known = KnownStates(ledger)
    known.entered("e1", 5)
    known.entered("e2", 1)
    again = KnownStates(ledger)
    assert again.is_retired("e1")
    assert not again.is_retired("e2")
    assert (again.seq_of("e2"), again.seq_of("e1")) == (1, 0)
    ledger.close()


def test_pictures_are_bounded_and_the_least_recently_shown_goes(tmp_path: Path) -> None:
    """Three do not fit: the one nobody has looked at leaves."""
    store = PictureStore(tmp_path / "pictures", max_bytes=2500)
    data = [b"\x89PNG\r\n\x1a\n" + bytes([number]) * 1000 for number in range(3)]
    names = [hashlib.sha256(each).hexdigest() for each in data]
    for number in (0, 1):
        assert store.add(names[number], data[number])
        os.utime(tmp_path / "pictures" / names[number], (1000 + number, 1000 + number))
    assert store.read(names[0]) == data[0]
    assert store.add(names[2], data[2])
    assert [store.has(name) for name in names] == [True, False, True]
    (tmp_path / "pictures" / names[0]).write_bytes(b"something else")
    assert store.read(names[0]) is None
    assert not store.has(names[0])


def test_the_bench_ends_with_one_json_object(tmp_path: Path) -> None:
    """Anyone can run it, also with ten people."""
    result = CliRunner().invoke(bench, ["door", "--people", "10", "--scans", "30", "--dir", str(tmp_path)])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout.strip().splitlines()[-1])
    assert list(figures) == ["people", "door_ms", "commit_ms", "ratio_p50", "ratio_p99", "rss_mb"]
    assert figures["people"] == 10
    assert 0 < figures["door_ms"]["p50"] <= figures["door_ms"]["p99"]
    assert list(tmp_path.iterdir()) == []


def test_a_full_ledger_is_read_in_batches(tmp_path: Path) -> None:
    """By number and by size, never more than a message may carry."""
    ledger = SqliteLedger(tmp_path / "ledger.db")
    fill(ledger, 200)
    outbox = SqliteOutbox(ledger)
    assert [row.seq for row in outbox.rows(after=10, until=100, limit=50)] == list(range(11, 61))
    rows = outbox.rows(after=0, limit=10_000)
    assert sum(len(row.body) for row in rows) <= 48_000 < sum(len(row.body) for row in rows) + 1000
    outbox.close()
    ledger.close()
