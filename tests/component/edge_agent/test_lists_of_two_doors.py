"""Two real doors on a real broker, the centre away: who came and went at one is on the lists of the other."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from access.domain.doors import Door
from access.domain.people import Text
from access.domain.policy import AccessPoint
from access.wire.feed import Body
from edge_agent.agent import Agent
from edge_agent.heard import HeardEvents
from edge_agent.ledger import SqliteLedger
from edge_agent.settings import AgentSettings
from hardware.simulated import SimulatedScanner
from tests.component.edge_agent.desk_sample import CHILD_CARD, PIN, desk_sample
from tests.component.edge_agent.fake_centre import FakeCentre
from tests.component.edge_agent.making import NOW, denied, install_cache
from tests.component.edge_agent.running import Mosquitto, wait_until
from tests.component.edge_agent.sample import MEMBER_CARD

KEY = hashlib.sha256(b"fingerprints").digest()
PLACES = {"door-1": "pool", "door-2": "slide"}


def bodies() -> list[Body]:
    """The pool and the slide lead to one hall; each has a door of its own."""
    found = desk_sample(KEY)
    pool = next(each for each in found if isinstance(each, AccessPoint))
    slide = replace(pool, id="slide", name=Text("Slide"))
    return [*found, slide, *(Door(id=device, access_points=(point,)) for device, point in PLACES.items())]


class SiteDoor:
    """An agent with a cache of its own and no centre, a way in and a way out, and a desk."""

    def __init__(self, folder: Path, device: str, broker: Mosquitto, things: list[Body]) -> None:
        self.point = PLACES[device]
        self._entrance, self._exit = SimulatedScanner(), SimulatedScanner()
        home = folder / device
        home.mkdir()
        identity = FakeCentre(home, [], mqtt_port=broker.port).enrolment().model_copy(update={"device": device})
        ledger = SqliteLedger(home / "ledger.db")
        ledger.store_identity(identity)
        ledger.close()
        install_cache(home, things, made_at=datetime.now(UTC)).close()
        at = {"driver": "serial", "access_point": self.point}
        self._settings = AgentSettings.of(
            {
                "data_dir": home,
                "centre_url": "http://127.0.0.1:1",
                "http_port": 0,
                "readers": [
                    {"name": "in", "port": self._entrance.port, **at},
                    {"name": "out", "port": self._exit.port, "direction": "out", **at},
                ],
            }
        )
        self.agent: Agent | None = None

    def start(self) -> None:
        """Starts it and signs in at its desk."""
        self.agent = agent = Agent(self._settings)
        agent.start()
        wait_until(lambda: agent.link is not None and agent.link.is_up, what="the broker")
        wait_until(lambda: set(agent.health()["readers"].values()) == {"ready"}, what="the readers")
        url = f"http://127.0.0.1:{agent.web.port}"
        self._desk = httpx.Client(base_url=f"{url}/desk/api/", headers={"origin": url}, timeout=10)
        self._desk.post("sign-in", json={"access_point": self.point, "pin": PIN}).raise_for_status()

    def stop(self) -> None:
        """Stops it; its last word at the broker is that it is gone."""
        agent, self.agent = self.agent, None
        if agent is not None:
            self._desk.close()
            agent.stop()

    def scan(self, card: str, *, is_out: bool = False) -> None:
        """Presents a card and waits for the event."""
        assert self.agent is not None
        ledger, before = self.agent.ledger, self.agent.ledger.last_seq
        (self._exit if is_out else self._entrance).present(card.encode())
        wait_until(lambda: ledger.last_seq > before, what="the scan's event")

    def inside(self) -> dict[str, Any]:
        """The evacuation list."""
        return dict(self._desk.get("inside", params={"access_point": self.point}).json())

    def attendance(self) -> str:
        """What the list of the lesson says of its child."""
        day = self._desk.get("attendance", params={"access_point": self.point}).json()
        (occurrence,) = day["occurrences"]
        (child,) = occurrence["people"]
        return str(child["state"])

    def close(self) -> None:
        """Stops it for good."""
        self.stop()
        self._entrance.close()
        self._exit.close()


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[tuple[SiteDoor, SiteDoor]]:
    with Mosquitto() as broker:
        made = [SiteDoor(tmp_path, device, broker, bodies()) for device in PLACES]
        for door in made:
            door.start()
        yield made[0], made[1]
        for door in made:
            door.close()


@pytest.mark.mosquitto
@pytest.mark.skipif(Mosquitto.path() is None, reason="mosquitto is not installed: apt-get install mosquitto")
def test_lists_count_what_the_other_door_saw(doors: tuple[SiteDoor, SiteDoor]) -> None:
    """In by one door and out by the other, on both doors' lists, for attendance and for evacuation."""
    pool, slide = doors
    slide.scan(CHILD_CARD)
    wait_until(lambda: pool.attendance() == "in", what="the child on the other door's list")
    wait_until(lambda: pool.inside()["count"] == 1, what="the child inside")
    pool.scan(CHILD_CARD, is_out=True)
    assert (pool.attendance(), pool.inside()["count"]) == ("out", 0)
    wait_until(lambda: slide.attendance() == "out", what="the child gone on the first door's list")
    wait_until(lambda: slide.inside()["count"] == 0, what="nobody inside")


@pytest.mark.mosquitto
@pytest.mark.skipif(Mosquitto.path() is None, reason="mosquitto is not installed: apt-get install mosquitto")
def test_a_list_says_when_a_door_is_not_heard(doors: tuple[SiteDoor, SiteDoor]) -> None:
    """Complete while the other is there and all it said was heard; not while it is gone; again once it has told."""
    pool, slide = doors
    wait_until(lambda: pool.inside()["is_complete"], timeout_s=30, what="the neighbour's state")
    slide.stop()
    wait_until(lambda: not pool.inside()["is_complete"], timeout_s=30, what="the last will")
    pool.stop()
    slide.start()
    slide.scan(MEMBER_CARD)
    wait_until(lambda: not slide.inside()["is_complete"], timeout_s=30, what="the other's last word")
    pool.start()
    wait_until(lambda: pool.inside()["is_complete"], timeout_s=60, what="what the neighbour had said meanwhile")
    assert pool.inside()["count"] == 1


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[HeardEvents]:
    ledger = SqliteLedger(tmp_path / "ledger.db")
    yield HeardEvents(ledger)
    ledger.close()


def test_what_was_missed_is_known(heard: HeardEvents) -> None:
    """Numbers in any order and twice; a gap counts until it is filled or older than what the list asks for."""

    def hear(*seqs: int, at: Callable[[int], datetime] = lambda seq: NOW) -> None:
        heard.take([denied(at(seq))(seq, "0" * 64) for seq in seqs], now=NOW)

    long_ago = NOW - timedelta(hours=12)
    assert heard.is_whole("door-1", 0, since=long_ago)
    assert not heard.is_whole("door-1", 1, since=long_ago)
    hear(5, 3, 5, 4)
    assert not heard.is_whole("door-1", 5, since=long_ago)
    assert heard.is_whole("door-1", 5, since=NOW + timedelta(hours=1))
    hear(1)
    assert not heard.is_whole("door-1", 5, since=long_ago)
    hear(2)
    assert heard.is_whole("door-1", 5, since=long_ago)
    assert not heard.is_whole("door-1", 6, since=long_ago)
    assert not heard.is_whole("door-2", 5, since=long_ago)
