"""Reading a file of rows: which encoding, which delimiter, which header; then row by row, without keeping them.

UTF-8 and UTF-16 by their marks or their zeros, else UTF-8 where more of it is valid than not, else Windows-1252, as
Excel writes it. A character that is none becomes U+FFFD, which no row is taken in with.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from server.imports.errors import FileRefused

__all__ = ["MAX_CSV_BYTES", "MAX_ROWS", "Layout", "count_rows", "layout_of", "rows_of"]

MAX_CSV_BYTES: Final = 100 * 1024 * 1024
MAX_ROWS: Final = 500_000
_MAX_COLUMNS: Final = 200
_MAX_ROW: Final = 1_000_000
_MAX_CELL: Final = csv.field_size_limit()
_MAX_NUMBER: Final = 2 * MAX_ROWS
"""No row has a higher number: a file of empty rows takes as long to read as a full one."""
_SAMPLE: Final = 200_000
_DELIMITERS: Final = ",;\t|"
_SEPARATOR: Final = re.compile(r'"?sep=(.?)[^\r\n]*(?:\r\n|\r|\n|$)', re.IGNORECASE)
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is read, its header, and its first rows to look at."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    first_rows: tuple[tuple[str, ...], ...] = ()
    skipped: int = 0
    """Lines before the header: Excel's `sep=;`."""


def layout_of(path: Path) -> Layout:
    """Finds out how to read a file. Raises FileRefused."""
    size = path.stat().st_size
    if size > MAX_CSV_BYTES:
        raise FileRefused("too_large", most=MAX_CSV_BYTES // 1024 // 1024)
    encoding = _encoding(path)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        sample = file.read(_SAMPLE)
    if not sample.strip():
        raise FileRefused("empty")
    said = _SEPARATOR.match(sample)
    body = sample[said.end() :] if said else sample
    if not body.strip():
        raise FileRefused("empty")
    delimiter = said[1] if said and said[1] in tuple(_DELIMITERS) else _delimiter(body)
    rows = [row for row in _some_rows(body, delimiter) if any(cell.strip() for cell in row)]
    if not rows or _is_binary(sample):
        raise FileRefused("not_a_table")
    if len(rows[0]) > _MAX_COLUMNS:
        raise FileRefused("too_many_columns", most=_MAX_COLUMNS)
    header = tuple(cell.strip().lstrip("\ufeff") for cell in rows[0])
    return Layout(encoding, delimiter, header, tuple(tuple(row) for row in rows[1 : _SHOWN + 1]), 1 if said else 0)


def rows_of(path: Path, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header with their numbers as a spreadsheet counts them; empty rows are passed over.

    Raises FileRefused for what is no table any more.
    """
    with path.open(encoding=layout.encoding, errors="replace", newline="") as file:
        lines = _Lines(file)
        for _ in range(layout.skipped):
            next(lines, "")
        reader = csv.reader(lines, delimiter=layout.delimiter)
        is_header_seen = False
        number = layout.skipped
        while True:
            number += 1
            if number > _MAX_NUMBER:
                raise FileRefused("too_many_rows", most=MAX_ROWS)
            lines.begin(number)
            try:
                row = next(reader, None)
            except csv.Error as error:
                raise FileRefused("row_too_long", row=number, most=_MAX_CELL) from error
            if row is None:
                return
            if lines.is_open:
                raise FileRefused("quote_open", row=number)
            if not any(cell.strip() for cell in row):
                continue
            if is_header_seen:
                yield number, row
            is_header_seen = True


class _Lines:
    """The lines of a file, no more of them than a row may be long: the reader of rows would keep them all."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.begin(1)

    def begin(self, row: int) -> None:
        """What comes next belongs to this row."""
        self._row, self._left = row, _MAX_ROW
        self._count = self._quotes = 0
        self._is_over = False

    @property
    def is_open(self) -> bool:
        """Whether the row took in every line to the end of the file, in search of a quotation mark that closes it."""
        return self._is_over and self._count > 1 and self._quotes % 2 == 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(self._left + 1)
        self._left -= len(line)
        if self._left < 0:
            raise FileRefused("row_too_long", row=self._row, most=_MAX_ROW)
        if not line:
            self._is_over = True
            raise StopIteration
        self._count += 1
        self._quotes += line.count('"')
        return line


def count_rows(path: Path, layout: Layout) -> int:
    """How many rows there are. Raises FileRefused above the limit."""
    count = 0
    for _ in rows_of(path, layout):
        count += 1
        if count > MAX_ROWS:
            raise FileRefused("too_many_rows", most=MAX_ROWS)
    return count


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4096)
        if start.startswith(codecs.BOM_UTF8):
            return "utf-8-sig"
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        for zeros, encoding in ((start[1::2], "utf-16-le"), (start[::2], "utf-16-be")):
            if zeros.count(0) > len(start) // 4:
                return encoding
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        good = bad = 0
        chunk = start
        while chunk:
            text = decoder.decode(chunk)
            wrong = text.count("\ufffd")
            good, bad = good + len(text) - len(text.encode("ascii", "ignore")) - wrong, bad + wrong
            chunk = file.read(1024 * 1024)
    return "utf-8" if good > bad or not bad else "cp1252"


def _delimiter(sample: str) -> str:
    """The one that cuts most rows into as many cells as the header has, and more than one."""

    def fitness(delimiter: str) -> tuple[int, int]:
        rows = [row for row in _some_rows(sample, delimiter) if any(row)][:30]
        width = len(rows[0]) if rows else 0
        return (sum(len(row) == width for row in rows) if width > 1 else 0, width)

    return max(_DELIMITERS, key=fitness)


def _some_rows(sample: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) > 40:
                break
    except csv.Error:
        pass
    return rows


def _is_binary(sample: str) -> bool:
    strange = sum(character < " " and character not in "\t\r\n" for character in sample[:4096])
    return strange > 20 or sample.startswith(("PK\x03\x04", "%PDF"))
