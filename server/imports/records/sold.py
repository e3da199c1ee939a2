"""Finding what is sold by its code (else by its id): membership types, multipass types, activities."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from sqlalchemy import select

from server.imports.problems import Problem, RowRefused
from server.imports.records.base import Batch

__all__ = ["Sold"]

_T = TypeVar("_T")


class Sold(Generic[_T]):
    """The organization's things of one model, read once a batch: there are tens of them, not thousands."""

    def __init__(self, batch: Batch, model: type[_T], problem: str) -> None:
        thing: Any = model
        found = batch.session.scalars(select(thing).where(thing.organization_id == batch.organization_id)).all()
        self._problem = problem
        self._by_code: dict[str, _T] = {each.id: each for each in found} | {
            each.code: each for each in found if each.code
        }

    def named(self, code: str, field: str) -> _T:
        """The one with this code or id. Raises RowRefused."""
        if (found := self._by_code.get(code)) is None:
            raise RowRefused(Problem(self._problem, field, code))
        return found
