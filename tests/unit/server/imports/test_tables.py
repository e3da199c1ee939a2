"""Files as spreadsheets write them: encodings, delimiters, quoted line breaks, marks, and what is no table."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.imports.errors import FileRefused
from server.imports.tables import layout_of, rows_of


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
