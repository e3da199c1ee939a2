"""What two rows of a person say differently, and taking the chosen values over."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from server.models import Person

__all__ = ["FIELDS", "Difference", "differences", "take_over"]

FIELDS: Final = (
    "first_name",
    "last_name",
    "date_of_birth",
    "language",
    "member_id",
    "email",
    "phone",
    "gender",
    "address",
    "access_picture",
    "profile_picture",
    "admin_note",
    "communications",
)
_TOGETHER: Final = {
    "address": ("address_line_1", "address_line_2", "city", "province", "postal_code", "country"),
    "access_picture": ("access_picture", "access_picture_verified_on", "access_picture_verified_by"),
    "communications": ("wants_email", "wants_sms"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A field with both values; `is_taken` says that the one that stays has none, so the other's is proposed."""

    name: str
    kept: Any
    gone: Any
    is_taken: bool


def differences(kept: Person, gone: Person) -> list[Difference]:
    """The fields in which the two differ."""
    found = []
    for name in FIELDS:
        mine, other = _values(kept, name), _values(gone, name)
        if mine != other and any(other):
            found.append(Difference(name, _said(mine), _said(other), not any(mine)))
    return found


def take_over(session: Session, kept: Person, gone: Person, chosen: Collection[str]) -> dict[str, Any]:
    """Gives the one that stays the other's values of the chosen fields; answers what they were before and are now.

    What an identity shares reaches its rows elsewhere when staff chose it, as when it is changed by hand.
    """
    changes: dict[str, Any] = {}
    for name in FIELDS:
        if name not in chosen:
            continue
        for column in _TOGETHER.get(name, (name,)):
            value = getattr(gone, column)
            if column == "member_id":
                gone.member_id = None
                session.flush()
            changes[column] = [getattr(kept, column), value]
            setattr(kept, column, value)
    return changes


def _values(person: Person, name: str) -> tuple[Any, ...]:
    return tuple(getattr(person, column) or None for column in _TOGETHER.get(name, (name,)))


def _said(values: tuple[Any, ...]) -> Any:
    given = [each for each in values if each is not None]
    return given[0] if len(values) == 1 and given else given or None
