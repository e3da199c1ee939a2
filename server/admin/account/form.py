"""Small forms as data: their fields, and reading what was typed. Pure; texts are named by their keys.

What was typed is never lost: a form that is refused is shown again from the same values.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from server.access_points.values import Problem, Problems, Values, text
from server.mail.addresses import checked, is_plainly_named
from server.staff.service import is_email
from server.written import in_lines

__all__ = ["Field", "Kind", "Refused", "differing", "digest_of", "read", "typed_amount", "typed_day"]

_AMOUNT: Final = re.compile(r"\d{1,8}(?:[.,]\d{1,2})?")
_PHONE: Final = re.compile(r"[0-9+()./ #x-]{3,40}", re.IGNORECASE)
_CLOCK: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d(?::00)?")
_MOST_DIGITS: Final = 6
_OLDEST: Final = date(1880, 1, 1)


class Kind(StrEnum):
    """How a field is drawn and read."""

    TEXT = "text"
    LONG = "long"
    EMAIL = "email"
    PHONE = "tel"
    DAY = "date"
    TIME = "time"
    WHOLE = "whole"
    AMOUNT = "amount"
    CHECK = "check"
    CHOICE = "choice"
    CHECKS = "checks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field. `label` and `help` are keys; `said` is a ready label instead, in the organization's own words.

    `choices` are pairs of a value and its ready text. `is_birth`: a day that is not ahead.
    """

    name: str
    label: str = ""
    said: str = ""
    kind: Kind = Kind.TEXT
    is_required: bool = False
    most: int = 200
    choices: Sequence[tuple[str, str]] = ()
    none: str = ""
    autocomplete: str = "off"
    help: str = ""
    is_birth: bool = False


class Refused(Exception):
    """What was typed can be read and still cannot be; nothing was written. `problems` are by the field.

    `more` is what the page shows with it: no rows, for their transaction is over.
    """

    def __init__(self, problems: Problems, **more: object) -> None:
        super().__init__(", ".join(problems))
        self.problems, self.more = problems, more


def read(fields: Sequence[Field], values: Values, today: date) -> tuple[dict[str, Any], Problems]:
    """What the fields say, each in its own type, and what is wrong with them: keys of texts, by field."""
    found: dict[str, Any] = {}
    problems: Problems = {}
    for field in fields:
        try:
            found[field.name] = _read(field, values, today)
        except _Wrong as wrong:
            problems[field.name] = wrong.problem
    return found, problems


class _Wrong(Exception):
    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code)
        self.problem = Problem(code, details)


def _read(field: Field, values: Values, today: date) -> Any:
    if field.kind is Kind.CHECK:
        return "on" in values.get(field.name, ())
    allowed = {value for value, _ in field.choices}
    if field.kind is Kind.CHECKS:
        chosen = tuple(dict.fromkeys(values.get(field.name, ())))
        if field.is_required and not chosen:
            raise _Wrong("account_problem.choose")
        if not allowed.issuperset(chosen):
            raise _Wrong("account_problem.unknown_choice")
        return chosen
    typed = unicodedata.normalize("NFC", text(values, field.name)).replace("\x00", "")
    if field.kind is Kind.LONG:
        typed = in_lines(typed)
    if not typed:
        if field.is_required:
            raise _Wrong("account_problem.choose" if field.kind is Kind.CHOICE else "account_problem.required")
        return None if field.kind in (Kind.DAY, Kind.TIME, Kind.WHOLE, Kind.AMOUNT) else ""
    if len(typed) > field.most:
        raise _Wrong("account_problem.too_long", most=field.most)
    if field.kind is Kind.CHOICE and typed not in allowed:
        raise _Wrong("account_problem.unknown_choice")
    if field.kind is Kind.EMAIL:
        return _email(typed)
    if field.kind is Kind.PHONE and not _PHONE.fullmatch(typed):
        raise _Wrong("account_problem.not_phone")
    if field.kind is Kind.AMOUNT:
        return _amount(typed)
    if field.kind is Kind.WHOLE:
        return _whole(typed)
    if field.kind is Kind.TIME:
        return _time(typed)
    return _day(field, typed, today) if field.kind is Kind.DAY else typed


def _email(typed: str) -> str:
    """The address as it is kept: a domain in other letters in ASCII, as mail servers and the search know it."""
    if not is_email(typed):
        raise _Wrong("account_problem.not_email")
    if typed.isascii():
        return typed
    if not is_plainly_named(typed):
        raise _Wrong("account_problem.email_letters")
    address = checked(typed)
    if address is None:
        raise _Wrong("account_problem.not_email")
    return address


def _amount(typed: str) -> int:
    plain = re.sub(r"[\s\u00a0\u202f$]", "", typed)
    if not _AMOUNT.fullmatch(plain):
        raise _Wrong("account_problem.not_amount")
    cents = int(Decimal(plain.replace(",", ".")) * 100)
    if not cents:
        raise _Wrong("account_problem.not_zero")
    return cents


def _whole(typed: str) -> int:
    if not (typed.isascii() and typed.isdigit() and int(typed[:_MOST_DIGITS]) > 0 and len(typed) < _MOST_DIGITS):
        raise _Wrong("point_problem.not_whole")
    return int(typed)


def _time(typed: str) -> time:
    if not _CLOCK.fullmatch(typed):
        raise _Wrong("point_problem.not_time")
    return time.fromisoformat(typed[:5])


def _day(field: Field, typed: str, today: date) -> date:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        raise _Wrong("account_problem.not_day") from None
    if field.is_birth and day > today:
        raise _Wrong("account_problem.ahead")
    if day < _OLDEST or day.year > 9000:
        raise _Wrong("account_problem.not_day")
    return day


def typed_day(day: date | None) -> list[str]:
    """A day as its field holds it."""
    return [day.isoformat() if day else ""]


def typed_amount(cents: int | None) -> list[str]:
    """An amount as its field holds it."""
    return [f"{Decimal(cents) / 100:.2f}" if cents is not None else ""]


def _plain(fields: Sequence[Field], values: Values) -> Mapping[str, list[str]]:
    kept = {field.name: [each.strip().replace("\r\n", "\n") for each in values.get(field.name, [])] for field in fields}
    return {name: sorted(each for each in found if each) for name, found in kept.items()}


def digest_of(fields: Sequence[Field], values: Values) -> str:
    """Changes with everything that the fields hold; a form carries it to tell whether somebody else saved meanwhile."""
    return hashlib.sha256(json.dumps(_plain(fields, values), sort_keys=True).encode()).hexdigest()[:32]


def differing(fields: Sequence[Field], one: Values, other: Values) -> list[Field]:
    """The fields that hold something else."""
    left, right = _plain(fields, one), _plain(fields, other)
    return [field for field in fields if left[field.name] != right[field.name]]
