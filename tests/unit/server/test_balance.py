"""What is owed and since when, from amounts alone."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from server.accounts.balance import Standing, standing

_DAY = date(2026, 3, 1)
_AMOUNTS = st.lists(st.tuples(st.integers(-5000, 5000).filter(bool), st.dates(date(2026, 1, 1), date(2026, 12, 31))))


def _on(*amounts: tuple[int, int]) -> Standing:
    return standing((cents, _DAY + timedelta(days=days)) for cents, days in amounts)


def test_what_was_paid_covers_what_fell_due_first() -> None:
    """Not what was entered first."""
    assert _on((1000, 10), (500, 0), (-500, 20)) == Standing(1000, _DAY + timedelta(days=10))
    assert _on((1000, 10), (500, 0), (-499, 20)) == Standing(1001, _DAY)


def test_nothing_owed_is_due_since_never() -> None:
    """Nor is a credit."""
    assert _on() == Standing(0, None)
    assert _on((500, 0), (-500, 0)) == Standing(0, None)
    assert _on((500, 0), (-700, 0)) == Standing(-200, None)


@given(_AMOUNTS)
def test_the_balance_is_the_sum_and_what_is_owed_has_a_day(amounts: list[tuple[int, date]]) -> None:
    """The day is that of one of the amounts owed."""
    found = standing(amounts)
    assert found.balance_cents == sum(cents for cents, _ in amounts)
    assert (found.due_since is not None) == (found.balance_cents > 0)
    assert found.due_since in {None, *(day for cents, day in amounts if cents > 0)}


@given(_AMOUNTS, st.randoms())
def test_the_order_of_entering_does_not_matter(amounts: list[tuple[int, date]], chance: object) -> None:
    """Two imports, one late: the same."""
    shuffled = list(amounts)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert standing(shuffled) == standing(amounts)


@given(_AMOUNTS, st.integers(1, 5000))
def test_paying_never_makes_it_older(amounts: list[tuple[int, date]], paid: int) -> None:
    """The oldest unpaid part can only get younger, or go."""
    before, after = standing(amounts), standing([*amounts, (-paid, _DAY)])
    if before.due_since and after.due_since:
        assert after.due_since >= before.due_since
    else:
        assert after.due_since is None
