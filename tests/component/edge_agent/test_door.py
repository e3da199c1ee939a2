"""The way of a scan on real files: what is recorded, released and shown, in which order, and what never is."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from access.domain.people import Text
from access.domain.policy import AccessPoint, Capacity, Direction
from access.domain.reasons import Outcome, Reason
from access.wire.events import Event, EventKind
from access.wire.feed import Body, FeedDelta
from edge_agent.cache import Applied, SqliteCache
from edge_agent.clock import DoorClock
from edge_agent.door import Door, Place, Scan
from edge_agent.gather import FactsReader
from edge_agent.guessing import GuessGuard
from edge_agent.ledger import SqliteLedger
from tests.component.edge_agent.fake_centre import FakeCentre
from tests.component.edge_agent.making import FakeTime, install_cache, read
from tests.component.edge_agent.sample import MEMBER_CARD, PASS_CARD, REVOKED_CARD, sample

KEY = hashlib.sha256(b"fingerprints").digest()


class Rig:
    """A door on real files, with clock, relay and screen in the test's hands."""

    def __init__(self, folder: Path, bodies: list[Body] | None = None) -> None:
        self.centre = FakeCentre(folder, [])
        self.time = FakeTime()
        self.log: list[str] = []
        self.ledger = SqliteLedger(folder / "ledger.db")
        self.folder = folder
        self.cache = (
            install_cache(folder, bodies)
            if bodies is not None
            else SqliteCache(folder, organization="maple", site="main")
        )
        self.facts = FactsReader(self.cache, self.ledger)
        self.door = self._door()

    def restart(self) -> None:
        """A new process on the same files."""
        self.ledger.close()
        self.ledger = SqliteLedger(self.folder / "ledger.db")
        self.facts = FactsReader(self.cache, self.ledger)
        self.door = self._door()

    def _door(self) -> Door:
        return Door(
            self.centre.enrolment(),
            ledger=self.ledger,
            facts=self.facts,
            clock=DoorClock(self.time),
            places={"front": Place("pool"), "exit": Place("pool", Direction.OUT), "attic": Place("attic")},
            is_connected=lambda: False,
            release=self._release,
            answer=self._answer,
            guard=GuessGuard(burst=3),
        )

    def scan(self, code: str | bytes, reader: str = "front", **more: Any) -> Scan | None:
        """Presents a code."""
        data = code.encode() if isinstance(code, str) else code
        return self.door.handle(read(data, reader=reader, **more))

    def event(self, code: str | bytes, reader: str = "front", **more: Any) -> Event:
        """Presents a code and expects a record."""
        scan = self.scan(code, reader, **more)
        assert scan is not None
        return scan.event

    def recorded(self) -> int:
        """How many events another process would see in the file."""
        connection = sqlite3.connect(self.folder / "ledger.db")
        count = connection.execute("SELECT count(*) FROM events").fetchone()[0]
        connection.close()
        return int(count)

    def delta(self, *bodies: Body, after: int = 1) -> FeedDelta:
        """A delta of the centre with these bodies."""
        self.centre.seq = after
        return self.centre.put(*bodies)

    def close(self) -> None:
        """Gives the files back."""
        self.facts.close()
        self.cache.close()
        self.ledger.close()

    def _release(self, point: str, seconds: float) -> None:
        self.log.append(f"release {point} {seconds} after {self.recorded()} events")

    def _answer(self, scan: Scan) -> None:
        self.log.append(f"show {scan.event.outcome}")


def events_of(rig: Rig) -> list[Event]:
    """Everything that is recorded."""
    return [Event.from_bytes(row[0].encode()) for row in rig.ledger.rows("SELECT body FROM events ORDER BY seq")]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path, sample(KEY, passes=2))
    yield rig
    rig.close()


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Rig]:
    (tmp_path / "bare").mkdir()
    rig = Rig(tmp_path / "bare")
    yield rig
    rig.close()


def test_a_grant_is_recorded_then_released_then_shown(rig: Rig) -> None:
    """The order is the promise."""
    event = rig.event(MEMBER_CARD)
    assert (event.kind, event.outcome, event.person, event.account) == ("checked_in", Outcome.GRANTED, "p1", "a1")
    assert rig.log == ["release pool 3.0 after 1 events", "show granted"]


def test_an_event_says_what_its_door_knew_and_which_way_it_went(rig: Rig, bare: Rig) -> None:
    """How new the centre's word was that the decision used, unknown cards included; nothing without a cache."""
    told_at = rig.time.at
    rig.time.pass_(3600)
    for code in (MEMBER_CARD, "never seen"):
        assert (rig.event(code).data_as_of, rig.event(code).direction) == (told_at, Direction.IN)
    out = rig.event(MEMBER_CARD, "exit")
    assert (out.data_as_of, out.direction) == (told_at, Direction.OUT)
    repeated = rig.event(MEMBER_CARD, "exit")
    assert (repeated.kind, repeated.direction) == (EventKind.REPEATED, Direction.OUT)
    unknown = bare.event(MEMBER_CARD, "exit")
    assert (unknown.cache, unknown.data_as_of, unknown.direction) == (None, None, Direction.OUT)


def test_a_use_is_taken_once_and_a_repeat_takes_none(rig: Rig) -> None:
    """Two uses: one scan, a repeat, another scan, and then it is empty."""
    first = rig.event(PASS_CARD)
    assert first.entitlement is not None
    assert (first.entitlement.takes_use, first.entitlement.remaining) == (True, 1)
    assert rig.event(PASS_CARD).kind is EventKind.REPEATED
    rig.time.pass_(31)
    second = rig.event(PASS_CARD)
    assert second.entitlement is not None
    assert second.entitlement.remaining == 0
    rig.time.pass_(31)
    third = rig.event(PASS_CARD)
    assert (third.outcome, third.reasons) == (Outcome.DENIED, (Reason.MULTIPASS_DEPLETED,))
    assert len(rig.ledger.uses("a2")) == 2


def test_uses_that_the_centre_tells_again_count_once(rig: Rig) -> None:
    """This door's use comes back with the feed: the union by id is one use."""
    event = rig.event(PASS_CARD)
    (use,) = rig.ledger.uses("a2")
    delta = rig.delta(use)
    entry = delta.entries[0].model_copy(update={"account": "a2"})
    assert rig.cache.apply(delta.model_copy(update={"entries": (entry,)})) is Applied.APPLIED
    rig.time.pass_(31)
    again = rig.event(PASS_CARD)
    assert event.entitlement is not None
    assert again.entitlement is not None
    assert again.entitlement.remaining == 0
    assert again.outcome is Outcome.GRANTED


def test_revoked_and_unknown_cards_are_denied_and_recorded_by_fingerprint(rig: Rig) -> None:
    """Nothing is released, and nothing of the code is stored."""
    assert rig.event(REVOKED_CARD).reasons == (Reason.CARD_REVOKED,)
    unknown = rig.event("424242424242")
    assert unknown.reasons == (Reason.UNKNOWN_CARD,)
    assert rig.log == ["show denied", "show denied"]
    rig.ledger.checkpoint()
    assert b"424242424242" not in (rig.folder / "ledger.db").read_bytes()


@pytest.mark.parametrize(
    ("data", "more"),
    [(b"\xff\xfe\xfa", {}), (b"a\x00b\x07c", {}), (b"", {}), (b"9" * 4096, {"is_oversize": True})],
)
def test_bad_bytes_get_an_answer(rig: Rig, data: bytes, more: dict[str, Any]) -> None:
    """Denied as unreadable, with their length."""
    event = rig.event(data, **more)
    assert event.reasons == (Reason.UNREADABLE_CODE,)
    assert event.credential is not None
    assert event.credential.length == len(data)


def test_going_out_is_never_refused(rig: Rig) -> None:
    """A revoked card, a stranger, and a member: all leave."""
    for code, kind in ((REVOKED_CARD, "checked_out"), ("nobody", "anonymous_exit"), (MEMBER_CARD, "checked_out")):
        event = rig.event(code, "exit")
        assert (event.kind, event.outcome) == (kind, Outcome.GRANTED)
    assert len([line for line in rig.log if line.startswith("release")]) == 3


def test_guessing_slows_unknown_codes_only(rig: Rig) -> None:
    """After the burst strangers get no answer, a member still does."""
    assert [rig.scan(f"guess-{number}") is None for number in range(5)] == [False] * 3 + [True] * 2
    assert rig.event(MEMBER_CARD).outcome is Outcome.GRANTED


def test_what_is_passed_over_becomes_one_event_a_minute(rig: Rig, tmp_path: Path) -> None:
    """No refusal is gone without a trace, and the ledger does not grow with the guesses."""
    for number in range(500):
        rig.scan(f"guess {number}")
    rig.door.settle()
    assert rig.recorded() == 3
    rig.time.pass_(60)
    rig.door.settle()
    rig.door.settle()
    *_, told = events_of(rig)
    assert (told.kind, told.outcome, told.reasons) == ("denied", Outcome.DENIED, (Reason.UNKNOWN_CARD,))
    assert (told.count, told.reader, told.access_point, told.credential) == (497, "front", "pool", None)
    assert rig.recorded() == 4
    rig.time.pass_(600)
    rig.door.settle()
    assert rig.recorded() == 4


def test_the_count_of_guesses_survives_a_kill_and_is_told_once(rig: Rig) -> None:
    """Written down while it grows; after the restart it is recorded at once, and never again."""
    for number in range(100):
        rig.scan(f"guess {number}")
    rig.door.settle()
    rig.restart()
    rig.door.settle()
    assert [each.count for each in events_of(rig)] == [None, None, None, 97]
    rig.restart()
    rig.time.pass_(61)
    rig.door.settle()
    assert len(events_of(rig)) == 4


def test_without_a_cache_nobody_enters_and_everybody_leaves(bare: Rig) -> None:
    """Not ready: no record and no release inward; the way out is recorded and free."""
    assert bare.scan(MEMBER_CARD) is None
    assert bare.log == []
    assert bare.event(MEMBER_CARD, "exit").kind is EventKind.ANONYMOUS_EXIT
    assert bare.log[0].startswith("release pool")


def test_without_a_ledger_nobody_enters_and_everybody_leaves(rig: Rig) -> None:
    """The ledger is gone: the exit opens unrecorded, with an alarm, and no screen says granted."""
    rig.ledger.close()
    assert rig.scan(MEMBER_CARD) is None
    assert rig.scan(MEMBER_CARD, "exit") is None
    assert [line.split(" after")[0] for line in rig.log] == ["release pool 3.0"]


def test_a_door_that_the_centre_does_not_know_opens_for_nobody(rig: Rig) -> None:
    """A reader bound to an access point that is not in the cache."""
    assert rig.scan(MEMBER_CARD, "attic") is None
    assert rig.recorded() == 0


def test_capacity_counts_who_came_and_has_not_left(tmp_path: Path) -> None:
    """One place: the second is refused until the first has left."""
    bodies = [body for body in sample(KEY) if not isinstance(body, AccessPoint)]
    rig = Rig(tmp_path, [*bodies, AccessPoint(id="pool", name=Text("Pool"), capacity=Capacity(limit=1))])
    assert rig.event(MEMBER_CARD).outcome is Outcome.GRANTED
    rig.time.pass_(60)
    assert rig.event(PASS_CARD).reasons == (Reason.CAPACITY_FULL,)
    rig.event(MEMBER_CARD, "exit")
    assert rig.event(PASS_CARD).outcome is Outcome.GRANTED
    rig.close()


def test_a_damaged_cache_grants_nothing_and_is_reported(rig: Rig) -> None:
    """Overwritten pages: no answer from them, and the feed is told to fetch another."""
    path = rig.cache.current_path
    assert path is not None
    rig.cache.close()
    rig.cache.open()
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)
    assert rig.scan(MEMBER_CARD) is None
    assert rig.cache.is_damaged.is_set()
    rig.cache.check()
    assert rig.cache.state is None
    assert rig.log == []


def test_an_entity_that_cannot_be_read_never_helps_anybody(rig: Rig) -> None:
    """A pass whose uses are unreadable opens nothing; an account that is unreadable makes the card unknown."""
    path = rig.cache.current_path
    assert path is not None
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO entity VALUES ('pass_use', 'u1', 'a2', '{\"id\": 1}')")
        connection.execute("UPDATE entity SET body = '[]' WHERE kind = 'account' AND id = 'a1'")
    connection.close()
    assert rig.event(PASS_CARD).reasons == (Reason.NO_ELIGIBLE_ACCESS,)
    assert rig.event(MEMBER_CARD).reasons == (Reason.UNKNOWN_CARD,)


def test_the_canonical_line_names_no_code_and_no_person(rig: Rig) -> None:
    """One line a scan, with fingerprint, outcome and seq."""
    with structlog.testing.capture_logs() as lines:
        rig.event(MEMBER_CARD)
    (line,) = [each for each in lines if each["event"] == "scan"]
    assert (line["outcome"], line["seq"], line["cache_seq"]) == ("granted", 1, 1)
    assert line["credential"] == rig.centre.fingerprint(MEMBER_CARD)
    assert not any(secret in str(lines) for secret in (MEMBER_CARD, "Zoé1", "Tremblay"))


def test_stale_data_degrades_as_the_access_point_says(rig: Rig) -> None:
    """Eight days without the centre: needs review by default."""
    rig.time.pass_(timedelta(days=8).total_seconds())
    assert rig.event(MEMBER_CARD).reasons == (Reason.CACHE_STALE,)
