"""Files sent through the API: what is odd is read or refused with what is wrong, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi import FastAPI

from server.api.scopes import Scope
from tests.component.server.api.conftest import Program

Make = Callable[..., Program]


@pytest.mark.parametrize(
    ("content", "code", "details"),
    [
        (b"", "empty", {}),
        (b"external_id,first_name\n", "empty", {}),
        (b"external_id;first_name\n;;;;\n\n;\n", "empty", {}),
        (b"PK\x03\x04" + bytes(2000), "not_a_table", {}),
        (b"external_id," * 201, "too_many_columns", {"most": 200}),
        (b"external_id,first_name\nP-1," + b"x" * 5_000_000, "row_too_long", {"row": 2, "most": 1_000_000}),
        (b'external_id,first_name\nP-1,"Ann\nP-2,Bo\n', "quote_open", {"row": 2}),
    ],
    ids=["nothing", "a header", "no cells", "a workbook", "201 columns", "a cell of 5 MB", "an open quotation mark"],
)
def test_what_cannot_go_in_is_said(
    program: Make, app: FastAPI, content: bytes, code: str, details: dict[str, int]
) -> None:
    """In a problem document with its details; the file is gone again."""
    answer = program(Scope.IMPORTS_WRITE)("POST", "/imports?kind=people", content=content)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"] == [{"field": "file", "code": code, "details": details}]
    assert list(app.state.import_files._folder.iterdir()) == []


def test_an_odd_file_is_read(program: Make) -> None:
    """Excel's first line, French headers in capitals, a cell of two lines, a tail of empty cells, three encodings."""
    text = 'sep=;\r\nCLÉ;PRÉNOM;REMARQUES;;\r\nP-1;Zoé;"deux\r\nlignes";;\r\n;;;;\r\n\r\n'
    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        sent = program(Scope.IMPORTS_WRITE)("POST", "/imports?kind=people", content=text.encode(encoding))
        said = sent.json()
        assert (sent.status_code, said["state"], said["rows"]) == (201, "checking", 1), sent.text
        assert said["columns"] == ["external_id", "first_name", "admin_note", None, None]
