"""CSV that a spreadsheet opens well and that runs nothing: UTF-8 with a byte order mark, no live formulas.

A cell that a spreadsheet would take for a formula is prefixed with an apostrophe (OWASP, CSV injection).
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

__all__ = ["csv_chunks", "file_name", "safe_cell"]

_FORMULA_STARTS = "=+-@\t\r\n"
_INVISIBLE_STARTS = " \u00a0\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\x0b\x0c"
_FULL_WIDTH = "＝＋－＠"
"""Some spreadsheets read them as = + - @."""
_ROWS_IN_CHUNK = 200


def safe_cell(value: str) -> str:
    """The value without NUL; with an apostrophe in front when it could start a formula, even behind blanks."""
    text = value.replace("\x00", "")
    if text[:1] in tuple(_FORMULA_STARTS) or text.lstrip(_INVISIBLE_STARTS)[:1] in tuple("=+-@" + _FULL_WIDTH):
        return f"'{text}"
    return text


def csv_chunks(header: Sequence[str], rows: Iterable[Sequence[str | int]]) -> Iterator[bytes]:
    """The file in chunks: the mark and the header first, then some hundred rows at a time. A number runs nothing."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([safe_cell(each) for each in header])
    yield b"\xef\xbb\xbf"
    waiting = 1
    for row in rows:
        writer.writerow([safe_cell(each) if isinstance(each, str) else each for each in row])
        waiting += 1
        if waiting >= _ROWS_IN_CHUNK:
            yield _drain(buffer)
            waiting = 0
    if waiting:
        yield _drain(buffer)


def _drain(buffer: io.StringIO) -> bytes:
    chunk = buffer.getvalue().encode("utf-8", "replace")
    buffer.seek(0)
    buffer.truncate()
    return chunk


def file_name(*parts: str, extension: str = "csv") -> str:
    """A plain ASCII file name from words: letters, digits and hyphens only."""
    text = unicodedata.normalize("NFKD", "-".join(part for part in parts if part))
    ascii_text = text.encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:100]
    return f"{stem or 'export'}.{extension}"
