"""Which column of a file is which field: guessed by the headers, English or French; and how a row becomes a record."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from server.imports.cells import CLEAR, Cell, DateOrder, clean, read_cell, simple
from server.imports.problems import Problem, RowRefused
from server.imports.records import Kind
from server.imports.records.base import Record

__all__ = ["RowReader", "guess", "problems_of"]

_PLAIN: dict[str, str] = {
    "string_pattern_mismatch": "control_characters",
    "date_from_datetime_parsing": "not_a_date",
    "date_parsing": "not_a_date",
    "int_parsing": "not_a_number",
    "bool_parsing": "not_yes_or_no",
    "missing": "required",
}


def guess(kind: Kind, header: Sequence[str]) -> list[str | None]:
    """For each column of the file the field it seems to hold; each field once, the best match first."""
    found: list[str | None] = [None] * len(header)
    said = [_words(each) for each in header]
    for level in range(2):
        for column in kind.columns:
            if column.name in found:
                continue
            names = {_words(column.name), _words(column.header)} if level == 0 else set(column.names)
            for place, words in enumerate(said):
                if found[place] is None and words in names:
                    found[place] = column.name
                    break
    return found


def _words(header: str) -> str:
    return simple(re.sub(r"[_:()*]+", " ", header))


class RowReader:
    """Turns rows of a file into records."""

    def __init__(self, kind: Kind, columns: Sequence[str | None], order: DateOrder = DateOrder.UNKNOWN) -> None:
        self._kind, self._order, self._width = kind, order, len(columns)
        self._places: list[tuple[int, str, Cell]] = [
            (place, name, kind.by_name[name].cell)
            for place, name in enumerate(columns)
            if name is not None and name in kind.by_name
        ]

    def record(self, row: Sequence[str]) -> Record:
        """The record of a row. Raises RowRefused with everything that is wrong with it."""
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        if len(row) > self._width and any(cell.strip() for cell in row[self._width :]):
            problems.append(Problem("too_many_cells", "", row[self._width]))
        for place, name, cell in self._places:
            text = clean(row[place]) if place < len(row) else ""
            if not text:
                continue
            if "\ufffd" in text:
                problems.append(Problem("damaged_text", name, text))
                continue
            if text == CLEAR:
                values[name] = None
                continue
            try:
                values[name] = read_cell(cell, text, name, order=self._order)
            except RowRefused as refused:
                problems += refused.problems
        try:
            record = self._kind.record.model_validate(values)
        except ValidationError as error:
            wrong = {each["loc"][0] for each in error.errors(include_url=False) if each["loc"]}
            rest = self._rest({name: value for name, value in values.items() if name not in wrong})
            raise RowRefused(*problems, *problems_of(error), rest=rest) from error
        if problems:
            raise RowRefused(*problems, rest=record)
        return record

    def _rest(self, values: dict[str, Any]) -> Record | None:
        try:
            return self._kind.record.model_validate(values)
        except ValidationError:
            return None


def problems_of(error: ValidationError) -> list[Problem]:
    """What a schema objects to, as our codes."""
    found = []
    for each in error.errors(include_url=False, include_context=True):
        field = ".".join(str(part) for part in each["loc"])
        context = each.get("ctx", {})
        value = each.get("input")
        text = str(value) if isinstance(value, str | int | float) else ""
        if each["type"] in ("string_too_long", "too_long"):
            found.append(Problem("too_long", field, text, {"most": context.get("max_length", "")}))
        elif each["type"] in ("enum", "literal_error"):
            choices = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
            found.append(Problem("not_one_of", field, text, {"choices": choices}))
        else:
            found.append(Problem(_PLAIN.get(each["type"], "invalid"), field, text))
    return found
