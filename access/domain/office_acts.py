"""What staff did in the back office about who is where, as the doors of the site are told of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["Move", "OfficeAct"]


class Move(StrEnum):
    """Where it puts somebody. A note moves nobody."""

    IN = "in"
    OUT = "out"
    ABSENT = "absent"
    EXPECTED = "expected"
    NOTED = "noted"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeAct:
    """One event of the centre's own desk, by its id: a move of a person, or what it undoes, at an aware UTC instant."""

    id: str
    access_point: str
    at: datetime
    person_id: str | None = None
    account_id: str | None = None
    move: Move | None = None
    occurrence_id: str | None = None
    staff_id: str | None = None
    note: str = ""
    undoes: str | None = None
