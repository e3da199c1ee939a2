"""Receipts: the centre's word that events are recorded. Only a receipt ends a delivery, never a broker's PUBACK."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from access.wire.model import Message, Name

__all__ = ["Receipt"]

_Seq = Annotated[int, Field(ge=1)]


class Receipt(Message):
    """Of `device`, every `seq` from 1 to `through_seq` is at the centre, and above it up to `max_seq` all but `gaps`.

    `gaps` are inclusive [first, last] pairs in rising order, at most 100 of them: events missing above the last one
    listed are offered again later. `parked` names events that are kept in quarantine (recorded, not understood).
    """

    device: Name
    through_seq: int = Field(ge=0)
    max_seq: int = Field(ge=0)
    gaps: tuple[tuple[_Seq, _Seq], ...] = Field(default=(), max_length=100)
    parked: tuple[_Seq, ...] = Field(default=(), max_length=100)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        edge = self.through_seq
        for first, last in self.gaps:
            if not edge < first <= last <= self.max_seq:
                raise ValueError("gaps rise, lie above through_seq and end by max_seq")
            edge = last
        if self.max_seq < self.through_seq:
            raise ValueError("max_seq is below through_seq")
        return self

    def covers(self, seq: int) -> bool:
        """Whether the event with this `seq` is at the centre."""
        if seq <= self.through_seq:
            return True
        return seq <= self.max_seq and not any(first <= seq <= last for first, last in self.gaps)
