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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
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
        (b"\xef\xbb\xbf", "empty"),
        (b"sep=;\r\n", "empty"),
        (b"PK\x03\x04 a workbook", "not_a_table"),
        (b"a," * 200 + b"a\n" + b"1," * 200 + b"1\n", "too_many_columns"),
        (b"\x01\x02" * 400, "not_a_table"),
    ],
)
def test_what_is_no_table(tmp_path: Path, content: bytes, code: str) -> None:
    """Said, not guessed at."""
    with pytest.raises(FileRefused) as caught:
        layout_of(written(tmp_path, content))
    assert caught.value.code == code


@pytest.mark.parametrize("first", ["sep=;\r\n", '"sep=;"\r\n', "SEP=;\r", "sep=;;;\n", "\ufeffsep=;\n"])
def test_the_line_that_excel_adds_is_none_of_the_header(tmp_path: Path, first: str) -> None:
    """However it is quoted, filled up or ended."""
    end = first[-1]
    path = written(tmp_path, f"{first}a;b{end}1,5;2{end};{end}".encode())
    layout = layout_of(path)
    assert (layout.delimiter, layout.header) == (";", ("a", "b"))
    assert list(rows_of(path, layout)) == [(3, ["1,5", "2"])]


def test_200_columns_and_rows_filled_up_with_nothing(tmp_path: Path) -> None:
    """As spreadsheets leave them: cells and rows of which only the delimiters are there."""
    header, row = ",".join(f"c{number}" for number in range(200)), ",".join("x" * 200)
    path = written(tmp_path, f"{header}\n{row},,,\n{',' * 250}\n\n   \n".encode())
    layout = layout_of(path)
    assert len(layout.header) == 200
    assert count_rows(path, layout) == 1


@pytest.mark.parametrize(
    ("content", "code", "row"),
    [
        (b"A,B\n1," + b"x" * 200_000 + b"\n", "row_too_long", 2),
        (b"A,B\n1,2\n3," + b"x" * 5_000_000 + b"\n", "row_too_long", 3),
        (b'A,B\n1,"two\n3,4\n5,6\n', "quote_open", 2),
        (b'A,B\n1,2\n3,"' + b"x,y\n" * 300_000, "row_too_long", 3),
    ],
    ids=["a cell beyond any", "a cell of 5 MB", "a quotation mark that is not closed", "one before many rows"],
)
def test_a_cell_that_goes_on_and_on_is_named_by_its_row(tmp_path: Path, content: bytes, code: str, row: int) -> None:
    """And what follows is not taken for a part of it."""
    path = written(tmp_path, content)
    with pytest.raises(FileRefused) as refused:
        count_rows(path, layout_of(path))
    assert (refused.value.code, refused.value.details["row"]) == (code, row)


def test_a_quotation_mark_in_a_cell_opens_nothing(tmp_path: Path) -> None:
    """Inches, and a last cell of two lines, are as they were."""
    path = written(tmp_path, b'A,B\n5",2\n3,"two\nlines 5"" long"')
    assert list(rows_of(path, layout_of(path))) == [(2, ['5"', "2"]), (3, ["3", 'two\nlines 5" long'])]


def test_a_file_of_empty_rows_is_not_read_for_ever(tmp_path: Path) -> None:
    """It has no more rows than any other."""
    path = written(tmp_path, b"A,B\n" + b"\n" * 1_000_000 + b"1,2\n")
    with pytest.raises(FileRefused) as refused:
        count_rows(path, layout_of(path))
    assert refused.value.code == "too_many_rows"


def test_a_line_ends_where_a_spreadsheet_ends_it(tmp_path: Path) -> None:
    """Not at the separators of other programs, in the header either."""
    path = written(tmp_path, "A,B\u2028b,C\n1,2\x0b2\x85,3\n".encode())
    layout = layout_of(path)
    assert (layout.header, layout.first_rows) == (("A", "B\u2028b", "C"), (("1", "2\x0b2\x85", "3"),))


def test_one_damaged_character_does_not_spoil_the_others(tmp_path: Path) -> None:
    """UTF-8 with a byte of something else stays UTF-8, and what was lost is marked."""
    path = written(tmp_path, "A,B\nZoé,Léo\n".encode() + b"No\xebl,\n")
    layout = layout_of(path)
    assert layout.encoding == "utf-8"
    assert list(rows_of(path, layout)) == [(2, ["Zoé", "Léo"]), (3, ["No\ufffdl", ""])]


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
