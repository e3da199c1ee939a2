"""CSV cells that run nothing, chunks, and file names."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.checkins.csv_export import csv_chunks, file_name, safe_cell


@pytest.mark.parametrize(
    "value",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u202e=1", "\u200b@x", "\ufeff=x", "\x00=1"],
)
def test_what_could_start_a_formula_is_prefixed(value: str) -> None:
    """Also behind blanks and marks that a spreadsheet passes over."""
    assert safe_cell(value) == "'" + value.replace("\x00", "")


@pytest.mark.parametrize("value", ["", "Zoé", "a=b", "1-2", "<img src=x>", "'=1", "5"])
def test_everything_else_stays_as_it_is(value: str) -> None:
    """Names keep their accents and their tags: a CSV is no page."""
    assert safe_cell(value) == value


@given(st.text())
def test_no_cell_ever_starts_a_formula(value: str) -> None:
    """Whatever the text."""
    assert safe_cell(value)[:1] not in tuple("=+-@\t\r\n")


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r")), min_size=2, max_size=2
        ),
        max_size=20,
    )
)
def test_a_reader_gets_every_cell_back(rows: list[list[str]]) -> None:
    """Quotes, commas and line ends survive; only the apostrophe is added."""
    content = b"".join(csv_chunks(["a", "b"], rows)).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(content, newline=""))) == [
        ["a", "b"],
        *([safe_cell(c) for c in r] for r in rows),
    ]


def test_a_file_comes_in_chunks_and_starts_with_the_mark() -> None:
    """So that a long one is on its way before it is read."""
    chunks = list(csv_chunks(["n"], ([str(number)] for number in range(1000))))
    assert chunks[0] == b"\xef\xbb\xbf"
    assert len(chunks) > 4


def test_half_a_surrogate_breaks_no_file() -> None:
    """Text that is no Unicode is replaced."""
    assert b"?" in b"".join(csv_chunks(["a"], [["\ud800"]]))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("Activité", "Zoé Tremblay", "2026-11-21"), "activite-zoe-tremblay-2026-11-21.csv"),
        (("a", '../"\r\n; rm -rf', ""), "a-rm-rf.csv"),
        (("שלום",), "export.csv"),
        (("x" * 500,), "x" * 100 + ".csv"),
    ],
)
def test_file_names_are_plain(parts: tuple[str, ...], expected: str) -> None:
    """Nothing of a name reaches a header unescaped."""
    assert file_name(*parts) == expected


def test_full_width_signs_are_signs() -> None:
    """Spreadsheets in East Asian settings read them as = + - @, also behind blanks."""
    for sign in "＝＋－＠":
        assert safe_cell(f"{sign}1+1") == f"'{sign}1+1"
        assert safe_cell(f" {sign}1") == f"' {sign}1"
    assert safe_cell("1＋1") == "1＋1"
