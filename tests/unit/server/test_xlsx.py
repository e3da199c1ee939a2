"""The workbook as a spreadsheet reads it: texts stay texts, dates are dates, a full sheet goes on in the next one."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from server.exports.xlsx import Cell, xlsx_chunks, xlsx_file

_SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def _cells(data: bytes, sheet: int = 1) -> list[list[tuple[str, str]]]:
    """Each cell of a sheet as (type, text): `inlineStr`, `n` or `b`."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        tree = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{sheet}.xml"))
    return [[_cell(cell) for cell in row] for row in tree.iter(f"{_SPACE}row")]


def _cell(cell: Any) -> tuple[str, str]:
    assert cell.find(f"{_SPACE}f") is None, "a formula"
    return cell.get("t", "n"), "".join(cell.itertext())


def _book(*rows: list[Cell], title: str = "Clients") -> bytes:
    return b"".join(xlsx_chunks(["One", "Two"], rows, title=title))


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "=HYPERLINK(1)", "{=1}", "https://example.org", "0012", "é"]
)
def test_a_text_stays_the_text_it_is(text: str) -> None:
    """No formula, no link, no number; leading zeros are kept."""
    assert _cells(_book([text]))[1] == [("inlineStr", text)]


def test_what_no_cell_can_hold_is_left_out() -> None:
    """NUL, control characters and lone surrogates go; the file stays readable; a long text is cut."""
    (_, (kind, text)), *_rest = [(0, cell) for cell in _cells(_book(["a\x00\x07b\ud800c"]))[1]]
    assert (kind, text) == ("inlineStr", "ab?c")
    assert len(_cells(_book(["x" * 40_000]))[1][0][1]) == 32_767


def test_dates_numbers_and_nothing_have_their_own_types() -> None:
    """A day and an instant are serial numbers; an aware instant keeps its own wall clock; nothing is no cell."""
    rows = _cells(_book([date(2026, 3, 10), datetime(2026, 3, 10, 12, tzinfo=UTC)], [3, 2.5], [True, None]))
    assert rows[1] == [("n", "46091"), ("n", "46091.5")]
    assert rows[2] == [("n", "3"), ("n", "2.5")]
    assert rows[3] == [("b", "1")]


def test_what_a_spreadsheet_cannot_count_is_text() -> None:
    """Days before 1900, numbers of more than fifteen digits, and what is no number."""
    rows = _cells(_book([date(1887, 7, 1), 12345678901234567890], [float("inf"), float("nan")]))
    assert rows[1] == [("inlineStr", "1887-07-01"), ("inlineStr", "12345678901234567890")]
    assert rows[2] == [("inlineStr", "inf"), ("inlineStr", "nan")]


def test_a_full_sheet_goes_on_in_the_next(tmp_path: Path) -> None:
    """Each sheet has its header, and no row is lost."""
    path = tmp_path / "book.xlsx"
    rows: list[list[Cell]] = [[number] for number in range(250)]
    xlsx_file(path, ["Number"], rows, title="Numbers", rows_in_sheet=101)
    data = path.read_bytes()
    sheets = [_cells(data, sheet) for sheet in (1, 2, 3)]
    assert [sheet[0] for sheet in sheets] == [[("inlineStr", "Number")]] * 3
    assert [int(row[0][1]) for sheet in sheets for row in sheet[1:]] == list(range(250))
    with zipfile.ZipFile(path) as book:
        assert re.findall(r'sheet name="([^"]+)"', book.read("xl/workbook.xml").decode()) == [
            "Numbers",
            "Numbers (2)",
            "Numbers (3)",
        ]


@pytest.mark.parametrize("title", ["", "'", "a/b:c*d?[e]\\", "x" * 60, "'quoted'"])
def test_any_title_names_a_sheet(title: str) -> None:
    """Whatever a spreadsheet forbids in a name is taken out."""
    assert len(_cells(_book(["x"], title=title))) == 2


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the reader goes away in the middle."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    chunks = xlsx_chunks(["One"], ([f"row {number}"] for number in range(5_000)), title="t")
    assert next(chunks)[:2] == b"PK"
    chunks.close()  # type: ignore[attr-defined]
    assert list(tmp_path.iterdir()) == []
