"""Excel workbooks of any length in constant memory: rows go to a temporary file as they come.

A text is written as text, so it can never run as a formula; a date is a real date. A sheet that is full goes on in the
next one. The counterpart for CSV is `server.checkins.csv_export`.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

import xlsxwriter

__all__ = ["MEDIA_TYPE", "Cell", "xlsx_chunks", "xlsx_file"]

Cell = str | int | float | bool | date | datetime | None
"""An aware instant is written as the wall clock it carries: put it into the reader's zone first."""

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ROWS_IN_SHEET: Final = 1_048_576
_MOST_LETTERS: Final = 32_767
_MOST_EXACT: Final = 10**15
"""A spreadsheet keeps 15 digits of a number; a longer one is written as text."""
_CHUNK: Final = 64 * 1024
_FIRST_YEAR: Final = 1900
_WIDTHS: Final = (10, 44)
_SAMPLE: Final = 100


def xlsx_chunks(header: Sequence[str], rows: Iterable[Sequence[Cell]], *, title: str) -> Iterator[bytes]:
    """The workbook in chunks; `title` names the sheet. The file is gone when the iterator ends or is closed."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-export-") as folder:
        path = Path(folder) / "export.xlsx"
        xlsx_file(path, header, rows, title=title)
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk


def xlsx_file(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    title: str,
    rows_in_sheet: int = _ROWS_IN_SHEET,
) -> None:
    """Writes the workbook to a file: a bold header that stays, a filter on it, columns as wide as what they hold."""
    options = {"constant_memory": True, "tmpdir": str(path.parent), "default_date_format": "yyyy-mm-dd hh:mm:ss"}
    with xlsxwriter.Workbook(str(path), options) as book:
        writer = _Writer(book, header, _sheet_name(title), rows_in_sheet)
        waiting = iter(rows)
        sample = list(islice(waiting, _SAMPLE))
        writer.widths = _widths(header, sample)
        writer.start()
        for row in chain(sample, waiting):
            writer.add(row)
        writer.end()


class _Writer:
    """Rows to sheets."""

    def __init__(self, book: Any, header: Sequence[str], name: str, rows_in_sheet: int) -> None:
        self._book, self._header, self._name, self._most = book, header, name, rows_in_sheet
        self._bold = book.add_format({"bold": True, "bottom": 1})
        self._day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        self._sheets = 0
        self.widths: Sequence[int] = ()

    def start(self) -> None:
        """The first sheet, or the next one."""
        self._sheets += 1
        suffix = f" ({self._sheets})" if self._sheets > 1 else ""
        self._sheet = self._book.add_worksheet(f"{self._name[: 31 - len(suffix)]}{suffix}")
        self._sheet.freeze_panes(1, 0)
        for column, width in enumerate(self.widths):
            self._sheet.set_column(column, column, width)
        for column, text in enumerate(self._header):
            self._sheet.write_string(0, column, _text(text), self._bold)
        self._row = 0

    def add(self, row: Sequence[Cell]) -> None:
        """One more row."""
        if self._row + 1 >= self._most:
            self.end()
            self.start()
        self._row += 1
        for column, value in enumerate(row):
            self._write(column, value)

    def end(self) -> None:
        """What a full sheet gets."""
        if self._header:
            self._sheet.autofilter(0, 0, self._row, len(self._header) - 1)

    def _write(self, column: int, value: Cell) -> None:
        sheet, row = self._sheet, self._row
        if value is None or value == "":
            return
        if isinstance(value, bool):
            sheet.write_boolean(row, column, value)
        elif isinstance(value, (int, float)) and _is_exact(value):
            sheet.write_number(row, column, value)
        elif isinstance(value, datetime) and value.year >= _FIRST_YEAR:
            sheet.write_datetime(row, column, value.replace(tzinfo=None, microsecond=0))
        elif isinstance(value, date) and not isinstance(value, datetime) and value.year >= _FIRST_YEAR:
            sheet.write_datetime(row, column, datetime.combine(value, time.min), self._day)
        else:
            sheet.write_string(row, column, _text(value.isoformat() if isinstance(value, date) else str(value)))


def _is_exact(value: float) -> bool:
    return abs(value) < _MOST_EXACT


def _text(value: str) -> str:
    """What a cell can hold: no lone surrogates, no control characters but line breaks and tabs, not too long."""
    text = value.encode("utf-8", "replace").decode()
    return re.sub(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]", "", text)[:_MOST_LETTERS]


def _sheet_name(title: str) -> str:
    return re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", _text(title)).strip().strip("'")[:31] or "1"


def _widths(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[int]:
    least, most = _WIDTHS
    longest = [len(text) + 3 for text in header]
    for row in rows:
        for column, value in enumerate(row[: len(longest)]):
            length = 20 if isinstance(value, datetime) else len(str(value)) + 1 if value is not None else 0
            longest[column] = max(longest[column], length)
    return [min(most, max(least, each)) for each in longest]
