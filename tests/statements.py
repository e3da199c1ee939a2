"""What is asked of a database meanwhile, to look at its plan or to count it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

__all__ = ["heard"]


@contextmanager
def heard(*engines: Engine) -> Iterator[list[tuple[str, Any]]]:
    """The statements of the block with their parameters, in their order."""
    statements: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        statements.append((statement, parameters))

    for engine in engines:
        event.listen(engine, "before_cursor_execute", hear)
    try:
        yield statements
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", hear)
