"""What a cell means: leading zeros stay, what could be two things is refused, what a spreadsheet added comes off."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.checkins.csv_export import safe_cell
from server.imports.cells import Cell, DateOrder, clean, read_cell
from server.imports.problems import RowRefused


def refused(kind: Cell, text: str) -> str:
    """The code of what is wrong with a cell."""
    with pytest.raises(RowRefused) as caught:
        read_cell(kind, text, "field")
    return caught.value.problems[0].code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-04-03", date(2026, 4, 3)),
        ("2026/4/3", date(2026, 4, 3)),
        ("20260403", date(2026, 4, 3)),
        ("2026-04-03 00:00:00", date(2026, 4, 3)),
        ("3 avril 2026", date(2026, 4, 3)),
        ("1er août 2026", date(2026, 8, 1)),
        ("3-Apr-2026", date(2026, 4, 3)),
        ("April 3, 2026", date(2026, 4, 3)),
        ("13/04/2026", date(2026, 4, 13)),
        ("04/13/2026", date(2026, 4, 13)),
        ("04.04.2026", date(2026, 4, 4)),
    ],
)
def test_dates_that_mean_one_day(text: str, expected: date) -> None:
    """ISO and the usual local forms."""
    assert read_cell(Cell.DATE, text, "field") == expected


def test_a_date_that_could_be_two_days_is_a_problem_until_somebody_says_the_order() -> None:
    """Never a guess."""
    assert refused(Cell.DATE, "03/04/2026") == "ambiguous_date"
    assert read_cell(Cell.DATE, "03/04/2026", "field", order=DateOrder.DAY_FIRST) == date(2026, 4, 3)
    assert read_cell(Cell.DATE, "03/04/2026", "field", order=DateOrder.MONTH_FIRST) == date(2026, 3, 4)


@pytest.mark.parametrize(
    "text", ["03/04/26", "2026-02-30", "45321", "soon", "31 foo 2026", "0001-01-01", "2026-04-03x"]
)
def test_what_is_no_date(text: str) -> None:
    """Two-digit years and a spreadsheet's day numbers neither."""
    assert refused(Cell.DATE, text) == "not_a_date"


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("12.50", 1250),
        ("12,5", 1250),
        ("1 234,50 $", 123450),
        ("$1,234.50", 123450),
        ("1.234,50", 123450),
        ("(12.00)", -1200),
        ("-12", -1200),
        ("−3,00", -300),
        ("1,234,567", 123456700),
        ("0,123", None),
        ("1,234", "ambiguous_amount"),
        ("12.345,678", "not_an_amount"),
        ("12,34,56", "not_an_amount"),
        ("abc", "not_an_amount"),
    ],
)
def test_amounts_in_both_manners(text: str, cents: int | str | None) -> None:
    """A decimal comma or point; a single group of three could be thousands or a fraction."""
    if isinstance(cents, int):
        assert read_cell(Cell.AMOUNT, text, "field") == cents
    else:
        assert refused(Cell.AMOUNT, text) == (cents or "not_an_amount")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("'=1+1", "=1+1"), ("'000123", "000123"), ('="000123"', "000123"), (" 000123 ", "000123"), ("'tis", "'tis")],
)
def test_what_a_spreadsheet_put_around_a_text_comes_off(text: str, expected: str) -> None:
    """An apostrophe that guards, `="..."`, blanks; not an apostrophe that belongs there."""
    assert clean(text) == expected


@given(st.text(alphabet="=+-@0123456789abc' ", min_size=1, max_size=12))
def test_what_was_exported_comes_back(text: str) -> None:
    """The guard of our own CSV is taken off again."""
    plain = text.strip()
    if plain[:1] not in ("'", "") and not plain.startswith('="'):
        assert clean(safe_cell(plain)) == plain


@given(st.from_regex(r"0{0,8}[0-9]{1,12}", fullmatch=True))
def test_identifiers_stay_texts(text: str) -> None:
    """Leading zeros are part of them."""
    assert read_cell(Cell.KEY, clean(text), "field") == text


def test_a_number_that_a_spreadsheet_shortened_is_found_out() -> None:
    """1.23E+11 is no identifier any more."""
    assert refused(Cell.KEY, "1.23457E+11") == "damaged_number"


@pytest.mark.parametrize(("text", "expected"), [("Oui", True), ("x", True), ("NON", False), ("0", False)])
def test_yes_and_no_in_both_languages(text: str, expected: bool) -> None:
    """And as ones, zeros and crosses."""
    assert read_cell(Cell.FLAG, text, "field") is expected
    assert refused(Cell.FLAG, "maybe") == "not_yes_or_no"


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (Cell.LANGUAGE, "Français", "fr"),
        (Cell.LIST, "000123; 000124", ["000123", "000124"]),
        (Cell.WORD, "On first use", "on_first_use"),
        (Cell.NUMBER, "1 000", 1000),
        (
            Cell.PERIODS,
            "2026-07-01/2026-07-31; 2026-12-24/",
            [
                {"first_on": date(2026, 7, 1), "last_on": date(2026, 7, 31)},
                {"first_on": date(2026, 12, 24), "last_on": None},
            ],
        ),
    ],
)
def test_the_other_cells(kind: Cell, text: str, expected: Any) -> None:
    """Languages, lists, words, numbers, periods."""
    assert read_cell(kind, text, "field") == expected
