"""A site of doors on real files, joined by a broker in the test's hands; no centre is near."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from access.domain.doors import Door as KnownDoor
from access.domain.policy import Direction
from access.wire.canonical import canonical_bytes
from access.wire.events import Event
from access.wire.feed import Body
from access.wire.topics import Channel, DeviceTopic
from edge_agent.clock import DoorClock
from edge_agent.door import Door, Place
from edge_agent.gather import FactsReader
from edge_agent.heard import HeardEvents
from edge_agent.ledger import SqliteLedger
from edge_agent.neighbours import Neighbours
from tests.component.edge_agent.fake_centre import FakeCentre
from tests.component.edge_agent.making import FakeTime, install_cache, read

__all__ = ["KEY", "NeighbourDoor", "batch", "topic_of"]

KEY = hashlib.sha256(b"fingerprints").digest()


def batch(device: str, *events: dict[str, Any]) -> bytes:
    """The message that a device publishes."""
    return canonical_bytes({"v": 1, "device": device, "events": list(events)})


def topic_of(device: str, *, organization: str = "maple", site: str = "main") -> str:
    """Where it publishes it."""
    return str(DeviceTopic(organization, site, device, Channel.EVENTS))


class NeighbourDoor:
    """A door of the site, with readers `front` (in) and `back` (out) at its access point."""

    def __init__(self, folder: Path, device: str, bodies: list[Body], time: FakeTime, *, point: str = "pool") -> None:
        folder.mkdir()
        self.device = device
        self.identity = FakeCentre(folder, []).enrolment().model_copy(update={"device": device})
        self.ledger = SqliteLedger(folder / "ledger.db")
        self.cache = install_cache(folder, bodies)
        self.facts = FactsReader(self.cache, self.ledger)
        clock = DoorClock(time)
        self.heard = HeardEvents(self.ledger)
        self.neighbours = Neighbours(self.identity, self.heard, FactsReader(self.cache, self.ledger), clock)
        self.door = Door(
            self.identity,
            ledger=self.ledger,
            facts=self.facts,
            clock=clock,
            places={"front": Place(point), "back": Place(point, Direction.OUT)},
            is_connected=lambda: False,
        )

    def scan(self, code: str, reader: str = "front") -> Event:
        """Presents a card and expects a record."""
        scan = self.door.handle(read(code.encode(), reader=reader))
        assert scan is not None
        return scan.event

    def said(self) -> list[dict[str, Any]]:
        """Its events, oldest first."""
        return [json.loads(row[0]) for row in self.ledger.rows("SELECT body FROM events ORDER BY seq")]

    def hear(self, *others: NeighbourDoor) -> None:
        """The broker brings everything that the others have said."""
        for other in others:
            self.hear_message(topic_of(other.device), batch(other.device, *other.said()))

    def hear_message(self, topic: str, raw: bytes) -> None:
        """The broker brings one message."""
        self.neighbours.hear(topic, raw)
        messages = []
        while not self.neighbours._inbox.empty():
            messages.append(self.neighbours._inbox.get_nowait())
        self.neighbours.take(messages)

    def close(self) -> None:
        """Gives the files back."""
        self.neighbours._facts.close()
        self.facts.close()
        self.cache.close()
        self.ledger.close()


def known_doors(**points: str) -> list[Body]:
    """What the centre says of the site's doors: `door_1="pool"`."""
    return [KnownDoor(id=name.replace("_", "-"), access_points=(point,)) for name, point in points.items()]
