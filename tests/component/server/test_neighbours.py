"""What the centre does so that doors hear each other: who is a neighbour, and who may listen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from access.domain.doors import Door
from access.wire.events import Event
from access.wire.feed import load_body
from access.wire.state import DeviceState
from access.wire.topics import Channel, DeviceTopic, site_events
from server.db import Database
from server.devices.service import revoke
from server.ingest.service import record_state
from server.models import AccessPoint, Device, FeedEntry, Organization


def told(database: Database) -> list[FeedEntry]:
    """What the feed says of doors."""
    with database.read() as session:
        return list(session.scalars(select(FeedEntry).where(FeedEntry.kind == "door").order_by(FeedEntry.seq)))


def test_the_feed_names_the_doors_in_service(club: Database) -> None:
    """A new door, another access point, a revocation: said to its site. What it says of itself all day: not."""
    with club.write() as session:
        door = session.get_one(Device, "door")
        door.access_points = [session.get_one(AccessPoint, "entrance")]
    with club.write() as session:
        state = DeviceState(device="door", connection="online", at=datetime.now(UTC)).to_bytes()
        record_state(session, DeviceTopic("club", "main", "door", Channel.STATE), state)
    with club.write() as session:
        revoke(session, "club", "door")
    new, changed, gone = told(club)
    assert {each.site_id for each in (new, changed)} == {"main"}
    assert load_body(new.kind, new.body or "") == Door(id="door")
    assert load_body(changed.kind, changed.body or "") == Door(id="door", access_points=("entrance",))
    assert gone.body is None


def test_doors_of_a_site_hear_each_other_and_nobody_else(venue: Any, wait_until: Callable[..., Any]) -> None:
    """One filter, granted on each broker: the events of the own site's doors, of no other site or organization."""
    with venue.database.write() as session:
        session.add(Organization(id="rival", name_en="Rival"))
    mine, other = venue.door(), venue.door()
    assert mine.subscribe(site_events("club", "main")) == [1]
    mine.heard.clear()
    said = other.pen.event()
    other.say(other.topic(Channel.EVENTS), other.pen.batch(said))
    topic, payload = wait_until(lambda: [each for each in mine.heard if each[0].endswith("/events")])[0]
    assert (topic, payload) == (other.topic(Channel.EVENTS), other.pen.batch(said))
    assert Event.from_document(said).device == other.identity.device
    for filter_ in (site_events("rival", "main"), site_events("club", "annex"), site_events("club", "+")):
        assert mine.subscribe(filter_) == [128] or venue.mosquitto  # Mosquitto grants, and delivers nothing
