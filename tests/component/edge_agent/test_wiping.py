"""A revoked door keeps its identity and what the centre has not got, and nothing about people."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from access.wire.enrolment import Revocation
from access.wire.sealing import CentreKey
from edge_agent.kiosk_hub import KioskHub
from edge_agent.ledger import SqliteLedger
from edge_agent.outbox import SqliteOutbox
from edge_agent.pictures import PictureStore
from edge_agent.wiping import Wiper
from tests.component.edge_agent.making import FakeTime
from tests.component.edge_agent.sample import MEMBER_CARD, PASS_CARD, sample
from tests.component.edge_agent.site import KEY, NeighbourDoor, known_doors

CENTRE = CentreKey(hashlib.sha256(b"centre").digest())
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
TABLES = ("heard", "presence", "moves", "scans", "last_decision", "pass_uses", "leases")


class Ended:
    """A door that has seen people, of which the centre has the first event only."""

    def __init__(self, folder: Path) -> None:
        time = FakeTime()
        bodies = [*sample(KEY), *known_doors(door_1="pool", door_2="pool")]
        self.door = NeighbourDoor(folder / "door-1", "door-1", bodies, time)
        other = NeighbourDoor(folder / "door-2", "door-2", bodies, time)
        self.pictures = PictureStore(folder / "pictures", max_bytes=1_000_000)
        self.pictures.add(hashlib.sha256(PNG).hexdigest(), PNG)
        for card in (MEMBER_CARD, PASS_CARD, "nobody"):
            self.door.scan(card)
        other.scan(MEMBER_CARD)
        self.door.hear(other)
        other.close()
        with self.door.ledger.transaction() as connection:
            connection.execute("DELETE FROM outbox WHERE seq = 1")
        self.wiper = self.make_wiper()

    def make_wiper(self) -> Wiper:
        """As after a start."""
        door = self.door
        return Wiper(door.identity, door.ledger, door.cache, self.pictures, KioskHub())

    def rows(self) -> int:
        """How much is known about people."""
        return sum(int(self.door.ledger.rows(f"SELECT count(*) FROM {table}")[0][0]) for table in TABLES)


@pytest.fixture
def ended(tmp_path: Path) -> Iterator[Ended]:
    ended = Ended(tmp_path)
    yield ended
    ended.door.close()


def proof(key: CentreKey = CENTRE, device: str = "door-1", organization: str = "maple") -> str:
    """The centre's word."""
    return key.seal(Revocation(organization=organization, device=device, revoked_at=datetime.now(UTC))).decode()


def test_what_is_about_people_goes_and_unsent_events_stay(ended: Ended, tmp_path: Path) -> None:
    """Also from the bytes of the files; the chain goes on from where it was."""
    assert ended.rows() > 0
    ended.wiper.refused(proof())
    assert ended.wiper.is_revoked
    assert ended.rows() == 0
    assert ended.door.cache.state is None
    assert [path.name for path in (tmp_path / "door-1").glob("cache*")] == []
    assert list((tmp_path / "pictures").iterdir()) == []
    kept = [json.loads(row.body)["seq"] for row in SqliteOutbox(ended.door.ledger).rows(after=0, limit=50)]
    assert kept == [2, 3]
    assert ended.door.ledger.rows("SELECT seq FROM events ORDER BY seq") == [(2,), (3,)]
    for path in (tmp_path / "door-1").iterdir():
        assert b'"person":"p1"' not in path.read_bytes(), path
    ledger = SqliteLedger(tmp_path / "door-1" / "ledger.db")
    assert ledger.last_seq == 3
    ledger.close()


def test_a_revoked_door_stays_so_after_a_restart(ended: Ended) -> None:
    """It is written down; another identity on the same ledger is another door."""
    ended.wiper.refused(proof())
    assert ended.make_wiper().is_revoked
    ended.door.identity = ended.door.identity.model_copy(update={"device": "door-9"})
    assert not ended.make_wiper().is_revoked


@pytest.mark.parametrize(
    "said",
    [
        "",
        "{}",
        proof(CentreKey(hashlib.sha256(b"somebody").digest())),
        proof(device="door-2"),
        proof(organization="rival"),
    ],
)
def test_nobody_else_can_wipe_a_door(ended: Ended, said: str) -> None:
    """A refusal without the centre's seal, or about another door, is a refusal and nothing more."""
    before = ended.rows()
    ended.wiper.refused(said)
    assert not ended.wiper.is_revoked
    assert ended.rows() == before
    assert ended.door.cache.state is not None
