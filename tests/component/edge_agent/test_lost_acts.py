"""A ledger that fails while the feed brings what the office did, or lacks some of it: said, and put right at once."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from access.domain.office_acts import Move
from access.wire.enrolment import SNAPSHOT_PATH
from access.wire.events import CacheMark
from edge_agent.agent import Agent
from edge_agent.enrolment import enroll
from edge_agent.ledger import SqliteLedger
from edge_agent.office_acts import OfficeActs
from edge_agent.settings import AgentSettings
from edge_agent.status import Cause
from tests.component.edge_agent.fake_centre import CODE, FakeCentre
from tests.component.edge_agent.making import NOW
from tests.component.edge_agent.running import wait_until
from tests.component.edge_agent.sample import sample
from tests.component.edge_agent.site import KEY
from tests.component.edge_agent.test_office_acts import act, heard_at

PROBE = "CREATE TRIGGER no_probe BEFORE INSERT ON marks WHEN NEW.name = 'probe' BEGIN SELECT RAISE(ABORT, 'full'); END"
ACT = "CREATE TRIGGER no_act BEFORE INSERT ON heard BEGIN SELECT RAISE(ABORT, 'full'); END"


def settings_of(centre: FakeCentre, folder: Path) -> AgentSettings:
    reader = {"name": "front", "driver": "serial", "port": str(folder / "no-tty"), "access_point": "pool"}
    values = {"data_dir": folder / "door", "centre_url": centre.url, "http_port": 0, "uplink": "http"}
    return AgentSettings.of({**values, "readers": [reader]})


@contextmanager
def running(settings: AgentSettings) -> Iterator[Agent]:
    agent = Agent(settings)
    agent.start()
    try:
        yield agent
    finally:
        agent.stop()


def put_here(agent: Agent, *moves: str) -> None:
    wait_until(lambda: agent.ledger.is_usable and heard_at(agent.ledger) == list(moves), what="what the office did")


def test_a_ledger_that_cannot_keep_the_feed_is_a_storage_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The door is out of service, the log names the storage and not the centre; both end with the fault."""
    with FakeCentre(tmp_path, sample(KEY)) as centre:
        settings = settings_of(centre, tmp_path)
        enroll(settings, CODE)
        with running(settings) as agent:
            wait_until(lambda: agent.cache.state, what="a cache")
            for trigger in (PROBE, ACT):
                agent.ledger.rows(trigger)
            centre.put(act(Move.IN, at=datetime.now(UTC)))
            agent.feed.catch_up()
            wait_until(lambda: agent.status("pool").cause is Cause.STORAGE, what="the fault")
            with closing(sqlite3.connect(settings.data_dir / "ledger.db")) as connection:
                for name in ("no_probe", "no_act"):
                    connection.execute(f"DROP TRIGGER {name}")
            put_here(agent, "in")
            wait_until(lambda: agent.status("pool").cause is not Cause.STORAGE, what="the door in service")
    shown = capsys.readouterr().out
    assert "feed_not_kept" in shown
    assert "LedgerFault" in shown
    assert "centre_not_reached" not in shown


def damage(ledger: Path, copy: Path) -> None:
    """One page of it is rot: it is set aside and what can be read carried over."""
    with closing(sqlite3.connect(ledger)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'scans_place'").fetchone()
    with ledger.open("rb+") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def put_back(ledger: Path, copy: Path) -> None:
    """An older copy takes its place."""
    shutil.copyfile(copy, ledger)


def begin_anew(ledger: Path, copy: Path) -> None:
    """It is gone, and the door enrolled again beside the cache that it had."""
    ledger.unlink()


@pytest.mark.parametrize("harm", [damage, put_back, begin_anew])
def test_a_ledger_that_lacks_acts_asks_for_them_at_once(harm: Callable[[Path, Path], None], tmp_path: Path) -> None:
    """By one snapshot, although the cache is as new as can be; a start after that fetches none."""
    now = datetime.now(UTC)
    with FakeCentre(tmp_path, [*sample(KEY), act(Move.OUT, at=now - timedelta(minutes=2))]) as centre:
        settings = settings_of(centre, tmp_path)
        ledger, copy = settings.data_dir / "ledger.db", tmp_path / "copy.db"
        enroll(settings, CODE)
        with running(settings) as agent:
            put_here(agent, "out")
            with closing(sqlite3.connect(ledger)) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
            wait_until(lambda: agent.feed.is_connected, what="a centre that was heard")
            centre.put(act(Move.IN, at=now - timedelta(minutes=1)))
            agent.feed.catch_up()
            wait_until(lambda: agent.cache.state and agent.cache.state.mark.seq == centre.seq, what="the delta")
        harm(ledger, copy)
        if not ledger.exists():
            enroll(settings, CODE)
        before = centre.requests.count(SNAPSHOT_PATH)
        with running(settings) as agent:
            put_here(agent, "out", "in")
            wait_until(lambda: agent.feed.is_connected, what="a centre that was heard")
        with running(settings) as agent:
            wait_until(lambda: agent.feed.is_connected, what="a centre that was heard")
        assert centre.requests.count(SNAPSHOT_PATH) == before + 1


def test_acts_are_whole_only_on_top_of_those_before(tmp_path: Path) -> None:
    """What comes to a ledger without the ones before, or with a gap, does not make it whole; a snapshot does."""
    path = tmp_path / "ledger.db"
    with closing(SqliteLedger(path)) as ledger:
        acts = OfficeActs(ledger, now=lambda: NOW)
        at = [CacheMark(epoch="e1", seq=seq) for seq in range(5)]
        acts.take([act(Move.IN)], at[1], at[2])
        assert not acts.has_all(at[1])
        acts.take([], None, at[2])
        assert acts.has_all(at[2])
        acts.take([act(Move.OUT)], at[2], None)
        assert not acts.has_all(at[3])
        acts.take([act(Move.OUT)], at[2], at[4])
        assert acts.has_all(at[4])
        acts.take([], None, at[1])
        assert acts.has_all(at[4])
        assert not acts.has_all(CacheMark(epoch="e2", seq=0))
