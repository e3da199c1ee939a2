"""Doors and centre over a real broker: the embedded one and a real Mosquitto, by the same tests."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

import httpx
from sqlalchemy import func, select

from access.wire.enrolment import EVENTS_PATH
from access.wire.feed import FeedDelta
from access.wire.topics import Channel, DeviceTopic
from server.models import Account, Device, Event, Organization, QuarantinedMessage, Site, utc_now
from tests.patience import fastest

Wait = Callable[..., Any]


def count(venue: Any, model: type[Any]) -> int:
    """How many rows there are."""
    with venue.database.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_an_event_is_recorded_and_the_receipt_comes_back(venue: Any, wait_until: Wait) -> None:
    """Said at QoS 1, recorded once, receipted with the centre's signature; said again, receipted again."""
    door = venue.door()
    raw = door.pen.batch(door.pen.event(), door.pen.event())
    for _ in range(2):
        door.say(door.topic(Channel.EVENTS), raw)
        assert wait_until(door.receipts)[0].through_seq == 2
        door.heard.clear()
    assert count(venue, Event) == 2


def test_a_change_reaches_every_door_of_the_organization_fast(venue: Any, wait_until: Wait) -> None:
    """Within a second of its commit, sealed, each entry with the whole of what changed."""
    with venue.database.write() as session:
        session.add(Site(id="annex", organization_id="club", name_en="Annex"))
    doors = [venue.door(), venue.door()]
    cents = itertools.count(99)

    def seconds() -> float:
        balance = {"id": "family", "balance_cents": next(cents)}
        with venue.database.write() as session:
            session.get_one(Account, "family").balance_cents = balance["balance_cents"]
        committed_at = time.monotonic()
        for door in doors:
            wait_until(lambda door=door: balance in [entry.body for delta in deltas(door) for entry in delta.entries])
        return time.monotonic() - committed_at

    assert fastest(seconds, limit=1) < 1


def deltas(door: Any) -> list[FeedDelta]:
    """What the door heard of the feed."""
    return [door.key.unseal(payload, FeedDelta) for topic, payload in list(door.heard) if topic.endswith("/feed")]


def test_a_quiet_feed_shows_that_the_centre_lives(venue: Any, wait_until: Wait) -> None:
    """A beat every two seconds, telling where the feed stands."""
    door = venue.door()
    heard = itertools.count(2)

    def seconds() -> float:
        number = next(heard)
        wait_until(lambda: len(beats(door)) >= number)
        first, second = beats(door)[number - 2 : number]
        assert first.after == first.through <= second.after == second.through
        return float((second.made_at - first.made_at).total_seconds())

    assert fastest(seconds, limit=3.5) > 1


def beats(door: Any) -> list[FeedDelta]:
    """The deltas that told nothing new."""
    return [delta for delta in deltas(door) if not delta.entries]


def test_nobody_connects_without_a_known_secret(venue: Any, make_door: Any) -> None:
    """Anonymous, a stranger, a wrong secret, another's secret, the centre's name: refused."""
    known, other = venue.enroll(), venue.enroll()
    attempts = [(None, None), ("stranger", "x"), (known.identity.device, "x"), ("centre", "x"), ("centre", "")]
    attempts.append((known.identity.device, other.identity.secret))
    for username, password in attempts:
        door = make_door(known.identity, venue.port)
        door.client.username_pw_set(username, password)
        assert not door.connect(), username
        door.close()
    assert known.connect()


def test_a_door_is_kept_to_its_own_topics(venue: Any, wait_until: Wait) -> None:
    """What another door is told never reaches it, nor what other sites say; what it says elsewhere reaches nobody."""
    with venue.database.write() as session:
        session.add(Organization(id="rival", name_en="Rival"))
    mine, other = venue.door(), venue.door()
    feed = "gatehouse/v1/rival/main/feed"
    wanted = ["#", "gatehouse/#", feed, "gatehouse/v1/+/+/feed", other.topic(Channel.RECEIPTS), "$SYS/#"]
    wanted.append("gatehouse/v1/club/main/+/receipts")
    mine.subscribe(*wanted)
    mine.heard.clear()
    for topic in (other.topic(Channel.EVENTS), other.topic(Channel.RECEIPTS), feed, "gatehouse/v1/club/main/feed"):
        mine.say(topic, other.pen.batch(other.pen.event()))
    mine.say(mine.topic(Channel.RECEIPTS), b"forged")
    elsewhere = DeviceTopic("rival", "main", mine.identity.device, Channel.EVENTS)
    mine.say(str(elsewhere), mine.pen.batch({**mine.pen.event(), "seq": 1}))
    other.say(other.topic(Channel.EVENTS), other.pen.batch(other.pen.event(seq=1, prev="0" * 64)))
    assert wait_until(other.receipts)[0].max_seq == 1
    time.sleep(0.3)
    assert count(venue, Event) == 1
    of_its_site = {mine.topic(Channel.EVENTS), other.topic(Channel.EVENTS)}
    allowed = {mine.topic(Channel.RECEIPTS), "gatehouse/v1/club/main/feed", *of_its_site}
    assert {topic for topic, _ in mine.heard} <= allowed
    assert all(payload != b"forged" for _, payload in mine.heard)
    assert wait_until(lambda: deltas(other))


def test_the_state_is_kept_and_the_last_will_tells_the_end(venue: Any, wait_until: Wait) -> None:
    """Retained, so that a centre that starts later learns of it; a connection that breaks says offline."""
    door = venue.enroll()
    will = b'{"v":1,"device":"%s","connection":"offline"}' % door.identity.device.encode()
    door.client.will_set(door.topic(Channel.STATE), will, qos=1, retain=True)
    assert door.connect()

    def connection() -> str | None:
        with venue.database.read() as session:
            return (session.get_one(Device, door.identity.device).last_state or {}).get("connection")

    door.say(door.topic(Channel.STATE), will.replace(b"offline", b"online"), retain=True)
    wait_until(lambda: connection() == "online")
    door.client.socket().close()
    door.client.loop_stop()
    wait_until(lambda: connection() == "offline")


BAD = [b"", b"\x00", b"\xff\xfe\x00", b"{", b"[]", b'"x"', b"{}", b'{"v":1}', b"\x1b[31m<script>", b"9" * 70_000]


def test_bad_bytes_on_each_topic_stop_nothing(venue: Any, wait_until: Wait) -> None:
    """Each lies in quarantine, and the good message behind them is recorded and receipted."""
    door = venue.door()
    for channel in (Channel.EVENTS, Channel.STATE):
        for payload in BAD:
            door.say(door.topic(channel), payload)
    door.say(door.topic(Channel.EVENTS), door.pen.batch(door.pen.event()))
    assert wait_until(door.receipts)[0].through_seq == 1
    wait_until(lambda: count(venue, QuarantinedMessage) == len(BAD))
    with venue.database.read() as session:
        kept = session.scalars(select(QuarantinedMessage)).all()
    assert {row.times for row in kept} == {2}
    assert all(row.device_id == door.identity.device for row in kept)


def test_a_revoked_door_is_cut_off_on_a_live_connection(venue: Any, wait_until: Wait) -> None:
    """Its next events get no receipt and are not recorded, whatever the broker still believes."""
    door, other = venue.door(), venue.door()
    with venue.database.write() as session:
        session.get_one(Device, door.identity.device).revoked_at = utc_now()
    time.sleep(1.2)
    door.say(door.topic(Channel.EVENTS), door.pen.batch(door.pen.event()))
    other.say(other.topic(Channel.EVENTS), other.pen.batch(other.pen.event()))
    assert wait_until(other.receipts)[0].through_seq == 1
    assert door.receipts() == []
    assert count(venue, Event) == 1
    token = {"Authorization": f"Bearer {door.identity.device}:{door.identity.secret}"}
    answer = httpx.post(venue.centre.url + EVENTS_PATH, headers=token, content=b"{}")
    assert answer.status_code == 401


def test_a_flood_after_an_outage_arrives_complete(venue: Any, wait_until: Wait) -> None:
    """2,000 events in batches of 50, all said at once."""
    door = venue.door()
    batches = [door.pen.batch(*(door.pen.event() for _ in range(50))) for _ in range(40)]
    for batch in batches:
        door.say(door.topic(Channel.EVENTS), batch)
    wait_until(lambda: any(receipt.through_seq == 2000 for receipt in door.receipts()))
    assert count(venue, Event) == 2000


def test_a_will_on_a_foreign_topic_is_refused(embedded_venue: Any, make_door: Any) -> None:
    """The embedded broker looks at last wills, which amqtt itself does not, and at client ids."""
    victim, door = embedded_venue.enroll(), embedded_venue.enroll()
    door.client.will_set(victim.topic(Channel.RECEIPTS), b"forged", qos=1)
    assert not door.connect()
    posing = make_door(door.identity, embedded_venue.port)
    posing.client = type(posing.client)(posing.client.callback_api_version, client_id=victim.identity.device)
    posing.client.username_pw_set(door.identity.device, door.identity.secret)
    posing.client.on_connect = posing._on_connect
    assert not posing.connect()
    posing.close()


def test_the_centre_finds_its_broker_again(embedded_venue: Any, wait_until: Wait) -> None:
    """The embedded broker's inside dies; it is restarted, and doors and centre meet again by themselves."""
    door = embedded_venue.door()
    centre = embedded_venue.centre.app.state.centre
    loop_task = centre.broker._broker._broadcast_task
    loop_task.get_loop().call_soon_threadsafe(loop_task.cancel)
    wait_until(lambda: not centre.broker.is_alive)
    wait_until(lambda: centre.broker.is_alive and centre.link.is_connected)

    def heard_again() -> bool:
        door.client.subscribe(door.topic(Channel.RECEIPTS), 1)
        door.say(door.topic(Channel.EVENTS), door.pen.batch(event))
        time.sleep(0.2)
        return bool(door.receipts())

    event = door.pen.event()
    wait_until(heard_again)
