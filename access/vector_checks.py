"""What a vector row may not say: keys and values that the format does not know.

Each is a `RowError` whose text names the place and what to write there; lists are counted from 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

__all__ = ["RowError", "Table", "as_table", "no_such_key", "said", "tables", "validated"]

Table = dict[str, Any]
_Value = TypeVar("_Value")

_FEW = 8
_TABLE, _LIST, _NUMBER = "a table such as { key = value }", "a list such as [one, other]", "a whole number"
_TRUTH, _TIME = "true or false", "a time of day such as 06:00:00"
_WANTED = {
    "bool_parsing": _TRUTH,
    "bool_type": _TRUTH,
    "dataclass_type": _TABLE,
    "dict_type": _TABLE,
    "int_from_float": _NUMBER,
    "int_parsing": _NUMBER,
    "int_type": _NUMBER,
    "list_type": _LIST,
    "string_type": "text in quotes",
    "time_parsing": _TIME,
    "time_type": _TIME,
    "tuple_type": _LIST,
}
"""What belongs in the place of a value, by pydantic's name of what is wrong with it."""


class RowError(ValueError):
    """A row says something that the format does not know."""


def said(value: Any) -> str:
    """The value as an error quotes it, not too long."""
    text = value.isoformat() if isinstance(value, date) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def as_table(value: Any, where: str, hint: str = "") -> Table:
    """The value, when it is a table."""
    if not isinstance(value, dict):
        raise RowError(f"{where}: {said(value)} is not a table such as {{ key = value }} {hint}".rstrip())
    return value


def tables(value: Any, where: str) -> list[Table]:
    """The value, when it is a list of tables."""
    if not isinstance(value, list):
        raise RowError(f"{where}: write a list of tables, such as [{{ id = ... }}, {{ id = ... }}]")
    return [as_table(each, f"{where}.{number}") for number, each in enumerate(value, 1)]


def no_such_key(key: str, where: str, known: Iterable[str]) -> RowError:
    """The error for a key that the format does not know, with what was probably meant."""
    listed = sorted(known)
    close = get_close_matches(key, listed, n=1)
    meant = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(listed)}"
    return RowError(f"{where + '.' if where else ''}{key}: there is no such key; {meant}")


def validated(adapter: TypeAdapter[_Value], value: Any, where: str, root: type) -> _Value:
    """The value as the law has it, or a `RowError` about the first thing that is wrong."""
    try:
        found = adapter.validate_python(value, extra="forbid")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        loc = tuple(first["loc"])
        place = ".".join([*([where] if where else []), *(_place(part) for part in loc)])
        if first["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
            raise no_such_key(str(loc[-1]), place.rpartition(".")[0], _keys_at(root, loc)) from error
        if first["type"] in ("missing", "missing_argument", "missing_keyword_only_argument"):
            raise RowError(f"{place}: this key is needed") from error
        raise RowError(f"{place}: {_problem(first)}") from error
    _refuse_lax(value, root, where)
    return found


def _problem(first: Mapping[str, Any]) -> str:
    if first["type"] == "value_error":
        return str(first["msg"]).removeprefix("Value error, ")
    wanted = _WANTED.get(first["type"], first["msg"].removeprefix("Input should be "))
    if first["type"] == "enum":
        known = re.findall("'([^']+)'", wanted)
        close = get_close_matches(str(first["input"]), known, n=1)
        wanted = f"{close[0]!r}, or else one of {', '.join(known)}" if close and len(known) > _FEW else wanted
    return f"should be {wanted}, not {said(first['input'])}"


def _refuse_lax(value: Any, kind: Any, where: str) -> None:
    """What pydantic would quietly make of a text or of true: "yes" is no true, "30" no number and true no 1."""
    kinds = [kind, *get_args(kind)]
    if isinstance(value, list):
        items = [each for each in get_args(kind) if each is not Ellipsis]
        for number, each in enumerate(value, 1):
            _refuse_lax(each, items[0] if items else Any, f"{where}.{number}")
    elif isinstance(value, dict):
        table = next((each for each in kinds if is_dataclass(each)), None)
        hints = get_type_hints(table) if isinstance(table, type) else {}
        for key, each in value.items():
            _refuse_lax(each, hints.get(key, Any), f"{where}.{key}" if where else key)
    elif bool in kinds and not isinstance(value, bool):
        raise RowError(f"{where}: should be {_WANTED['bool_type']}, not {said(value)}")
    elif int in kinds and isinstance(value, str | bool):
        raise RowError(f"{where}: should be {_WANTED['int_type']}, not {said(value)}")


def _place(part: int | str) -> str:
    return str(part + 1) if isinstance(part, int) else part


def _keys_at(root: type, loc: tuple[int | str, ...]) -> list[str]:
    """The fields that exist where `loc` points."""
    at = root
    for part in loc[:-1]:
        if isinstance(part, str):
            hint = get_type_hints(at).get(part)
            at = next((each for each in (hint, *get_args(hint)) if is_dataclass(each) and isinstance(each, type)), at)
    return [each.name for each in fields(at)] if is_dataclass(at) else list(get_type_hints(at))
