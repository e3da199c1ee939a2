"""The columns of each kind of file, from `columns.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from server.imports.cells import Cell
from server.imports.records.base import Column

__all__ = ["columns_of"]


@cache
def _tables() -> dict[str, dict[str, dict[str, Any]]]:
    file = resources.files("server.imports.records").joinpath("columns.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def columns_of(kind: str) -> tuple[Column, ...]:
    """The columns of a kind of file, in the order in which a template shows them."""
    return tuple(
        Column(
            name,
            Cell(each["cell"]),
            tuple(each["names"]),
            (each["example"][0], each["example"][1]),
            each.get("header", name),
        )
        for name, each in _tables()[kind].items()
    )
