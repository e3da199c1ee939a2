"""Doors that hear each other agree without a centre; a neighbour that lies can make them stricter, nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import structlog

from access.domain.ids import uuid7
from access.domain.multipasses import Multipass
from access.domain.people import Text
from access.domain.policy import AccessPoint, AntiPassback, AntiPassbackMode, Capacity
from access.domain.reasons import Outcome, Reason
from access.wire.events import EventKind
from access.wire.feed import Body
from edge_agent.heard import MAX_PER_DEVICE
from tests.component.edge_agent.making import FakeTime
from tests.component.edge_agent.sample import MEMBER_CARD, PASS_CARD, organization, person
from tests.component.edge_agent.site import KEY, NeighbourDoor, batch, known_doors, topic_of

FACILITY = {"facility_id": "aquatic", "site_id": "main"}


def bodies(*, passes: int = 2, **settings: Any) -> list[Body]:
    """Two points of one facility, and `gym` outside it; door-1 and door-3 serve the pool."""
    point = FACILITY | settings
    return [
        organization(),
        AccessPoint(id="pool", name=Text("Pool"), **point),
        AccessPoint(id="slide", name=Text("Slide"), **point),
        AccessPoint(id="gym", name=Text("Gym"), site_id="main", **settings),
        *known_doors(door_1="pool", door_2="slide", door_3="pool", door_4="gym"),
        *person(1, KEY, card=MEMBER_CARD),
        *person(2, KEY, card=PASS_CARD, total=passes),
    ]


class Site:
    """Four doors; nothing is heard until a test says so."""

    def __init__(self, folder: Path, things: list[Body]) -> None:
        self.time = FakeTime()
        places = {"door-1": "pool", "door-2": "slide", "door-3": "pool", "door-4": "gym"}
        self.doors = {
            name: NeighbourDoor(folder / name, name, things, self.time, point=point) for name, point in places.items()
        }
        self.pool, self.slide, self.other_pool, self.gym = self.doors.values()

    def close(self) -> None:
        """Gives the files back."""
        for door in self.doors.values():
            door.close()


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[Any]:
    made: list[Site] = []

    def make(things: list[Body]) -> Site:
        made.append(Site(tmp_path / str(len(made)), things))
        return made[-1]

    (tmp_path / "0").mkdir()
    yield make
    for site in made:
        site.close()


def test_a_use_at_one_door_is_missing_at_the_other(make_site: Any) -> None:
    """The last use is spent once; heard twice, it counts once; what the feed says too, counts once."""
    site = make_site(bodies(passes=1))
    assert site.pool.scan(PASS_CARD).outcome is Outcome.GRANTED
    site.slide.hear(site.pool)
    site.slide.hear(site.pool)
    denied = site.slide.scan(PASS_CARD)
    assert (denied.outcome, denied.reasons) == (Outcome.DENIED, (Reason.MULTIPASS_DEPLETED,))


def test_without_hearing_both_spend_it(make_site: Any) -> None:
    """What the centre later finds overdrawn: nobody told the second door."""
    site = make_site(bodies(passes=1))
    assert site.pool.scan(PASS_CARD).outcome is site.slide.scan(PASS_CARD).outcome is Outcome.GRANTED


def test_order_and_repetition_do_not_matter(make_site: Any) -> None:
    """An undo before its use, everything twice, any order: the same is left."""
    site = make_site(bodies(passes=5))
    said = [document(site, number) for number in range(1, 4)]
    undo = document(site, 4, kind="undone", refers_to=said[0]["id"], outcome="granted")
    for order in itertools.permutations([*said, undo]):
        door = make_like(site, "door-2")
        for each in (*order, *order):
            door.hear_message(topic_of("door-1"), batch("door-1", each))
        kept = [use for use in door.heard.uses("a2") if not use.is_undone]
        assert {use.id for use in kept} == {said[1]["id"], said[2]["id"]}
        door.close()


def test_passing_back_through_another_door_of_the_facility(make_site: Any) -> None:
    """Who is in by one door does not come in by another of the facility; leaving by any of them ends it."""
    site = make_site(bodies(anti_passback=AntiPassback(mode=AntiPassbackMode.HARD)))
    site.pool.scan(MEMBER_CARD)
    site.slide.hear(site.pool)
    site.gym.hear(site.pool)
    site.time.pass_(60)
    assert site.slide.scan(MEMBER_CARD).reasons == (Reason.ANTI_PASSBACK,)
    assert site.gym.scan(MEMBER_CARD).outcome is Outcome.GRANTED
    site.time.pass_(60)
    site.other_pool.scan(MEMBER_CARD, "back")
    site.slide.hear(site.other_pool)
    assert site.slide.scan(MEMBER_CARD).outcome is Outcome.GRANTED


def test_an_undone_entry_is_no_presence(make_site: Any) -> None:
    """The barrier said that nobody went through."""
    site = make_site(bodies(anti_passback=AntiPassback(mode=AntiPassbackMode.HARD)))
    entered = site.pool.scan(MEMBER_CARD)
    site.slide.hear(site.pool)
    undone = document(site, 2, kind="undone", refers_to=entered.id)
    site.slide.hear_message(topic_of("door-1"), batch("door-1", undone))
    site.time.pass_(60)
    assert site.slide.scan(MEMBER_CARD).outcome is Outcome.GRANTED


def test_the_facility_is_full_at_every_door(make_site: Any) -> None:
    """Occupancy counts everybody once, wherever they came in."""
    site = make_site(bodies(capacity=Capacity(limit=1)))
    site.pool.scan(MEMBER_CARD)
    site.slide.hear(site.pool)
    site.slide.hear(site.pool)
    assert site.slide.scan(PASS_CARD).reasons == (Reason.CAPACITY_FULL,)
    assert site.gym.scan(PASS_CARD).outcome is Outcome.GRANTED


def test_a_second_door_of_the_point_repeats(make_site: Any) -> None:
    """The same person at the same point within the window: granted again, no second use; also with the last one."""
    site = make_site(bodies(passes=1))
    site.pool.scan(PASS_CARD)
    site.other_pool.hear(site.pool)
    site.time.pass_(5)
    again = site.other_pool.scan(PASS_CARD)
    assert (again.kind, again.entitlement) == (EventKind.REPEATED, None)
    site.time.pass_(60)
    assert site.other_pool.scan(PASS_CARD).outcome is Outcome.DENIED


def test_a_told_entry_alone_opens_nothing(make_site: Any) -> None:
    """A neighbour claims that somebody without anything left just came in here: still denied."""
    site = make_site(bodies(passes=0))
    claim = document(site, 1, device="door-3", access_point="pool")
    site.pool.hear_message(topic_of("door-3"), batch("door-3", claim))
    assert site.pool.scan(PASS_CARD).reasons == (Reason.MULTIPASS_DEPLETED,)


def test_a_claimed_undo_gives_nothing_back(make_site: Any) -> None:
    """Not of this door's own use, and not of one that a third door told - even under the same id."""
    site = make_site(bodies(passes=1))
    own = site.pool.scan(PASS_CARD)
    site.slide.hear(site.pool)
    for claim in (
        document(site, 1, device="door-4", access_point="gym", id=own.id),
        document(site, 2, device="door-4", access_point="gym", kind="undone", refers_to=own.id),
    ):
        for door in (site.pool, site.slide):
            door.hear_message(topic_of("door-4"), batch("door-4", claim))
    site.time.pass_(60)
    for door in (site.pool, site.slide):
        assert door.scan(PASS_CARD).reasons == (Reason.MULTIPASS_DEPLETED,)


def test_a_day_pass_is_not_free_by_hearsay(make_site: Any) -> None:
    """A told use of today costs nothing more, but the scan takes the day's use itself; a depleted one stays so."""
    day_pass = Multipass(
        id="x2",
        account_id="a2",
        type_id="swim",
        name=Text("Day pass"),
        purchased_on=date(2020, 1, 1),
        person_id="p2",
        total=1,
        is_one_use_a_day=True,
    )
    things = [each for each in bodies() if getattr(each, "id", "") != "x2"]
    site = make_site([*things, day_pass])
    site.slide.hear_message(topic_of("door-1"), batch("door-1", document(site, 1)))
    event = site.slide.scan(PASS_CARD)
    assert event.entitlement is not None
    assert (event.outcome, event.entitlement.takes_use, event.entitlement.remaining) == (Outcome.GRANTED, True, 0)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"device": "stranger"}, "unknown_device"),
        ({"access_point": "gym"}, "another_access_point"),
        ({"kind": "levitated"}, "MalformedMessage"),
    ],
)
def test_what_does_not_belong_is_ignored_with_one_alarm(make_site: Any, change: dict[str, str], problem: str) -> None:
    """Unknown devices, foreign places, what is no event: said once, kept never."""
    site = make_site(bodies())
    said = document(site, 1, **change)
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            site.slide.hear_message(topic_of(said["device"]), batch(said["device"], said))
    assert [each["problem"] for each in logs if each["event"] == "neighbour_ignored"] == [problem]
    assert site.slide.heard.count(said["device"]) == 0


def test_a_foreign_topic_and_a_borrowed_name_are_ignored(make_site: Any) -> None:
    """Another site's topic, or a batch of one device on another's topic."""
    site = make_site(bodies())
    said = document(site, 1)
    site.slide.hear_message(topic_of("door-1", site="annex"), batch("door-1", said))
    site.slide.hear_message(topic_of("door-3"), batch("door-1", said))
    site.slide.hear_message(topic_of("door-1"), batch("door-1", {**said, "device": "door-3"}))
    assert site.slide.heard.uses("a2") == []


def test_what_is_heard_is_bounded(make_site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that talks too much is no longer listened to; the old goes with the retention."""
    site = make_site(bodies())
    monkeypatch.setattr("edge_agent.neighbours.MAX_PER_DEVICE", 2)
    for number in range(1, 6):
        site.slide.hear_message(topic_of("door-1"), batch("door-1", document(site, number)))
    assert site.slide.heard.count("door-1") == 2 < MAX_PER_DEVICE
    site.slide.heard.prune(before=site.time.at.replace(year=2027))
    assert site.slide.heard.count("door-1") == 0


def test_an_event_of_the_future_is_kept_as_of_now(make_site: Any) -> None:
    """A neighbour whose clock runs ahead holds nobody inside for years, and lets nobody out for years."""
    site = make_site(bodies())
    site.slide.hear_message(topic_of("door-1"), batch("door-1", document(site, 1, occurred_at="2099-01-01T00:00:00Z")))
    assert site.slide.heard.presence(["pool"], "p2").last_in_at == site.time.at


def document(site: Site, number: int, **changes: Any) -> dict[str, Any]:
    """A check-in of the person with the pass that takes a use, as `door-1` would say it."""
    used = {"type": "multipass", "id": "x2", "name": "Pool", "takes_use": True}
    at = site.time.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    base: dict[str, Any] = {
        "v": 1,
        "id": uuid7(1_770_000_000_000 + number, number.to_bytes(10, "big")),
        "device": "door-1",
        "seq": number,
        "prev": "0" * 64,
        "kind": "checked_in",
        "occurred_at": at,
        "boot_id": "boot",
        "monotonic_ms": number,
        "clock": "trusted",
        "is_offline": True,
        "access_point": "pool",
        "person": "p2",
        "account": "a2",
        "outcome": "granted",
    }
    return base | ({} if changes.get("kind") else {"entitlement": used}) | changes


def make_like(site: Site, device: str) -> NeighbourDoor:
    """Another door of the site that has heard nothing yet."""
    folder = site.doors[device].ledger.path.parent.parent
    made = len(list(folder.iterdir()))
    return NeighbourDoor(folder / f"more-{made}", device, bodies(passes=5), site.time, point="slide")
