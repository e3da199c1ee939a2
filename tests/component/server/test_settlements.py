"""Settling flagged events: what collided, each decision and what it changes, once each, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from access.wire.feed import EntityKind
from server.db import Database
from server.errors import NotFound
from server.ingest.service import record_batch
from server.merging.service import merge_people
from server.models import (
    Account,
    Alarm,
    BalanceEntry,
    Device,
    Event,
    FeedEntry,
    Memo,
    Multipass,
    MultipassType,
    Person,
    Settlement,
)
from server.settlements.errors import AlreadySettled, NotOffered
from server.settlements.proposals import Choice, Proposal, proposal
from server.settlements.service import Wanted, settle


@pytest.fixture
def overdrawn(club: Database, pen: Any, now: Any) -> Callable[[int], list[str]]:
    """Takes a number of uses of the pass of three, a minute apart; the ids of the events."""

    def overdraw(count: int) -> list[str]:
        with club.write() as session:
            session.get_one(MultipassType, "pool").price_cents = 2000
        door = pen("door")
        events = []
        for number in range(count):
            at = now + timedelta(minutes=number)
            events.append(door.use(occurred_at=at.isoformat(timespec="milliseconds").replace("+00:00", "Z")))
        with club.write() as session:
            record_batch(session, door.topic, door.batch(*events), now=now)
        return [each["id"] for each in events]

    return overdraw


@pytest.fixture
def decide(club: Database, now: Any) -> Callable[..., None]:
    """Settles an event in a transaction of its own."""

    def decide(event_id: str, choice: Choice, **more: Any) -> None:
        with club.write() as session:
            wanted = Wanted(choice=choice, **{"said": "why", **more})
            settle(session, "club", event_id, wanted, staff_id="kim", now=now)

    return decide


def _proposal(club: Database, event_id: str) -> Proposal:
    with club.read() as session:
        found = proposal(session, "club", session.get_one(Event, event_id))
        assert found.multipass is None or found.multipass.type is not None
        return found


def _flagged(club: Database) -> set[str]:
    with club.read() as session:
        return {event.id for event in session.scalars(select(Event)) if "overdrawn" in event.flags}


def _open_alarms(club: Database) -> list[str]:
    with club.read() as session:
        return [alarm.kind for alarm in session.scalars(select(Alarm)) if alarm.settled_at is None]


def test_the_proposal_names_the_last_use_sold_and_those_beyond(club: Database, overdrawn: Any) -> None:
    """And what one costs: the price among the uses, to the cent."""
    ids = overdrawn(5)
    assert _flagged(club) == set(ids[3:])
    found = _proposal(club, ids[4])
    assert [each.id for each in found.collided] == ids[2:]
    assert (found.taken, found.price_cents, found.person_ids) == (5, 667, ("ann",))
    assert found.choices == (Choice.CHARGE, Choice.CREDIT, Choice.BLOCK, Choice.NONE)
    assert _open_alarms(club) == ["pass_overdrawn"]


def test_a_charge_is_owed_and_evens_the_pass(club: Database, overdrawn: Any, decide: Any) -> None:
    """A balance entry for the event, one use more on the pass, the doors hear of both; the event stays as it is."""
    *_, last = overdrawn(4)
    with club.read() as session:
        before = session.get_one(Event, last).body
    decide(last, Choice.CHARGE, amount_cents=667, note="agreed by telephone")
    with club.read() as session:
        (entry,) = session.scalars(select(BalanceEntry))
        assert (entry.amount_cents, entry.source, entry.event_id, entry.entered_by) == (667, "settlement", last, "kim")
        assert session.get_one(Account, "family").balance_cents == 667
        assert session.get_one(Multipass, "pass").total == 4
        (made,) = session.scalars(select(Settlement))
        assert (made.decision, made.balance_entry_id, made.note, made.decided_by) == (
            "charge",
            entry.id,
            "agreed by telephone",
            "kim",
        )
        newest = {each.kind: each.entity_id for each in session.scalars(select(FeedEntry).order_by(FeedEntry.seq))}
        assert newest[EntityKind.MULTIPASS.value] == "pass"
        assert newest[EntityKind.ACCOUNT.value] == "family"
        event = session.get_one(Event, last)
        assert event.body == before
        assert "overdrawn" in event.flags
    assert _open_alarms(club) == []


def test_each_is_settled_by_itself_whichever_is_first(club: Database, overdrawn: Any, decide: Any, pen: Any) -> None:
    """The later one credited leaves the earlier one open; the alarm ends with the last decision."""
    *_, earlier, later = overdrawn(5)
    decide(later, Choice.CREDIT)
    assert _flagged(club) == {earlier, later}
    assert _open_alarms(club) == ["pass_overdrawn"]
    assert _proposal(club, earlier).settlement is None
    decide(earlier, Choice.NONE)
    assert _open_alarms(club) == []
    assert _flagged(club) == {earlier, later}


def test_a_later_use_alone_is_new(club: Database, overdrawn: Any, decide: Any, pen: Any, now: Any) -> None:
    """What was decided stays decided; only the new excess raises an alarm."""
    *_, last = overdrawn(4)
    decide(last, Choice.CREDIT)
    door = pen("door")
    door.seq, door.prev = 4, "1" * 64
    with club.write() as session:
        late = (now + timedelta(hours=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        new = door.use(occurred_at=late)
        record_batch(session, door.topic, door.batch(new), now=now)
    assert _flagged(club) == {last, new["id"]}
    assert "pass_overdrawn" in _open_alarms(club)


def test_an_event_is_settled_once(club: Database, overdrawn: Any, decide: Any) -> None:
    """The second decision is refused and changes nothing."""
    *_, last = overdrawn(4)
    decide(last, Choice.CREDIT)
    for choice in Choice:
        with pytest.raises(AlreadySettled):
            decide(last, choice, amount_cents=100, person_ids=("ann",))
    with club.read() as session:
        assert session.get_one(Multipass, "pass").total == 4
        assert list(session.scalars(select(BalanceEntry))) == []


def test_a_block_keeps_out_until_another_decision(club: Database, overdrawn: Any, decide: Any) -> None:
    """With a starred memo for the desk; then the charge lifts it and takes the memo away."""
    *_, last = overdrawn(4)
    decide(last, Choice.BLOCK, person_ids=("ann",), said="Blocked until settled")
    with club.read() as session:
        assert session.get_one(Person, "ann").is_blocked
        (memo,) = session.scalars(select(Memo))
        assert (memo.text, memo.is_starred, memo.person_id) == ("Blocked until settled", True, "ann")
    assert _proposal(club, last).choices == (Choice.CHARGE, Choice.CREDIT, Choice.NONE)
    decide(last, Choice.CHARGE, amount_cents=100)
    with club.read() as session:
        assert not session.get_one(Person, "ann").is_blocked
        assert list(session.scalars(select(Memo))) == []
        (made,) = session.scalars(select(Settlement))
        assert (made.decision, made.memo_ids, made.blocked_ids) == ("charge", [], [])


def test_two_blocks_are_lifted_by_the_second_decision(club: Database, overdrawn: Any, decide: Any) -> None:
    """Whom another settlement blocks stays out; whoever was blocked before by hand stays blocked."""
    *_, earlier, later = overdrawn(5)
    decide(earlier, Choice.BLOCK, person_ids=("ann",))
    decide(later, Choice.BLOCK, person_ids=("ann",))
    decide(earlier, Choice.NONE)
    with club.read() as session:
        assert session.get_one(Person, "ann").is_blocked
    decide(later, Choice.NONE)
    with club.read() as session:
        assert not session.get_one(Person, "ann").is_blocked


def test_a_block_by_hand_outlives_the_settlement(club: Database, overdrawn: Any, decide: Any) -> None:
    """It was there for another reason."""
    *_, last = overdrawn(4)
    with club.write() as session:
        session.get_one(Person, "ann").is_blocked = True
    decide(last, Choice.BLOCK, person_ids=("ann",))
    decide(last, Choice.NONE)
    with club.read() as session:
        assert session.get_one(Person, "ann").is_blocked


@pytest.mark.parametrize(
    "more",
    [
        {"choice": Choice.CHARGE, "amount_cents": None},
        {"choice": Choice.CHARGE, "amount_cents": -5},
        {"choice": Choice.BLOCK, "person_ids": ()},
        {"choice": Choice.BLOCK, "person_ids": ("somebody-else",)},
    ],
)
def test_what_is_not_offered_changes_nothing(club: Database, overdrawn: Any, decide: Any, more: dict[str, Any]) -> None:
    """No amount, or nobody of the collision."""
    *_, last = overdrawn(4)
    with pytest.raises(NotOffered):
        decide(last, **more)
    with club.read() as session:
        assert list(session.scalars(select(Settlement))) == []
        assert session.get_one(Multipass, "pass").total == 3


def test_only_flagged_events_of_ones_own_are_settled(club: Database, overdrawn: Any, now: Any) -> None:
    """A plain event, and one of another organization, are not there."""
    first, *_, last = overdrawn(4)
    for organization, event_id in (("club", first), ("elsewhere", last), ("club", "nothing")):
        with pytest.raises(NotFound), club.write() as session:
            settle(session, organization, event_id, Wanted(choice=Choice.NONE), staff_id="kim", now=now)


@pytest.fixture
def merge(club: Database, now: Any) -> Callable[[str, str], None]:
    """Makes one of the family's people another; Ann is also on the list as `anne`."""
    with club.write() as session:
        session.add(Person(id="anne", organization_id="club", account_id="family", first_name="Ann"))

    def merge(kept_id: str, gone_id: str) -> None:
        with club.write() as session:
            merge_people(session, "club", kept_id=kept_id, gone_id=gone_id, now=now)

    return merge


def _blocked(club: Database) -> set[str]:
    with club.read() as session:
        return set(session.scalars(select(Person.id).where(Person.is_blocked)))


@pytest.mark.parametrize(("kept", "gone"), [("ann", "anne"), ("anne", "ann")])
@pytest.mark.parametrize("by_hand", ["", "ann", "anne"])
def test_a_block_follows_a_merge(
    club: Database, overdrawn: Any, decide: Any, merge: Any, *, kept: str, gone: str, by_hand: str
) -> None:
    """Whichever row stays is blocked, and free with the next decision, unless one was blocked by hand."""
    *_, last = overdrawn(4)
    with club.write() as session:
        if by_hand:
            session.get_one(Person, by_hand).is_blocked = True
    decide(last, Choice.BLOCK, person_ids=("ann",))
    merge(kept, gone)
    assert _blocked(club) == {kept}
    decide(last, Choice.CREDIT)
    assert _blocked(club) == ({kept} if by_hand else set())


def test_two_blocks_of_one_person_under_two_names(club: Database, overdrawn: Any, decide: Any, merge: Any) -> None:
    """The one that stays is out until both are settled."""
    *_, first, second = overdrawn(5)
    with club.write() as session:
        session.get_one(Event, second).person_id = "anne"
    decide(first, Choice.BLOCK, person_ids=("ann",))
    decide(second, Choice.BLOCK, person_ids=("anne",))
    merge("anne", "ann")
    decide(second, Choice.NONE)
    assert _blocked(club) == {"anne"}
    decide(first, Choice.NONE)
    assert _blocked(club) == set()


def test_the_alarm_about_the_row_that_went_ends_with_the_decision(
    club: Database, pen: Any, decide: Any, merge: Any, now: Any
) -> None:
    """A copied card was told of under the old name; the last decision about it settles the alarm."""
    with club.write() as session:
        session.add(Device(id="other", organization_id="club", site_id="main", name="Other", secret_hash="x"))
    card = {"kind": "nfc", "fingerprint": "c" * 32}
    for device, place in (("door", "entrance"), ("other", "exit")):
        door = pen(device, access_point=place)
        said = door.event(credential=card)
        with club.write() as session:
            record_batch(session, door.topic, door.batch(said), now=now)
    assert _open_alarms(club) == ["card_cloned"]
    merge("anne", "ann")
    decide(said["id"], Choice.NONE)
    assert _open_alarms(club) == []
