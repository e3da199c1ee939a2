"""The door's two directions through a real Mosquitto and HTTP: receipts, gaps, restored backups, bad bytes."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from access.domain.credentials import Credential
from access.wire.feed import EntityKind
from access.wire.receipts import Receipt
from access.wire.sealing import CentreKey
from access.wire.topics import Channel
from edge_agent.agent import Agent
from edge_agent.enrolment import enroll
from edge_agent.errors import AlreadyEnrolled, CentreRefused
from edge_agent.gather import FactsReader
from edge_agent.settings import AgentSettings
from edge_agent.status import Cause
from tests.component.edge_agent.fake_centre import CODE, FakeCentre
from tests.component.edge_agent.making import fill
from tests.component.edge_agent.running import Mosquitto, wait_until
from tests.component.edge_agent.sample import MEMBER_CARD, sample
from tests.patience import fastest

KEY = hashlib.sha256(b"fingerprints").digest()
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)

pytestmark = [
    pytest.mark.mosquitto,
    pytest.mark.skipif(Mosquitto.path() is None, reason="mosquitto is not installed: apt-get install mosquitto"),
]


@pytest.fixture(scope="module")
def broker() -> Iterator[Mosquitto]:
    with Mosquitto() as broker:
        yield broker


@pytest.fixture
def centre(broker: Mosquitto, tmp_path: Path) -> Iterator[FakeCentre]:
    with FakeCentre(tmp_path, sample(KEY), mqtt_port=broker.port) as centre:
        yield centre


def _settings(centre: FakeCentre, folder: Path, **more: object) -> AgentSettings:
    reader = {"name": "front", "driver": "serial", "port": str(folder / "no-such-tty"), "access_point": "pool"}
    return AgentSettings.of(
        {"data_dir": folder / "door", "centre_url": centre.url, "http_port": 0, "readers": [reader], **more}
    )


@pytest.fixture
def agent(centre: FakeCentre, tmp_path: Path) -> Iterator[Agent]:
    settings = _settings(centre, tmp_path)
    enroll(settings, CODE)
    agent = Agent(settings)
    agent.start()
    wait_until(lambda: agent.cache.state is not None and agent.link is not None and agent.link.is_up, what="a link")
    yield agent
    agent.stop()


def _record(agent: Agent, count: int = 1) -> None:
    fill(agent.ledger, count)
    agent.uplink.wake()


def _is_empty(agent: Agent) -> bool:
    return agent.ledger.waiting() == 0


def test_events_leave_the_outbox_by_receipt_only(centre: FakeCentre, agent: Agent) -> None:
    """The centre hears them and keeps silent: they stay; it speaks: they go."""
    centre.is_receipting = False
    _record(agent, 3)
    wait_until(lambda: len(centre.events) == 3, what="arrival")
    assert agent.ledger.waiting() == 3
    centre.is_receipting = True
    wait_until(lambda: _is_empty(agent), what="the receipt after a new offer")
    assert sorted(centre.events) == [1, 2, 3]


def test_what_the_centre_lost_is_sent_again_from_the_ledger(centre: FakeCentre, agent: Agent) -> None:
    """A backup was restored: its receipts say less than before, and the door offers everything above."""
    _record(agent, 120)
    wait_until(lambda: _is_empty(agent), what="receipts")
    centre.events = {seq: event for seq, event in centre.events.items() if seq <= 40}
    _record(agent)
    wait_until(lambda: sorted(centre.events) == list(range(1, 122)), what="all of them again")
    wait_until(lambda: _is_empty(agent), what="receipts")


def test_a_gap_in_the_middle_is_filled(centre: FakeCentre, agent: Agent) -> None:
    """One event vanished at the centre long after its receipt."""
    _record(agent, 10)
    wait_until(lambda: _is_empty(agent), what="receipts")
    del centre.events[4]
    _record(agent)
    wait_until(lambda: sorted(centre.events) == list(range(1, 12)), what="the missing one")


def test_bad_bytes_on_each_topic_stop_nothing(
    centre: FakeCentre, agent: Agent, capsys: pytest.CaptureFixture[str]
) -> None:
    """Garbage, another centre's seal, another device's receipt, another site's feed: ignored with an alarm."""
    foreign = CentreKey(bytes(32))
    lie = Receipt(device="door-1", through_seq=10**6, max_seq=10**6)
    delta = centre.delta(centre.seq, [])
    bad = (b"", b"\x00\xff" * 500, b"{}", b"[" * 60_000, os.urandom(4096), foreign.seal(lie), foreign.seal(delta))
    for payload in bad:
        centre.publish(Channel.RECEIPTS, payload)
        centre.publish_raw_feed(payload)
    centre.publish(Channel.RECEIPTS, centre.key.seal(lie.model_copy(update={"device": "door-2"})))
    centre.publish_raw_feed(centre.key.seal(delta.model_copy(update={"site": "other", "made_at": datetime.now(UTC)})))
    centre.is_receipting = False
    _record(agent, 2)
    wait_until(lambda: len(centre.events) == 2, what="arrival")
    assert agent.ledger.waiting() == 2
    centre.is_receipting = True
    centre.publish(Channel.RECEIPTS, centre.key.seal(centre.receipt()))
    wait_until(lambda: _is_empty(agent), what="a good receipt after the bad ones")
    centre.put(replace(centre.bodies[EntityKind.PERSON, "p1"], first_name="Ada"))  # type: ignore[type-var]
    wait_until(lambda: agent.cache.state and agent.cache.state.mark.seq == centre.seq, what="a good delta")
    shown = capsys.readouterr().out
    assert shown.count("receipt_ignored") == len(bad) + 1
    assert shown.count("feed_ignored") == len(bad) + 1


def test_a_revoked_card_is_known_at_once(centre: FakeCentre, agent: Agent) -> None:
    """Well under a second from the centre's word to the door's cache."""
    card = centre.bodies[EntityKind.CREDENTIAL, centre.fingerprint(MEMBER_CARD)]
    assert isinstance(card, Credential)

    def seconds() -> float:
        began = time.monotonic()
        centre.put(replace(card, is_revoked=True))
        wait_until(lambda: agent.cache.state and agent.cache.state.mark.seq == centre.seq, what="the delta")
        return time.monotonic() - began

    assert fastest(seconds, limit=0.5) < 0.5


def read(agent: Agent, what: Callable[[FactsReader], Any]) -> Any:
    """What the cache says; the agent's own reader belongs to the door's thread alone."""
    with closing(FactsReader(agent.cache, agent.ledger)) as facts:
        return what(facts)


def test_a_gap_in_the_feed_is_filled_over_http(centre: FakeCentre, agent: Agent) -> None:
    """Deltas that were never heard come with the next one."""
    client, centre._client = centre._client, None
    centre.put(replace(centre.bodies[EntityKind.PERSON, "p1"], first_name="Ada"))  # type: ignore[type-var]
    centre._client = client
    centre.put(replace(centre.bodies[EntityKind.PERSON, "p2"], first_name="Bo"))  # type: ignore[type-var]
    wait_until(lambda: agent.cache.state and agent.cache.state.mark.seq == 3, what="both deltas")
    person = read(agent, lambda facts: facts.participant("p1"))
    assert person is not None
    assert person.first_name == "Ada"


def test_a_new_epoch_brings_a_new_snapshot_and_the_old_one_never_returns(centre: FakeCentre, agent: Agent) -> None:
    """The swap is atomic for readers; a replay of the old epoch is refused."""
    old = centre.delta(centre.seq, [])
    centre.epoch, centre.seq, centre.log = "e2", 5, []
    centre.publish_feed(centre.delta(5, []))
    wait_until(lambda: agent.cache.state and agent.cache.state.mark.epoch == "e2", what="the new epoch")
    centre.publish_feed(old.model_copy(update={"made_at": datetime.now(UTC) + timedelta(seconds=1)}))
    centre.put(replace(centre.bodies[EntityKind.PERSON, "p1"], first_name="Ada"))  # type: ignore[type-var]
    wait_until(lambda: agent.cache.state and agent.cache.state.mark.seq == 6, what="the next delta")
    assert agent.cache.state
    assert agent.cache.state.mark.epoch == "e2"


def test_a_damaged_cache_is_fetched_anew(centre: FakeCentre, agent: Agent) -> None:
    """Thrown away and replaced; the door goes on with the fresh one."""
    path = agent.cache.current_path
    assert path is not None
    path.write_bytes(b"no database at all" * 1000)
    agent.cache.is_damaged.set()
    wait_until(lambda: agent.cache.current_path not in (None, path) and agent.cache.state, what="another cache")
    assert read(agent, lambda facts: facts.rules().organization.id) == "maple"


def test_the_state_is_retained_and_says_how_the_door_is(centre: FakeCentre, agent: Agent) -> None:
    """Connected, with its readers; the lost one is named."""
    wait_until(lambda: any(state.get("readers") == {"front": "lost"} for state in centre.states), what="the state")
    lost = next(state for state in centre.states if state.get("readers") == {"front": "lost"})
    assert set(lost["lost_since"]) == {"front"}
    wait_until(lambda: agent.status("pool").cause is Cause.READER_LOST, what="the status")


def test_an_unsigned_snapshot_is_refused(broker: Mosquitto, tmp_path: Path) -> None:
    """Without the sealed header there is no cache, however good the file is."""
    with FakeCentre(tmp_path, sample(KEY), mqtt_port=broker.port) as centre:
        centre.forget_header = True
        settings = _settings(centre, tmp_path)
        enroll(settings, CODE)
        agent = Agent(settings)
        agent.start()
        wait_until(lambda: "/edge/v1/snapshot" in centre.requests, what="the request")
        assert agent.status("pool").cause is Cause.NOT_READY
        centre.forget_header = False
        wait_until(lambda: agent.cache.state is not None, what="a signed one")
        agent.stop()


def test_without_mqtt_the_same_batches_go_over_http(tmp_path: Path) -> None:
    """Through networks that let nothing else pass."""
    with FakeCentre(tmp_path, sample(KEY)) as centre:
        settings = _settings(centre, tmp_path, uplink="http")
        enroll(settings, CODE)
        agent = Agent(settings)
        agent.start()
        _record(agent, 120)
        wait_until(lambda: _is_empty(agent) and len(centre.events) == 120, what="delivery over HTTP")
        wait_until(lambda: agent.feed.is_connected, what="the feed over HTTP")
        centre.put(replace(centre.bodies[EntityKind.PERSON, "p1"], first_name="Ada"))  # type: ignore[type-var]
        wait_until(lambda: agent.cache.state and agent.cache.state.mark.seq == 2, what="the change")
        agent.stop()


def test_pictures_come_by_hash_and_a_wrong_one_is_refused(centre: FakeCentre, agent: Agent) -> None:
    """Fetched when the feed names them; bytes that are not what was named are not kept."""
    good, bad = hashlib.sha256(PNG).hexdigest(), "0" * 64
    centre.pictures = {good: PNG, bad: PNG}
    for number, picture in ((1, good), (2, bad)):
        person = centre.bodies[EntityKind.PERSON, f"p{number}"]
        centre.put(replace(person, picture=picture))  # type: ignore[type-var]
    wait_until(lambda: agent.pictures.has(good), what="the picture")
    assert agent.fetcher.fetch_now(good) == PNG
    assert agent.fetcher.fetch_now(bad) is None


def test_a_door_is_enrolled_once(centre: FakeCentre, tmp_path: Path) -> None:
    """A wrong code, a good one, and then not again unless asked to."""
    settings = _settings(centre, tmp_path)
    with pytest.raises(CentreRefused) as caught:
        enroll(settings, "WRONG-CODE")
    assert (caught.value.status, caught.value.reason) == (403, "bad_code")
    assert enroll(settings, CODE).device == "door-1"
    with pytest.raises(AlreadyEnrolled, match="add --replace"):
        enroll(settings, CODE)
    assert enroll(settings, CODE, replace=True).device == "door-1"
