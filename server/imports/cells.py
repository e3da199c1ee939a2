"""From the text of a cell to a plain value: dates, amounts, yes and no, lists. What could mean two things is refused.

A leading zero is part of the text; nothing here turns an identifier into a number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final

from server.imports.problems import Problem, RowRefused

__all__ = ["CLEAR", "Cell", "DateOrder", "clean", "read_cell", "simple"]

CLEAR: Final = "-"
"""What a cell says to empty the field; an empty cell leaves it as it is."""

_YES: Final = frozenset({"yes", "y", "true", "1", "x", "oui", "o", "vrai", "on", "✓"})
_NO: Final = frozenset({"no", "n", "false", "0", "non", "faux", "off"})
_LANGUAGES: Final = {
    **dict.fromkeys(("en", "eng", "english", "anglais", "en-ca", "en-us"), "en"),
    **dict.fromkeys(("fr", "fra", "fre", "french", "francais", "fr-ca", "fr-fr"), "fr"),
}
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan january janv janvier",
            "feb february fev fevr fevrier",
            "mar march mars",
            "apr april avr avril",
            "may mai",
            "jun june juin",
            "jul july juil juillet",
            "aug august aou aout",
            "sep sept september septembre",
            "oct october octobre",
            "nov november novembre",
            "dec december decembre",
        ),
        start=1,
    )
    for name in names.split()
}
_ISO: Final = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?")
_COMPACT: Final = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
_LOCAL: Final = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4})(?: 0?0:00(?::00)?)?")
_DAY_MONTH: Final = re.compile(r"(\d{1,2})(?:er|st|nd|rd|th)?[-. ]+([a-z]+)\.?,?[-. ]+(\d{4})")
_MONTH_DAY: Final = re.compile(r"([a-z]+)\.? +(\d{1,2})(?:st|nd|rd|th)?,? +(\d{4})")
_SCIENTIFIC: Final = re.compile(r"\d[.,]\d+E\+\d+", re.IGNORECASE)
_QUOTED_NUMBER: Final = re.compile(r'="(.*)"')
_GUARDED: Final = re.compile(r"'(?=[\s]*[=+\-@\t\r0-9＝＋－＠])")
_SPACES: Final = re.compile(r"[\s\u00a0\u202f']")


class DateOrder(StrEnum):
    """How dates like 03/04/2026 are written in a file. Without an order they are a problem, not a guess."""

    UNKNOWN = ""
    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


class Cell(StrEnum):
    """What a column holds."""

    TEXT = "text"
    KEY = "key"
    DATE = "date"
    FLAG = "flag"
    NUMBER = "number"
    AMOUNT = "amount"
    WORD = "word"
    LANGUAGE = "language"
    LIST = "list"
    PERIODS = "periods"


def simple(text: str) -> str:
    """Small letters without accents, for comparing what people typed."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(plain.lower().split())


def clean(text: str) -> str:
    """A cell's text without what spreadsheets put around it: blanks, a guarding apostrophe, `="..."`.

    Accents are part of their letters, however a Mac takes them apart."""
    text = unicodedata.normalize("NFC", text)
    plain = _GUARDED.sub("", text.strip(), count=1).strip() if text.strip()[:1] == "'" else text.strip()
    quoted = _QUOTED_NUMBER.fullmatch(plain)
    return quoted[1] if quoted else plain


def read_cell(kind: Cell, text: str, field: str, *, order: DateOrder = DateOrder.UNKNOWN) -> Any:
    """The value of a cell that is neither empty nor says "clear". Raises RowRefused."""
    try:
        return _READERS[kind](text, order)
    except _Unreadable as error:
        raise RowRefused(Problem(error.code, field, text, error.details)) from error


class _Unreadable(Exception):
    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code, self.details = code, details


def _text(text: str, _order: DateOrder) -> str:
    return text


def _key(text: str, _order: DateOrder) -> str:
    if _SCIENTIFIC.fullmatch(text):
        raise _Unreadable("damaged_number")
    return text


def _date(text: str, order: DateOrder) -> date:
    plain = simple(text)
    if found := (_ISO.fullmatch(text.strip()) or _COMPACT.fullmatch(plain)):
        parts = [each for each in found.groups() if each.isdigit()]
        return _day(int(parts[0]), int(parts[1]), int(parts[2]))
    if found := _DAY_MONTH.fullmatch(plain):
        return _day(int(found[3]), _month(found[2]), int(found[1]))
    if found := _MONTH_DAY.fullmatch(plain):
        return _day(int(found[3]), _month(found[1]), int(found[2]))
    if found := _LOCAL.fullmatch(plain):
        return _local(int(found[1]), int(found[3]), int(found[4]), order)
    raise _Unreadable("not_a_date")


def _local(first: int, second: int, year: int, order: DateOrder) -> date:
    if order is DateOrder.DAY_FIRST:
        return _day(year, second, first)
    if order is DateOrder.MONTH_FIRST:
        return _day(year, first, second)
    if first <= 12 and second <= 12 and first != second:
        raise _Unreadable("ambiguous_date")
    return _day(year, second, first) if first > 12 else _day(year, first, second)


def _month(name: str) -> int:
    if name not in _MONTHS:
        raise _Unreadable("not_a_date")
    return _MONTHS[name]


def _day(year: int, month: int, day: int) -> date:
    try:
        found = date(year, month, day)
    except ValueError as error:
        raise _Unreadable("not_a_date") from error
    if not 1850 <= year <= 2200:
        raise _Unreadable("not_a_date")
    return found


def _flag(text: str, _order: DateOrder) -> bool:
    word = "✓" if text == "✓" else simple(text)
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise _Unreadable("not_yes_or_no")


def _number(text: str, _order: DateOrder) -> int:
    plain = _SPACES.sub("", text)
    plain = re.sub(r"[.,]0+$", "", plain)
    if not re.fullmatch(r"[0-9]{1,9}", plain):
        raise _Unreadable("not_a_number")
    return int(plain)


def _amount(text: str, _order: DateOrder) -> int:
    """In hundredths. "1 234,50 $", "$1,234.50", "(12.00)" and "-12" are amounts; "1,234" could be two."""
    plain = _SPACES.sub("", text).replace("$", "").replace("€", "").replace("−", "-")
    plain = re.sub(r"^(?:CA|CAD|US|USD|EUR)|(?:CA|CAD|USD|EUR)$", "", plain, flags=re.IGNORECASE)
    negative = plain.startswith("-") or (plain.startswith("(") and plain.endswith(")"))
    digits = plain.strip("-+()")
    if not re.fullmatch(r"[0-9][0-9.,]*", digits):
        raise _Unreadable("not_an_amount")
    try:
        value = Decimal(_with_point(digits))
    except InvalidOperation as error:
        raise _Unreadable("not_an_amount") from error
    cents = value * 100
    if cents != cents.to_integral_value() or cents > 10**15:
        raise _Unreadable("not_an_amount")
    return int(-cents if negative else cents)


def _with_point(digits: str) -> str:
    commas, points = digits.count(","), digits.count(".")
    if commas and points:
        mark = "," if digits.rindex(",") > digits.rindex(".") else "."
        whole, _, rest = digits.rpartition(mark)
        groups = re.split(r"[.,]", whole)
        if mark in whole or any(len(each) != 3 for each in groups[1:]):
            raise _Unreadable("not_an_amount")
        return "".join(groups) + "." + rest
    if commas + points > 1:
        groups = re.split(r"[.,]", digits)
        if any(len(each) != 3 for each in groups[1:]):
            raise _Unreadable("not_an_amount")
        return "".join(groups)
    if commas + points == 1 and re.fullmatch(r"[1-9][0-9]{0,2}[.,][0-9]{3}", digits):
        raise _Unreadable("ambiguous_amount")
    return digits.replace(",", ".")


def _word(text: str, _order: DateOrder) -> str:
    return simple(text).replace(" ", "_").replace("-", "_")


def _language(text: str, _order: DateOrder) -> str:
    word = simple(text)
    if word not in _LANGUAGES:
        raise _Unreadable("not_one_of", choices="en, fr")
    return _LANGUAGES[word]


def _list(text: str, order: DateOrder) -> list[str]:
    return [_key(clean(each), order) for each in re.split(r"[;|\n]", text) if each.strip()]


def _periods(text: str, order: DateOrder) -> list[dict[str, Any]]:
    """ "2026-07-01/2026-07-31; 2026-12-24/" is two periods, the second without an end."""
    periods: list[dict[str, Any]] = []
    for each in re.split(r"[;|\n]", text):
        if not each.strip():
            continue
        first, mark, last = each.strip().replace("..", "/").partition("/")
        if not mark:
            raise _Unreadable("not_a_date")
        periods.append({"first_on": _date(first, order), "last_on": _date(last, order) if last.strip() else None})
    return periods


_READERS: dict[Cell, Callable[[str, DateOrder], Any]] = {
    Cell.TEXT: _text,
    Cell.KEY: _key,
    Cell.DATE: _date,
    Cell.FLAG: _flag,
    Cell.NUMBER: _number,
    Cell.AMOUNT: _amount,
    Cell.WORD: _word,
    Cell.LANGUAGE: _language,
    Cell.LIST: _list,
    Cell.PERIODS: _periods,
}
