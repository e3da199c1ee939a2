"""Which events are offered next, and what a receipt changes: pure, so every case is cheap."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from access.wire.receipts import Receipt
from edge_agent.delivery import DeliveryWindow, Lane
from edge_agent.outbox import covered, forgotten


def _receipt(through: int, newest: int | None = None, *gaps: tuple[int, int]) -> Receipt:
    return Receipt(device="door-1", through_seq=through, max_seq=through if newest is None else newest, gaps=gaps)


def test_live_events_are_offered_before_the_backlog() -> None:
    """What happens now does not wait behind what piled up."""
    window = DeliveryWindow(newest=500)
    live, backlog = window.offers()
    assert (live.lane, live.after, live.until) == (Lane.LIVE, 500, None)
    assert (backlog.lane, backlog.after, backlog.until) == (Lane.BACKLOG, 0, 500)


def test_a_full_lane_waits_for_a_receipt() -> None:
    """Only a few batches are on their way at a time."""
    window = DeliveryWindow(newest=500, batches=2)
    window.sent(Lane.BACKLOG, range(1, 51), 0.0)
    window.sent(Lane.BACKLOG, range(51, 101), 0.0)
    assert [offer.lane for offer in window.offers()] == [Lane.LIVE]
    window.receive(_receipt(50))
    assert [offer.after for offer in window.offers()] == [500, 100]


def test_a_receipt_with_a_gap_keeps_the_batch_in_flight() -> None:
    """A batch is done when all of it is at the centre."""
    window = DeliveryWindow(newest=3, batches=1)
    window.sent(Lane.BACKLOG, [1, 2, 3], 0.0)
    window.receive(_receipt(1, 3, (2, 2)))
    assert [offer.lane for offer in window.offers()] == [Lane.LIVE]


def test_silence_rewinds_to_the_lowest_and_patience_grows() -> None:
    """Without a receipt everything is offered again, ever more slowly."""
    window = DeliveryWindow(newest=3, patience_s=4.0)
    window.sent(Lane.BACKLOG, [1, 2, 3], 0.0)
    assert not window.rewind_overdue(3.9)
    assert window.rewind_overdue(4.1)
    assert [offer.after for offer in window.offers()] == [3, 0]
    window.sent(Lane.BACKLOG, [1, 2, 3], 5.0)
    assert not window.rewind_overdue(9.5)
    assert window.rewind_overdue(13.1)


def test_a_receipt_brings_patience_back() -> None:
    """One answer shows that somebody is there."""
    window = DeliveryWindow(newest=9, patience_s=4.0)
    window.sent(Lane.BACKLOG, [1], 0.0)
    window.rewind_overdue(5.0)
    window.receive(_receipt(1))
    window.sent(Lane.BACKLOG, [2], 6.0)
    assert window.rewind_overdue(10.1)


def test_what_a_receipt_covers_as_ranges() -> None:
    """Everything up to the newest but the gaps."""
    assert list(covered(_receipt(3, 9, (4, 5), (8, 8)))) == [(1, 3), (6, 7), (9, 9)]
    assert list(covered(_receipt(0))) == []


def test_a_restored_backup_is_seen_as_forgotten_events() -> None:
    """The centre confirmed 100 and now knows of 40 only."""
    assert forgotten(_receipt(100), _receipt(40)) == [(41, 100)]
    assert forgotten(_receipt(40), _receipt(100)) == []
    assert forgotten(None, _receipt(40)) == []


@st.composite
def _receipts(draw: st.DrawFn) -> Receipt:
    known = draw(st.sets(st.integers(1, 30), max_size=30))
    newest = max(known, default=0)
    missing = [seq for seq in range(1, newest + 1) if seq not in known]
    gaps: list[tuple[int, int]] = []
    for seq in missing:
        gaps = [*gaps[:-1], (gaps[-1][0], seq)] if gaps and gaps[-1][1] == seq - 1 else [*gaps, (seq, seq)]
    return _receipt(gaps[0][0] - 1 if gaps else newest, newest, *gaps)


@given(_receipts(), _receipts())
def test_forgotten_is_exactly_what_one_covers_and_the_other_does_not(before: Receipt, after: Receipt) -> None:
    """The ranges agree with `covers`, number by number."""
    found = {seq for first, last in forgotten(before, after) for seq in range(first, last + 1)}
    assert found == {seq for seq in range(1, 40) if before.covers(seq) and not after.covers(seq)}
    held = {seq for first, last in covered(before) for seq in range(first, last + 1)}
    assert held == {seq for seq in range(1, 40) if before.covers(seq)}
