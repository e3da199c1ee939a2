"""Counting what is lent: never more than was sold, and back only by the door's word and a record without gaps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.domain.errors import InvalidFact
from access.domain.leases import KEPT_FREE, SPARE, DoorWord, Lease, Lent, free_uses, has_come_back, lendable

AT = datetime(2026, 3, 10, 14, tzinfo=UTC)


def lent(count: int = 2, *, spent: int = 0, after_seq: int = 5) -> Lent:
    """A lease that is over at AT."""
    return Lent(Lease(id="l", multipass_id="x", device="d", count=count, expires_at=AT), spent, after_seq)


def test_what_is_lent_is_reserved_until_it_is_spent() -> None:
    """Spent uses are counted as used instead; more spent than lent reserves nothing, and frees nothing."""
    assert free_uses(10, 0, [lent(2)]) == 8
    assert free_uses(10, 1, [lent(2, spent=1)]) == 8
    assert free_uses(10, 5, [lent(2, spent=5)]) == 5


@pytest.mark.parametrize(
    ("free", "is_spare", "count"),
    [
        (0, False, 0),
        (-1, False, 0),
        (1, False, 1),
        (KEPT_FREE + SPARE, False, 1),
        (KEPT_FREE + 1 + SPARE, False, 1 + SPARE),
        (KEPT_FREE, True, 0),
        (KEPT_FREE + SPARE, True, SPARE),
    ],
)
def test_spares_are_lent_while_there_are_plenty(free: int, is_spare: bool, count: int) -> None:
    """The one that is asked for comes first; the last ones stay where everybody can have them."""
    assert lendable(free, is_spare=is_spare) == count


@given(free=st.integers(-5, 50), is_spare=st.booleans())
def test_never_more_than_is_free(free: int, is_spare: bool) -> None:
    """Whatever is asked for."""
    assert 0 <= lendable(free, is_spare=is_spare) <= max(free, 0)


WORD = DoorWord(AT, 9)


@pytest.mark.parametrize(
    ("word", "through_seq", "parked", "is_back"),
    [
        (WORD, 9, [], True),
        (WORD, 8, [], False),
        (None, 9, [], False),
        (DoorWord(AT - timedelta(milliseconds=1), 9), 9, [], False),
        (WORD, 9, [6], False),
        (WORD, 9, [9], False),
        (WORD, 12, [5, 10], True),
    ],
)
def test_when_a_lease_comes_back(word: DoorWord | None, through_seq: int, parked: list[int], is_back: bool) -> None:
    """Over by the door's word, everything up to it here, and nothing of it misunderstood."""
    assert has_come_back(lent(), word, through_seq=through_seq, parked=parked) is is_back


def test_a_lease_lends_something() -> None:
    """And its end is an instant."""
    with pytest.raises(InvalidFact):
        Lease(id="l", multipass_id="x", device="d", count=0, expires_at=AT)
    with pytest.raises(InvalidFact):
        Lease(id="l", multipass_id="x", device="d", count=1, expires_at=AT.replace(tzinfo=None))
