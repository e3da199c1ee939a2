"""What staff do in the back office counts at every door of the site, by the centre's signed feed, broker or not."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from access.domain.ids import uuid7
from access.domain.office_acts import Move, OfficeAct
from access.domain.people import Text
from access.domain.policy import AccessPoint, AntiPassback, AntiPassbackMode, Capacity
from access.domain.reasons import Outcome, Reason
from access.wire.enrolment import SNAPSHOT_PATH
from access.wire.feed import Body, EntityKind
from edge_agent.agent import Agent
from edge_agent.cache import SqliteCache
from edge_agent.centre import CentreClient
from edge_agent.clock import DoorClock
from edge_agent.desk_directory import DeskDirectory
from edge_agent.desk_lists import DeskLists, Listed
from edge_agent.enrolment import enroll
from edge_agent.errors import LedgerFault
from edge_agent.feed import FeedFollower
from edge_agent.gather import FactsReader
from edge_agent.known_states import KnownStates
from edge_agent.ledger import SqliteLedger
from edge_agent.office_acts import OfficeActs
from edge_agent.settings import AgentSettings
from kiosk.desk_lists import AttendeeState
from tests.component.edge_agent.desk_sample import desk_sample
from tests.component.edge_agent.fake_centre import CODE, FakeCentre
from tests.component.edge_agent.making import NOW, FakeTime
from tests.component.edge_agent.running import wait_until
from tests.component.edge_agent.sample import MEMBER_CARD, PASS_CARD, organization, person
from tests.component.edge_agent.site import KEY, NeighbourDoor, batch, known_doors, topic_of

POINT = {"facility_id": "aquatic", "site_id": "main"}
_numbers = itertools.count(1)


def act(move: Move | None = None, *, person_id: str = "p1", at: datetime = NOW, **given: Any) -> OfficeAct:
    """Something that staff did in the back office."""
    id_ = uuid7(int(at.timestamp() * 1000), next(_numbers).to_bytes(10, "big"))
    who = {"person_id": person_id, "account_id": f"a{person_id[1:]}", "staff_id": "s1"}
    return OfficeAct(id=id_, at=at, move=move, **{"access_point": "pool", **who, **given})


class Doors:
    """Two doors of one facility, on clocks of the test's."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.time = FakeTime()
        point = POINT | settings
        things: list[Body] = [
            organization(),
            AccessPoint(id="pool", name=Text("Pool"), **point),
            AccessPoint(id="slide", name=Text("Slide"), **point),
            *known_doors(door_1="pool", door_2="slide"),
            *person(1, KEY, card=MEMBER_CARD),
            *person(2, KEY, card=PASS_CARD, total=5),
        ]
        self.pool = NeighbourDoor(folder / "1", "door-1", things, self.time, point="pool")
        self.slide = NeighbourDoor(folder / "2", "door-2", things, self.time, point="slide")

    def told(self, *acts: OfficeAct) -> None:
        """The feed brings both doors what the office did."""
        for door in (self.pool, self.slide):
            OfficeActs(door.ledger, now=lambda: self.time.at).take(acts, None, None)


@pytest.fixture
def make_doors(tmp_path: Path) -> Iterator[Any]:
    made: list[Doors] = []

    def make(**settings: Any) -> Doors:
        made.append(Doors(tmp_path, **settings))
        return made[-1]

    yield make
    for doors in made:
        doors.pool.close()
        doors.slide.close()


def test_who_came_in_at_the_office_does_not_come_in_again(make_doors: Any) -> None:
    """At no door of the facility, until the office or a door says that the person left."""
    doors = make_doors(anti_passback=AntiPassback(mode=AntiPassbackMode.HARD))
    doors.told(act(Move.IN))
    doors.time.pass_(60)
    assert doors.slide.scan(MEMBER_CARD).reasons == (Reason.ANTI_PASSBACK,)
    doors.told(act(Move.OUT, at=doors.time.at))
    doors.time.pass_(60)
    assert doors.slide.scan(MEMBER_CARD).outcome is Outcome.GRANTED


def test_an_entry_that_the_office_undid_is_none_at_any_door(make_doors: Any) -> None:
    """Neither at the door that had recorded it nor at the one that had heard of it; its use is given back."""
    doors = make_doors(anti_passback=AntiPassback(mode=AntiPassbackMode.HARD))
    entered = doors.pool.scan(PASS_CARD)
    doors.slide.hear(doors.pool)
    doors.time.pass_(60)
    undone = act(person_id="p2", at=doors.time.at, undoes=entered.id)
    doors.told(undone, undone)
    assert [use.is_undone for use in doors.pool.ledger.uses("a2")] == [True]
    assert [use.is_undone for use in doors.slide.heard.uses("a2")] == [True]
    assert doors.slide.scan(PASS_CARD).outcome is Outcome.GRANTED
    assert doors.pool.scan(PASS_CARD).outcome is Outcome.GRANTED


def test_order_and_repetition_do_not_matter(make_doors: Any) -> None:
    """An entry, its undoing and another person's entry, in any order and twice: one is inside."""
    doors = make_doors(capacity=Capacity(limit=5))
    entry, other = act(Move.IN), act(Move.IN, person_id="p2")
    acts = (entry, other, act(at=NOW + timedelta(seconds=1), undoes=entry.id))
    for order in itertools.permutations(acts):
        for each in (*order, *order):
            doors.told(each)
        since = NOW - timedelta(hours=1)
        assert [door.heard.inside(["pool", "slide"], since) for door in (doors.pool, doors.slide)] == [1, 1]
        for door in (doors.pool, doors.slide):
            door.ledger.rows("DELETE FROM heard")


def test_no_device_can_speak_as_the_office(make_doors: Any) -> None:
    """What undoes another door's entry and has not come by the feed counts for nothing."""
    doors = make_doors(anti_passback=AntiPassback(mode=AntiPassbackMode.HARD))
    entered = doors.pool.scan(MEMBER_CARD)
    lie = doors.pool.said()[0] | {"kind": "undone", "refers_to": entered.id, "device": "", "seq": 1}
    doors.slide.hear(doors.pool)
    for device in ("", "door-1"):
        doors.slide.hear_message(topic_of(device), batch(device, lie | {"id": act().id}))
    doors.time.pass_(60)
    assert doors.slide.scan(MEMBER_CARD).reasons == (Reason.ANTI_PASSBACK,)


def test_no_device_can_take_the_place_of_an_act(make_doors: Any) -> None:
    """Who hears the feed first may claim something else under the same id: what is under the seal stands."""
    doors = make_doors(anti_passback=AntiPassback(mode=AntiPassbackMode.HARD))
    came = act(Move.IN)
    doors.pool.scan(PASS_CARD)
    lie = doors.pool.said()[0] | {"id": came.id}
    doors.slide.hear_message(topic_of("door-1"), batch("door-1", lie))
    assert doors.slide.heard.count("door-1") == 1
    doors.told(came)
    doors.slide.hear_message(topic_of("door-1"), batch("door-1", lie))
    doors.time.pass_(60)
    assert doors.slide.scan(MEMBER_CARD).reasons == (Reason.ANTI_PASSBACK,)


def lists_of(door: NeighbourDoor) -> dict[str, Listed]:
    """What a door's list of the lesson says, by person."""
    directory = DeskDirectory(door.cache, door.ledger)
    with closing(directory):
        lists = DeskLists(directory, door.ledger, DoorClock(FakeTime()), is_told=lambda rules, since: True)
        return lists.listed("monday")


def test_marks_of_the_office_and_of_neighbours_are_on_every_list(make_doors: Any) -> None:
    """Absent by the office, a note made at another door's desk, and come by the office after all."""
    doors = make_doors()
    doors.told(act(Move.ABSENT, occurrence_id="monday"))
    told = lists_of(doors.pool)["p1"]
    assert (told.state, told.staff_id) == (AttendeeState.ABSENT, "s1")
    doors.slide.scan("unknown")
    base = {key: doors.slide.said()[0][key] for key in ("v", "boot_id", "clock", "is_offline", "access_point")}
    place = {"type": "session", "id": "r9", "name": "Swim", "occurrence_id": "monday"}
    said = base | {
        "device": "door-2",
        "kind": "attendance_marked",
        "outcome": "granted",
        "monotonic_ms": 1,
        "occurred_at": "2026-11-20T15:00:05.000Z",
        "person": "p1",
        "account": "a1",
        "staff": "s2",
        "entitlement": place,
    }
    noted = said | {"id": act().id, "seq": 2, "prev": "0" * 64, "note": "Leaves early"}
    doors.pool.hear_message(topic_of("door-2"), batch("door-2", noted))
    assert lists_of(doors.pool)["p1"] == replace(told, note="Leaves early")
    gone = said | {"id": act().id, "seq": 3, "prev": "0" * 64, "mark": "expected"}
    gone["occurred_at"] = "2026-11-20T15:00:06.000Z"
    doors.pool.hear_message(topic_of("door-2"), batch("door-2", gone))
    listed = lists_of(doors.pool)["p1"]
    assert (listed.state, listed.staff_id, listed.note) == (AttendeeState.EXPECTED, "s2", "Leaves early")
    doors.told(act(Move.IN, at=NOW + timedelta(seconds=9), occurrence_id="monday"))
    doors.time.pass_(10)
    assert lists_of(doors.pool)["p1"].state is AttendeeState.IN


def test_the_feed_brings_them_also_to_a_door_that_was_away(tmp_path: Path) -> None:
    """In the snapshot that a door starts with, and as deltas; no broker is there. The cache keeps none of it, and the
    ledger of a revoked door neither."""
    key = hashlib.sha256(b"fingerprints").digest()
    now = datetime.now(UTC)
    with FakeCentre(tmp_path, [*desk_sample(key), act(Move.ABSENT, person_id="p9", at=now)]) as centre:
        reader = {"name": "front", "driver": "serial", "port": str(tmp_path / "no-tty"), "access_point": "pool"}
        settings = AgentSettings.of(
            {
                "data_dir": tmp_path / "door",
                "centre_url": centre.url,
                "http_port": 0,
                "uplink": "http",
                "readers": [reader],
            }
        )
        enroll(settings, CODE)
        agent = Agent(settings)
        agent.start()
        try:
            wait_until(lambda: heard_at(agent.ledger) == ["absent"], what="the snapshot's act")
            centre.put(act(Move.IN, person_id="p9", at=now + timedelta(seconds=1)))
            wait_until(lambda: heard_at(agent.ledger) == ["absent", "in"], what="the delta's act")
            wait_until(lambda: agent.cache.state and agent.cache.state.mark.seq == centre.seq, what="the delta")
            with closing(FactsReader(agent.cache, agent.ledger)) as facts:
                kinds = facts.reading(
                    lambda connection: connection.execute("SELECT DISTINCT kind FROM entity").fetchall()
                )
            assert (EntityKind.OFFICE_ACT.value,) not in kinds
            agent.wiper.revoke()
            agent.feed.catch_up()
            wait_until(lambda: agent.cache.state, what="a snapshot that was on its way")
            assert heard_at(agent.ledger) == []
        finally:
            agent.stop()


def test_a_ledger_that_takes_nothing_leaves_no_snapshots_behind(tmp_path: Path) -> None:
    """Each try fetches a whole one; the disk that may be the trouble is not filled with them."""
    folder, door = tmp_path / "centre", tmp_path / "door"
    folder.mkdir()
    door.mkdir()
    with FakeCentre(folder, [organization(), act(Move.IN)]) as centre:
        identity = centre.enrolment()
        ledger = SqliteLedger(door / "ledger.db")
        cache = SqliteCache(door, organization=identity.organization, site=identity.site)
        feed = FeedFollower(
            identity,
            cache,
            KnownStates(ledger),
            DoorClock(FakeTime(datetime.now(UTC))),
            CentreClient.for_device(centre.url, identity),
            is_mqtt_up=lambda: False,
            on_acts=lambda acts, since, through: refuse(),
        )
        feed.start()
        wait_until(lambda: centre.requests.count(SNAPSHOT_PATH) >= 2, what="two tries")
        feed.stop()
        ledger.close()
        assert cache.state is None
        assert [path.name for path in door.glob("cache*")] == []


def refuse() -> None:
    """As a ledger on a full disk."""
    raise LedgerFault("cannot write the ledger: full")


def heard_at(ledger: SqliteLedger) -> list[str]:
    """What a ledger has heard, oldest first."""
    return [move for (move,) in ledger.rows("SELECT coalesce(movement, mark) FROM heard ORDER BY at")]
