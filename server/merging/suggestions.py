"""Who may be twice in the list: the same name and date of birth, the same e-mail address, the same telephone number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.clients.folding import fold
from server.models import Person

__all__ = ["Suggestion", "suggestions"]

_MOST_ALIKE: Final = 6
"""An address that more people share is a family's or a club's, and says nothing."""
_WEIGHT: Final = {"name_and_birth": 8, "name": 3, "email": 2, "phone": 1}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two people's ids and what they share: name_and_birth, name, email, phone."""

    first_id: str
    second_id: str
    reasons: tuple[str, ...]

    @property
    def weight(self) -> int:
        """How much speaks for it."""
        return sum(_WEIGHT[each] for each in self.reasons)


def suggestions(session: Session, organization_id: str, *, person_id: str = "", limit: int = 50) -> list[Suggestion]:
    """The likeliest pairs, the likeliest first; those of one person, if asked. A shared e-mail or number alone is none.

    Members of one family share them; it takes the same name, or a name that begins the same way.
    """
    wanted = select(
        Person.id, Person.first_name, Person.last_name, Person.date_of_birth, Person.email, Person.phone
    ).where(Person.organization_id == organization_id, Person.merged_into.is_(None), Person.erased_at.is_(None))
    rows = {row.id: row for row in session.execute(wanted)}
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows.values():
        for key in _keys(row):
            groups[key].append(row.id)
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for (what, _), ids in groups.items():
        if len(ids) <= _MOST_ALIKE:
            for one, other in combinations(sorted(ids), 2):
                found[one, other].add(what)
    pairs = [
        Suggestion(one, other, tuple(sorted(_plain(reasons), key=lambda each: -_WEIGHT[each])))
        for (one, other), reasons in found.items()
        if person_id in ("", one, other) and _is_likely(rows[one], rows[other], reasons)
    ]
    return sorted(pairs, key=lambda each: (-each.weight, each.first_id, each.second_id))[:limit]


def _keys(row: Any) -> Iterable[tuple[str, str]]:
    name = " ".join(sorted(fold(f"{row.first_name} {row.last_name}").split()))
    if name:
        yield "name", name
    if name and row.date_of_birth:
        yield "name_and_birth", f"{name} {row.date_of_birth}"
    if row.email:
        yield "email", row.email.strip().casefold()
    digits = "".join(each for each in row.phone or "" if each.isdigit())[-10:]
    if len(digits) >= 7:
        yield "phone", digits


def _plain(reasons: set[str]) -> set[str]:
    return reasons - {"name"} if "name_and_birth" in reasons else reasons


def _is_likely(one: Any, other: Any, reasons: set[str]) -> bool:
    births = {each for each in (one.date_of_birth, other.date_of_birth) if each}
    if len(births) == 2:
        return False
    if "name" in reasons:
        return True
    # A shared address and the same given name, or one that the other shortens.
    names = [fold(each.first_name) for each in (one, other)]
    return bool(names[0] and names[1]) and (names[0].startswith(names[1][:3]) or names[1].startswith(names[0][:3]))
