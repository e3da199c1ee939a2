"""Marks and receipts: sets of ranges that say exactly what is here."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.ingest.marks import Marks, receipt

_SEQS = st.lists(st.integers(1, 400), max_size=120)


@given(_SEQS, st.randoms(use_true_random=False))
def test_marks_are_the_set_of_numbers_in_any_order(seqs: list[int], random: object) -> None:
    """One by one, all at once, or shuffled and repeated: the same marks."""
    shuffled = [*seqs, *seqs[::3]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one_by_one = Marks()
    for seq in shuffled:
        one_by_one = one_by_one.with_seqs([seq])
    assert one_by_one == Marks().with_seqs(seqs)


@given(_SEQS)
def test_a_receipt_covers_what_is_here_and_nothing_else(seqs: list[int]) -> None:
    """Below the last gap it lists, `covers` is membership; above, it promises nothing."""
    said = receipt("door", Marks().with_seqs(seqs))
    for seq in range(1, 405):
        if said.covers(seq):
            assert seq in seqs
        elif seq <= said.max_seq:
            assert seq not in seqs
    assert said.through_seq == next((seq for seq in range(400) if seq + 1 not in seqs), 400)


def test_more_gaps_than_a_receipt_may_list() -> None:
    """With 150 gaps the first hundred are listed and nothing beyond them is promised; filling them brings the rest."""
    odd = list(range(1, 302, 2))
    marks = Marks().with_seqs(odd)
    said = receipt("door", marks)
    assert len(said.gaps) == 100
    assert said.covers(201)
    assert not said.covers(203)
    rest = receipt("door", marks.with_seqs(range(2, 202, 2)))
    assert rest.covers(203)
    assert len(rest.gaps) == 50


def test_parked_numbers_beyond_the_receipt_are_not_named() -> None:
    """At most a hundred are named, the latest ones."""
    marks = Marks().with_seqs(range(1, 301))
    assert receipt("door", marks, range(1, 301)).parked == tuple(range(201, 301))
    assert receipt("door", Marks(), [5]).parked == ()
