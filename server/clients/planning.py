"""Two ways to tell a planner where a query starts, the same on both engines and without statistics."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal

__all__ = ["is_so", "only_checked"]


def only_checked(column: Any, value: str) -> ColumnElement[bool]:
    """Equality that is checked of the rows another condition found, and never looked up in an index of its own."""
    checked: ColumnElement[bool] = column.concat("") == value
    return checked


def is_so(found: Select[Any]) -> ColumnElement[bool]:
    """Whether a correlated query finds a row, asked of each row in turn: it is never turned into a join."""
    first = found.with_only_columns(literal(1)).limit(1).scalar_subquery()
    said: ColumnElement[bool] = func.coalesce(first, 0) == literal(1)
    return said
