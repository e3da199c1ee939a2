"""Recording events: once each, in any order; odd ones flagged or parked, never refused, never merged."""

from __future__ import annotations

import itertools
import json
import random
import shutil
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from access.domain.reasons import Reason
from access.wire.receipts import Receipt
from access.wire.topics import Channel, DeviceTopic
from server.db import Commit, Database
from server.ingest.quarantine import MAX_KEPT_PER_DEVICE
from server.ingest.service import record_batch, record_state
from server.models import Alarm, Device, Event, FeedEntry, PassUse, QuarantinedMessage


@pytest.fixture
def record(club: Database, now: Any) -> Callable[..., Receipt | None]:
    """Records a batch in a transaction of its own."""

    def record(topic: DeviceTopic, raw: bytes, later: timedelta = timedelta()) -> Receipt | None:
        with club.write() as session:
            return record_batch(session, topic, raw, now=now + later)

    return record


def rows(database: Database, model: type[Any]) -> list[Any]:
    """Every row of a table."""
    with database.read() as session:
        return list(session.scalars(select(model)))


def alarms(database: Database) -> set[str]:
    """The kinds of alarms that were raised."""
    return {alarm.kind for alarm in rows(database, Alarm)}


def test_an_event_is_stored_as_it_was_said(club: Database, record: Any, pen: Any) -> None:
    """The row tells what the event tells; the body is its canonical JSON; whoever listens hears of it once."""
    heard: list[Commit] = []
    club.commits.subscribe(heard.append)
    door = pen("door")
    event = door.use(reasons=["balance_due"], outcome="review", staff="kim", note="é")
    said = record(door.topic, door.batch(event))
    assert said == Receipt(device="door", through_seq=1, max_seq=1)
    (row,) = rows(club, Event)
    assert json.loads(row.body) == event
    assert (row.id, row.seq, row.account_id, row.person_id) == (event["id"], 1, "family", "ann")
    assert (row.outcome, row.reasons, row.pass_type, row.pass_name) == ("review", ["balance_due"], "multipass", "Pool")
    assert (row.staff_id, row.flags, row.is_offline) == ("kim", [], False)
    assert [each for commit in heard for each in commit.events] == [("club", event["id"])]
    record(door.topic, door.batch(event))
    assert [each for commit in heard for each in commit.events] == [("club", event["id"])]


def test_thousands_of_reasons_stop_no_engine(club: Database, record: Any, pen: Any) -> None:
    """They stand in an index: each once, however often a door says it; the body keeps what was said."""
    chosen = random.Random(3)
    said = [chosen.choice(list(Reason)).value for _ in range(2000)]
    door = pen("door")
    event = door.event(kind="denied", outcome="denied", reasons=said)
    assert record(door.topic, door.batch(event)).through_seq == 1
    (row,) = rows(club, Event)
    assert row.reasons == list(dict.fromkeys(said))
    assert json.loads(row.body)["reasons"] == said


def test_the_account_is_found_by_the_person(club: Database, record: Any, pen: Any) -> None:
    """A door that named only the person still shows up in the account's activity; strangers are stored too."""
    door = pen("door")
    record(door.topic, door.batch(door.event(account=None), door.event(person="nobody", account=None)))
    assert {(row.person_id, row.account_id) for row in rows(club, Event)} == {("ann", "family"), ("nobody", None)}


def test_gaps_are_told_until_they_are_filled(record: Any, pen: Any) -> None:
    """Receipts name what is missing; the late batch closes the gap."""
    door = pen("door")
    events = [door.event() for _ in range(6)]
    assert record(door.topic, door.batch(events[0], events[3], events[5])) == Receipt(
        device="door", through_seq=1, max_seq=6, gaps=((2, 3), (5, 5))
    )
    assert record(door.topic, door.batch(*events[1:5])) == Receipt(device="door", through_seq=6, max_seq=6)


@pytest.mark.parametrize("what", ["id", "seq"])
def test_two_bodies_under_one_name_are_never_merged(club: Database, record: Any, pen: Any, what: str) -> None:
    """The first stays, the second is parked with an alarm, and nothing behind it waits."""
    door = pen("door")
    first = door.event()
    record(door.topic, door.batch(first))
    second = door.event(id=first["id"]) if what == "id" else {**door.event(), "seq": 1}
    said = record(door.topic, door.batch(second, door.event(seq=3)))
    assert {row.body for row in rows(club, Event) if row.id == first["id"]} == {_canonical(first)}
    (kept,) = rows(club, QuarantinedMessage)
    assert (kept.reason, json.loads(kept.payload)) == (f"conflicting_{what}", second)
    assert "conflicting_event" in alarms(club)
    assert said.covers(3)
    assert said.covers(second["seq"])


def test_a_bad_event_is_parked_and_the_others_go_on(club: Database, record: Any, pen: Any) -> None:
    """Its number is counted as received and named, so that the door stops offering it; the chain runs through it."""
    door = pen("door")
    events = [door.event(), door.event(kind="levitated"), door.event()]
    said = record(door.topic, door.batch(*events))
    assert said == Receipt(device="door", through_seq=3, max_seq=3, parked=(2,))
    assert {row.seq for row in rows(club, Event)} == {1, 3}
    assert all(row.flags == [] for row in rows(club, Event))
    (kept,) = rows(club, QuarantinedMessage)
    assert (kept.seq, kept.reason) == (2, "malformed")
    assert record(door.topic, door.batch(door.event())).parked == (2,)


@pytest.mark.parametrize(
    "odd",
    [
        "text",
        17,
        None,
        {},
        {"seq": "1"},
        {"seq": True},
        {"seq": -1},
        {"seq": 2**53 - 1},
        {"v": 2, "seq": 9},
        {"seq": 9, "note": "\ud800"},
        {"v": 1, "seq": 9, "id": "x\x00y"},
    ],
)
def test_no_odd_event_spoils_its_batch(club: Database, record: Any, pen: Any, odd: Any) -> None:
    """Whatever stands in the list, the good events beside it are recorded."""
    door = pen("door")
    good = [door.event(), door.event()]
    raw = json.dumps({"v": 1, "device": "door", "events": [good[0], odd, good[1]]}).encode()
    said = record(door.topic, raw)
    assert said.through_seq == 2
    assert len(rows(club, Event)) == 2
    assert len(rows(club, QuarantinedMessage)) == 1


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "malformed"),
        (b"\x00\xff\xfe", "malformed"),
        (b"[1]", "malformed"),
        (b'{"v":1', "malformed"),
        (b'{"v":2,"device":"door","events":[{}]}', "unsupported_version"),
        (b'{"v":1,"device":"door","events":[]}', "malformed"),
        (b'{"v":1,"device":"other","events":[{}]}', "malformed"),
        (b'{"v":1,"device":"door","events":[{}],"more":1}', "malformed"),
        (b'{"v":1,"device":"door","events":' + b"[" * 30_000, "malformed"),
        (b'{"v":1,"device":"door","events":[{"seq":9223372036854775808}]}', "malformed"),
        (b"x" * 10_000_000, "malformed"),
    ],
    ids=range(11),
)
def test_bytes_that_are_no_batch_go_to_quarantine(
    club: Database, record: Any, pen: Any, raw: bytes, reason: str
) -> None:
    """A bounded copy, counted when it comes again, with an alarm; and the door goes on as before."""
    door = pen("door")
    assert record(door.topic, raw) is None
    assert record(door.topic, raw) is None
    (kept,) = rows(club, QuarantinedMessage)
    assert (kept.reason, kept.times, kept.payload_size) == (reason, 2, len(raw))
    assert len(kept.payload) == min(len(raw), 65_536)
    assert alarms(club) == {"message_quarantined"}
    assert record(door.topic, door.batch(door.event())).through_seq == 1


def test_the_quarantine_of_a_babbling_device_is_bounded(sqlite_club: Database, pen: Any, now: Any) -> None:
    """After a thousand different messages it says so once, and keeps no more of those that tell no place."""
    door = pen("door")
    with sqlite_club.write() as session:
        for number in range(MAX_KEPT_PER_DEVICE + 5):
            record_batch(session, door.topic, b"babble %d" % number, now=now)
    assert len(rows(sqlite_club, QuarantinedMessage)) == MAX_KEPT_PER_DEVICE
    assert "quarantine_full" in alarms(sqlite_club)
    with sqlite_club.write() as session:
        assert record_batch(session, door.topic, door.batch(door.event(kind="odd")), now=now).parked == (1,)
    assert len(rows(sqlite_club, QuarantinedMessage)) == MAX_KEPT_PER_DEVICE + 1


@pytest.mark.parametrize(
    "topic",
    [
        DeviceTopic("club", "main", "stranger", Channel.EVENTS),
        DeviceTopic("other", "main", "door", Channel.EVENTS),
        DeviceTopic("club", "elsewhere", "door", Channel.EVENTS),
        DeviceTopic("club", "main", "x" * 3000, Channel.EVENTS),
    ],
    ids=["device", "organization", "site", "long"],
)
def test_the_topic_must_be_the_devices_own(club: Database, record: Any, pen: Any, topic: DeviceTopic) -> None:
    """Another organization, site or name: nothing is recorded."""
    assert record(topic, pen("door").batch(pen("door").event())) is None
    assert rows(club, Event) == []
    assert [kept.reason for kept in rows(club, QuarantinedMessage)] == ["unknown_device"]


def test_a_revoked_device_is_refused_at_once(club: Database, record: Any, pen: Any, now: Any) -> None:
    """Its messages lie in quarantine and it gets no receipt."""
    door = pen("door")
    with club.write() as session:
        session.get_one(Device, "door").revoked_at = now
    assert record(door.topic, door.batch(door.event())) is None
    assert rows(club, Event) == []
    assert [kept.reason for kept in rows(club, QuarantinedMessage)] == ["device_revoked"]
    assert [kept.detail for kept in rows(club, QuarantinedMessage)] == ["events"]


def test_an_event_of_another_device_inside_the_batch_is_parked(club: Database, record: Any, pen: Any) -> None:
    """The batch is the door's, the event says it is somebody else's."""
    door = pen("door")
    assert record(door.topic, door.batch(door.event(device="other"))).parked == (1,)
    assert rows(club, Event) == []


def test_flags_say_what_is_odd(club: Database, record: Any, pen: Any, now: Any) -> None:
    """Late, ahead of the centre's clock, at a place that is not the site's: stored and flagged."""
    door = pen("door")
    ahead = (now + timedelta(hours=1)).isoformat()
    events = [door.event(), door.event(occurred_at=ahead), door.event(access_point="roof")]
    record(door.topic, door.batch(*events), later=timedelta(minutes=5))
    late = door.event(is_offline=True)
    record(door.topic, door.batch(late), later=timedelta(minutes=5, seconds=1))
    flags = {row.seq: row.flags for row in rows(club, Event)}
    assert flags == {1: [], 2: ["ahead_of_time"], 3: ["unknown_access_point"], 4: ["late"]}
    absurd = [door.event(occurred_at=at) for at in ("0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z")]
    record(door.topic, door.batch(*absurd))
    flags = {row.seq: row.flags for row in rows(club, Event)}
    assert (flags[5], flags[6]) == (["late", "long_ago"], ["ahead_of_time"])


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_broken_chain_is_located_in_any_order(club: Database, record: Any, pen: Any, order: tuple[int, ...]) -> None:
    """The event after the edited one is flagged, whichever of them comes first."""
    door = pen("door")
    events = [door.event() for _ in range(3)]
    events[0] = {**events[0], "note": "edited afterwards"}
    for index in order:
        record(door.topic, door.batch(events[index]))
    assert {row.seq: row.flags for row in rows(club, Event)} == {1: [], 2: ["chain_broken"], 3: []}
    assert "chain_broken" in alarms(club)


def test_the_first_event_chains_to_nothing(club: Database, record: Any, pen: Any) -> None:
    """A first event that claims one before it is flagged."""
    door = pen("door")
    record(door.topic, door.batch(door.event(prev="1" * 64)))
    assert [row.flags for row in rows(club, Event)] == [["chain_broken"]]


def test_a_use_of_an_unknown_pass_is_kept_and_flagged(club: Database, record: Any, pen: Any) -> None:
    """It happened; whose pass it was is for an admin to find out."""
    door = pen("door")
    record(door.topic, door.batch(door.use("lost"), door.use("pass")))
    assert {row.pass_id: row.flags for row in rows(club, Event)} == {"lost": ["unknown_pass"], "pass": []}
    assert len(rows(club, PassUse)) == 2


def test_doors_hear_of_uses_and_of_what_was_given_back(club: Database, record: Any, pen: Any) -> None:
    """Each reaches the feed once."""
    door = pen("door")
    used = door.use()
    record(door.topic, door.batch(used))
    record(door.topic, door.batch(used, door.undo(used)))
    record(door.topic, door.batch(used))
    said = [json.loads(row.body) for row in rows(club, FeedEntry) if row.kind == "pass_use"]
    assert [body.get("is_undone", False) for body in said] == [False, True]


def test_nul_in_a_name_does_not_stop_postgresql(club: Database, record: Any, pen: Any) -> None:
    """The body keeps it, the column that is searched does not."""
    door = pen("door")
    named = {"type": "membership", "id": "m", "name": "a\x00b"}
    assert record(door.topic, door.batch(door.event(entitlement=named))).through_seq == 1
    (row,) = rows(club, Event)
    assert row.pass_name == "ab"
    assert json.loads(row.body)["entitlement"]["name"] == "a\x00b"


def test_a_state_is_kept_and_a_bad_one_is_quarantined(club: Database, now: Any) -> None:
    """The newest state of the door is on its row."""
    topic = DeviceTopic("club", "main", "door", Channel.STATE)
    with club.write() as session:
        good = b'{"v":1,"device":"door","connection":"online","version":"1.2","readers":{"r1":"ready\\u0000"}}'
        record_state(session, topic, good, now=now)
        record_state(session, topic, b'{"v":1,"device":"other","connection":"online"}', now=now)
        record_state(session, topic, b"\xff", now=now)
    with club.read() as session:
        device = session.get_one(Device, "door")
        assert device.last_state is not None
        assert device.last_state["connection"] == "online"
        assert (device.version, device.last_seen_at) == ("1.2", now)
    assert len(rows(club, QuarantinedMessage)) == 2


_STEPS = st.lists(st.sampled_from(["use", "visit", "undo", "gap", "twin"]), min_size=1, max_size=12)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=_STEPS, data=st.data())
def test_any_order_and_repetition_ends_the_same(
    steps: list[str],
    data: st.DataObject,
    pen: Any,
    now: Any,
    migrated_file: Path,
    fill_club: Callable[[Database], None],
) -> None:
    """Two centres that hear the same events of two doors, split, shuffled and repeated, know the same in the end."""
    doors = [pen("door"), pen("door2")]
    events: list[tuple[Any, dict[str, Any]]] = []
    for number, step in enumerate(steps):
        door = doors[number % 2]
        at = (now - timedelta(minutes=number % 4)).isoformat()
        if step == "undo" and events:
            events.append((door, door.undo(events[number // 2 % len(events)][1])))
        elif step == "gap":
            door.event()
        else:
            events.append((door, door.event() if step == "visit" else door.use(occurred_at=at)))
    heard = [data.draw(st.permutations([*events, *events[::2]])) for _ in range(2)]
    first, second = (_outcome(each, now, migrated_file, fill_club) for each in heard)
    assert first == second


def _outcome(heard: list[Any], now: Any, template: Path, fill_club: Callable[[Database], None]) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(template, Path(folder) / "centre.db")
        database = Database(f"sqlite:///{Path(folder) / 'centre.db'}")
        fill_club(database)
        with database.write() as session:
            session.add(Device(id="door2", organization_id="club", site_id="main", name="2", secret_hash="x"))
        receipts = {}
        with database.write() as session:
            for door, event in heard:
                receipts[door.device] = record_batch(session, door.topic, door.batch(event), now=now)
        found = {row.id: (row.body, tuple(row.flags)) for row in rows(database, Event)}
        uses = {(row.id, row.is_undone) for row in rows(database, PassUse)}
        database.close()
        return receipts, found, uses


def test_the_excess_of_an_overdrawn_pass_is_found_and_settles_itself(club: Database, record: Any, pen: Any) -> None:
    """Of five uses of a pass of three, the two latest are flagged; when one is undone, only one."""
    door = pen("door")
    times = [f"2026-03-10T13:5{minute}:00Z" for minute in (4, 0, 3, 1, 2)]
    events = [door.use(occurred_at=at) for at in times]
    record(door.topic, door.batch(*events))

    def overdrawn() -> list[int]:
        return sorted(row.seq for row in rows(club, Event) if "overdrawn" in row.flags)

    assert overdrawn() == [1, 3]
    assert "pass_overdrawn" in alarms(club)
    record(door.topic, door.batch(door.undo(events[1])))
    assert overdrawn() == [1]


def _canonical(document: dict[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
