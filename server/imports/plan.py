"""How a file is read: kept with its import as JSON."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from server.imports.cells import DateOrder
from server.imports.tables import Layout

__all__ = ["Plan"]


class Plan(BaseModel):
    """`columns` names the field of each column of the file, or none. `last_row` is the last one that was dealt with."""

    model_config = ConfigDict(extra="ignore")

    encoding: str = ""
    delimiter: str = ","
    skipped: int = 0
    header: list[str] = []
    first_rows: list[list[str]] = []
    columns: list[str | None] = []
    date_order: DateOrder = DateOrder.UNKNOWN
    on_problems: Literal["skip", "refuse"] = "skip"
    last_row: int = 0

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        """From what is kept."""
        return cls.model_validate(document)

    def document(self) -> dict[str, Any]:
        """What is kept."""
        return self.model_dump(mode="json")

    @property
    def layout(self) -> Layout:
        """For the reader of rows."""
        return Layout(self.encoding, self.delimiter, tuple(self.header), skipped=self.skipped)
