"""Files as spreadsheets write them: encodings, delimiters, quoted line breaks, marks, and what is no table."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from server.imports.errors import FileRefused
from server.imports.tables import count_rows, layout_of, rows_of


def written(folder: Path, content: bytes) -> Path:
    """A file with this content."""
    path = folder / "file"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_encoding_with_every_delimiter(tmp_path: Path, encoding: str, delimiter: str) -> None:
    """Accents survive, and a quoted delimiter or line break is part of its cell."""
    rows = [["Prénom", "Nom", "Note"], ["Zoé", "Tremblay", f'"a{delimiter}b"'], ["Léo", "Côté", '"two\nlines"']]
    path = written(tmp_path, "\r\n".join(delimiter.join(row) for row in rows).encode(encoding))
    layout = layout_of(path)
    assert layout.header == ("Prénom", "Nom", "Note")
    assert list(rows_of(path, layout)) == [
        (2, ["Zoé", "Tremblay", f"a{delimiter}b"]),
        (3, ["Léo", "Côté", "two\nlines"]),
    ]


def test_empty_rows_are_passed_over_and_counted(tmp_path: Path) -> None:
    """The numbers are those that a spreadsheet shows; Excel's first line `sep=;` is none of the header."""
    path = written(tmp_path, b"sep=;\na;b\n\n1;2\n;\n3;4\n")
    layout = layout_of(path)
    assert (layout.delimiter, layout.header) == (";", ("a", "b"))
    assert list(rows_of(path, layout)) == [(4, ["1", "2"]), (6, ["3", "4"])]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b" \r\n ", "empty"),
        (b"PK\x03\x04 a workbook", "not_a_table"),
        (b"\x01\x02" * 400, "not_a_table"),
    ],
)
def test_what_is_no_table(tmp_path: Path, content: bytes, code: str) -> None:
    """Said, not guessed at."""
    with pytest.raises(FileRefused) as caught:
        layout_of(written(tmp_path, content))
    assert caught.value.code == code


@pytest.mark.parametrize(
    "endless",
    [
        b"," * 1_100_000,
        b'"cell\n",' * 150_000,
        b"\n1,2\n3," + b"4," * 550_000,
    ],
    ids=["a header of one line", "cells with line breaks", "a row"],
)
def test_a_row_without_an_end_is_not_read_to_its_end(tmp_path: Path, endless: bytes) -> None:
    """No more of it than a row may be long is ever in memory."""
    path = written(tmp_path, b"A,B\n1,2\n" + endless + b"," * 20_000_000)
    layout = layout_of(path)
    tracemalloc.start()
    try:
        with pytest.raises(FileRefused) as refused:
            count_rows(path, layout)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refused.value.code == "row_too_long"
    assert refused.value.details["row"] in (3, 4, 5)
    assert most < 100_000_000


def test_a_long_row_and_the_line_that_excel_adds_are_read(tmp_path: Path) -> None:
    """A row may be as long as a few hundred full cells; `sep=` on a line without an end is no table."""
    cells = ["x" * 100_000] * 9
    path = written(tmp_path, f"sep=,\nA,B\n{','.join(cells)}\n".encode())
    assert list(rows_of(path, layout_of(path))) == [(3, cells)]
    path = written(tmp_path, b"sep=," + b"A,B" * 1_000_000 + b"\n1,2\n")
    with pytest.raises(FileRefused):
        count_rows(path, layout_of(path))
