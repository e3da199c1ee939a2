"""Lending on each engine: never more than is free, given again when lost, back only when that is safe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from access.domain.leases import LIFETIME
from access.wire.leases import LEASES_PATH, LeaseAnswer, LeaseRequest, LentUses
from access.wire.sealing import CentrePublicKey
from access.wire.state import DeviceState
from access.wire.topics import Channel, DeviceTopic
from server.db import Database
from server.devices.service import DeviceIdentity
from server.ingest.service import record_batch, record_state
from server.leases.service import lend, write_off
from server.models import Device, Multipass, PassUse

DOOR, OTHER = (DeviceIdentity(name, "club", "main", "") for name in ("door", "other"))


class Lender:
    """The centre, asked by doors."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.database, self.now = database, now

    def lend(self, device: DeviceIdentity = DOOR, *known: str, ledger: str = "l1", **more: Any) -> LentUses | None:
        """One question in a transaction of its own."""
        request = LeaseRequest(nonce="0" * 32, multipass="pass", ledger=ledger, known=known, **more)
        with self.database.write() as session:
            return lend(session, device, request, now=self.now).lease

    def hear(self, pen: Any, *events: dict[str, Any]) -> None:
        """A batch arrives."""
        with self.database.write() as session:
            record_batch(session, pen.topic, pen.batch(*events), now=self.now)

    def told(self, last_seq: int, device: str = "door") -> None:
        """A state arrives, with the door's word as of now."""
        state = DeviceState(device=device, connection="online", last_seq=last_seq, lease_floor=self.now)
        with self.database.write() as session:
            record_state(session, DeviceTopic("club", "main", device, Channel.STATE), state.to_bytes(), now=self.now)


@pytest.fixture
def lender(club: Database, now: datetime) -> Lender:
    with club.write() as session:
        session.get_one(Multipass, "pass").is_strict = True
        session.add(Device(id="other", organization_id="club", site_id="main", name="Other", secret_hash="x"))
    return Lender(club, now)


def use(pen: Any, lease: LentUses | None, **more: Any) -> dict[str, Any]:
    """A check-in that spends a lent use."""
    used = {"type": "multipass", "id": "pass", "name": "Pool", "takes_use": True}
    document: dict[str, Any] = pen.event(entitlement=used | ({"lease": lease.id} if lease else {}), **more)
    return document


def test_never_more_than_was_sold(lender: Lender, pen: Callable[..., Any]) -> None:
    """Three sold: lent one by one to two doors; spent ones are counted once."""
    first, second, third = lender.lend(), lender.lend(OTHER), lender.lend(OTHER, ledger="l2")
    assert [each.count for each in (first, second, third) if each] == [1, 1, 1]
    assert lender.lend(DOOR, first.id if first else "") is None
    door = pen("door")
    lender.hear(door, use(door, first))
    assert lender.lend(DOOR, first.id if first else "") is None


def test_a_lost_answer_is_given_again(lender: Lender) -> None:
    """To the same ledger only; whoever names it as known gets another."""
    first = lender.lend()
    assert lender.lend() == first
    assert first is not None
    assert lender.lend(DOOR, first.id) != first
    anew = lender.lend(ledger="recovered")
    assert anew is not None
    assert anew.id != first.id


def test_a_spare_only_while_there_are_plenty(club: Database, lender: Lender) -> None:
    """Three are few."""
    assert lender.lend(is_spare=True) is None
    with club.write() as session:
        session.get_one(Multipass, "pass").total = 10
    lent = lender.lend()
    assert lent is not None
    assert lent.count == 2
    spare = lender.lend(DOOR, lent.id, is_spare=True)
    assert spare is not None
    assert spare.count == 1


def test_only_strict_counted_passes_of_the_own_organization(club: Database, lender: Lender) -> None:
    """Anything else: nothing is lent, and nothing is said about why."""
    assert lender.lend(DeviceIdentity("door", "rival", "main", "")) is None
    with club.write() as session:
        session.get_one(Multipass, "pass").is_strict = False
    assert lender.lend() is None
    with club.write() as session:
        multipass = session.get_one(Multipass, "pass")
        multipass.is_strict, multipass.total = True, None
    assert lender.lend() is None


def one_left(club: Database) -> None:
    """The pass has one use."""
    with club.write() as session:
        session.get_one(Multipass, "pass").total = 1


def test_a_lease_comes_back_by_the_doors_word(club: Database, lender: Lender, pen: Callable[..., Any]) -> None:
    """Its time being over is not enough; nor is a word while an event before it is missing."""
    one_left(club)
    door = pen("door")
    assert lender.lend() is not None
    lender.now += LIFETIME + timedelta(seconds=1)
    assert lender.lend(OTHER) is None
    before, after = door.event(), door.event()
    lender.told(2)
    assert lender.lend(OTHER) is None
    lender.hear(door, after)
    assert lender.lend(OTHER) is None
    lender.hear(door, before)
    assert lender.lend(OTHER) is not None


def test_what_is_missing_may_be_the_use(club: Database, lender: Lender, pen: Callable[..., Any]) -> None:
    """It was: the use arrives at last, and nothing is free."""
    one_left(club)
    door = pen("door")
    lease = lender.lend()
    spent, after = use(door, lease), door.event()
    lender.now += LIFETIME + timedelta(seconds=1)
    lender.told(2)
    lender.hear(door, after)
    assert lender.lend(OTHER) is None
    lender.hear(door, spent)
    assert lender.lend(OTHER) is None


def test_what_was_not_understood_may_be_the_use(club: Database, lender: Lender, pen: Callable[..., Any]) -> None:
    """A parked event counts as received, and holds the lease all the same - until the door is written off."""
    one_left(club)
    door = pen("door")
    assert lender.lend() is not None
    lender.hear(door, door.event(kind="levitated"))
    lender.now += LIFETIME + timedelta(seconds=1)
    lender.told(1)
    assert lender.lend(OTHER) is None
    with club.write() as session:
        write_off(session, "club", "door", now=lender.now)
    assert lender.lend(OTHER) is not None


def test_an_old_word_that_comes_late_says_nothing_new(club: Database, lender: Lender) -> None:
    """States may arrive in any order."""
    one_left(club)
    early = lender.now
    lender.now += LIFETIME * 2
    assert lender.lend() is not None
    lender.now, late = early, lender.now
    lender.told(0)
    lender.now = late + timedelta(hours=1)
    assert lender.lend(OTHER) is None


def test_another_doors_lease_is_not_spent_by_its_name(club: Database, lender: Lender, pen: Callable[..., Any]) -> None:
    """A door that names what was lent to another takes a use all the same, and frees nothing."""
    with club.write() as session:
        session.get_one(Multipass, "pass").total = 2
    lease, other = lender.lend(), pen("other")
    lender.hear(other, use(other, lease))
    with club.read() as session:
        assert [each.lease_id for each in session.query(PassUse)] == [None]
    assert lender.lend(OTHER) is None


def test_over_http(embedded_venue: Any) -> None:
    """Sealed for the door that asked; nobody else gets in; what is no request is not understood."""
    venue = embedded_venue
    with venue.database.write() as session:
        session.get_one(Multipass, "pass").is_strict = True
    door = venue.centre.enroll()
    request = LeaseRequest(nonce="a" * 32, multipass="pass", ledger="l1").to_bytes()
    url = venue.centre.url + LEASES_PATH
    headers = {"Authorization": f"Bearer {door.device}:{door.secret}"}
    assert httpx.post(url, content=request).status_code == 401
    assert httpx.post(url, content=b"{}", headers=headers).status_code == 422
    raw = httpx.post(url, content=request, headers=headers).content
    answer = CentrePublicKey(bytes.fromhex(door.centre_public_key)).unseal(raw, LeaseAnswer)
    assert (answer.device, answer.nonce, answer.multipass, answer.ledger) == (door.device, "a" * 32, "pass", "l1")
    assert answer.lease is not None
    assert answer.lease.count == 1
