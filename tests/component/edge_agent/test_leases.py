"""Lent uses at a door: spent with their event or not at all, ended by a trusted clock, never revived."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from access.domain.facts import ClockTrust
from access.domain.multipasses import Multipass
from access.domain.reasons import Outcome, Reason
from access.wire.asking import AccountState
from access.wire.leases import LeaseAnswer, LentUses
from edge_agent.door import Door, Place
from edge_agent.leases import LeaseBook
from edge_agent.ledger import SqliteLedger
from edge_agent.ledger_recovery import recover
from tests.component.edge_agent.making import NOW, FakeTime
from tests.component.edge_agent.sample import PASS_CARD, sample
from tests.component.edge_agent.site import KEY, NeighbourDoor

HOUR = timedelta(hours=1)


class Lender:
    """The centre: lends from a stock, when it can be asked."""

    def __init__(self, door: NeighbourDoor, stock: int) -> None:
        self.book, self.time, self.stock, self.asked = LeaseBook(door.ledger), door, stock, 0
        self.restocked: list[str] = []

    def deadline(self) -> float:
        """Time enough."""
        return 1.0

    def person(self, fingerprint: str, *, until: float) -> AccountState | None:
        """Not asked here."""
        return None

    def lease(self, multipass_id: str, *, until: float) -> bool:
        """One of the stock."""
        self.asked += 1
        if self.stock == 0:
            return False
        self.stock -= 1
        self.book.keep(answer(self.book, f"l{self.asked}", multipass_id))
        return True

    def restock(self, multipass_id: str) -> None:
        """Only noted."""
        self.restocked.append(multipass_id)


def answer(book: LeaseBook, id_: str = "l1", multipass_id: str = "x2", **changes: Any) -> LeaseAnswer:
    """What the centre lends to this ledger."""
    base: dict[str, Any] = {
        "organization": "maple",
        "device": "door-1",
        "nonce": "0" * 32,
        "multipass": multipass_id,
        "ledger": book.ledger_name(),
        "made_at": NOW,
        "lease": LentUses(id=id_, count=1, expires_at=NOW + HOUR),
    }
    return LeaseAnswer(**base | changes)


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def door(tmp_path: Path, time: FakeTime) -> Iterator[NeighbourDoor]:
    bodies = [replace(each, is_strict=True) if isinstance(each, Multipass) else each for each in sample(KEY)]
    door = NeighbourDoor(tmp_path / "door-1", "door-1", bodies, time)
    yield door
    door.close()


@pytest.fixture
def book(door: NeighbourDoor) -> LeaseBook:
    return LeaseBook(door.ledger)


def helped(door: NeighbourDoor, stock: int) -> Lender:
    """Gives the door a centre."""
    lender = Lender(door, stock)
    door.door = Door(
        door.identity,
        ledger=door.ledger,
        facts=door.facts,
        clock=door.door._clock,
        places={"front": Place("pool")},
        is_connected=lambda: True,
        help=lender,
    )
    return lender


def test_a_strict_pass_opens_by_what_is_lent(door: NeighbourDoor, time: FakeTime) -> None:
    """Asked for when it is needed, named by the event, spent once; then it needs review, and nothing is taken."""
    lender = helped(door, 1)
    event = door.scan(PASS_CARD)
    assert event.entitlement is not None
    assert (event.outcome, event.entitlement.lease, event.entitlement.takes_use) == (Outcome.GRANTED, "l1", True)
    assert lender.restocked == ["x2"]
    time.pass_(60)
    again = door.scan(PASS_CARD)
    assert again.entitlement is not None
    assert (again.outcome, again.reasons) == (Outcome.REVIEW, (Reason.CACHE_STALE,))
    assert (again.entitlement.lease, again.entitlement.takes_use, lender.asked) == (None, False, 2)


def test_a_spare_opens_without_the_centre(door: NeighbourDoor, book: LeaseBook, time: FakeTime) -> None:
    """Kept in the ledger, also over a restart."""
    book.keep(answer(book))
    door.ledger.reopen()
    assert door.scan(PASS_CARD).outcome is Outcome.GRANTED
    time.pass_(60)
    assert door.scan(PASS_CARD).outcome is Outcome.REVIEW


def test_nothing_is_asked_for_who_would_not_get_in(door: NeighbourDoor, time: FakeTime) -> None:
    """A repeated scan and an unknown card borrow nothing."""
    lender = helped(door, 5)
    door.scan(PASS_CARD)
    door.scan(PASS_CARD)
    door.scan("99999")
    assert lender.asked == 1


def test_an_untrusted_clock_spends_nothing(door: NeighbourDoor, book: LeaseBook) -> None:
    """And holdover does, until the time is over."""
    book.keep(answer(book))
    assert book.lent(["x2"], now=NOW, clock=ClockTrust.UNTRUSTED) == {}
    assert book.lent(["x2"], now=NOW, clock=ClockTrust.HOLDOVER) == {"x2": "l1"}
    assert book.lent(["x2"], now=NOW + HOUR, clock=ClockTrust.HOLDOVER) == {}


def test_only_a_trusted_clock_ends_a_lease_and_for_good(door: NeighbourDoor, book: LeaseBook) -> None:
    """The word outlives a clock that is set back, and an answer that comes late."""
    book.keep(answer(book))
    for clock in (ClockTrust.UNTRUSTED, ClockTrust.HOLDOVER):
        assert book.end_through(NOW + 2 * HOUR, clock) is None
    assert book.end_through(NOW + 2 * HOUR, ClockTrust.TRUSTED) == NOW + 2 * HOUR
    assert book.leases("door-1") == []
    book.keep(answer(book))
    assert book.lent(["x2"], now=NOW, clock=ClockTrust.TRUSTED) == {}
    assert book.end_through(NOW, ClockTrust.TRUSTED) == NOW + 2 * HOUR


def test_an_answer_twice_is_one_lease(door: NeighbourDoor, book: LeaseBook) -> None:
    """Given again after it was spent, it is still spent."""
    book.keep(answer(book))
    door.scan(PASS_CARD)
    book.keep(answer(book))
    assert book.lent(["x2"], now=NOW, clock=ClockTrust.TRUSTED) == {}
    assert book.known("x2") == ("l1",)


def test_a_recovered_ledger_has_no_leases_and_another_name(door: NeighbourDoor, book: LeaseBook) -> None:
    """What was spent may be among what was lost: what was lent to the old one is not taken by the new one."""
    book.keep(answer(book))
    old = answer(book)
    door.ledger.close()
    recover(door.ledger.path, seq_base_mark="seq_base")
    door.ledger.reopen()
    book.keep(old)
    assert book.leases("door-1") == []
    assert book.ledger_name() != old.ledger
    book.keep(old)
    assert book.leases("door-1") == []


def test_a_lease_that_goes_while_the_scan_is_under_way_lets_nobody_in(
    tmp_path: Path, door: NeighbourDoor, book: LeaseBook
) -> None:
    """The event's transaction spends it or fails: no event, no use, no grant."""
    book.keep(answer(book))
    lent = book.lent
    door.door._leases.lent = lambda ids, *, now, clock: {"x2": "gone"}  # type: ignore[method-assign]
    with pytest.raises(AssertionError):
        door.scan(PASS_CARD)
    door.ledger.reopen()
    assert door.said() == []
    assert lent(["x2"], now=NOW, clock=ClockTrust.TRUSTED) == {"x2": "l1"}
    assert isinstance(door.ledger, SqliteLedger)
