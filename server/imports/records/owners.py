"""Who may own an account: an adult, or somebody without a date of birth."""

from __future__ import annotations

from datetime import date

from server.imports.problems import Problem, RowRefused
from server.models import Person

__all__ = ["ADULT_AGE", "check_adult", "is_adult"]

ADULT_AGE = 18


def is_adult(born_on: date | None, today: date) -> bool:
    """Whether somebody is not known to be under 18."""
    if born_on is None:
        return True
    return today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day)) >= ADULT_AGE


def check_adult(person: Person, today: date, field: str) -> None:
    """Raises RowRefused for an owner who is known to be under 18."""
    if not is_adult(person.date_of_birth, today):
        raise RowRefused(Problem("owner_minor", field, person.full_name))
