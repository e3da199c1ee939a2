"""Counting places: what is taken, what is free, who is ahead on the waitlist. Pure.

The capacity is of each occurrence. A registration for all of an activity takes a place in every one of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from access.domain.registrations import RegistrationStatus

__all__ = ["Crowd", "InLine", "ahead", "crowd", "overlap"]


class InLine(Protocol):
    """What is read of a registration."""

    @property
    def id(self) -> str: ...
    @property
    def person_id(self) -> str: ...
    @property
    def activity_id(self) -> str: ...
    @property
    def status(self) -> RegistrationStatus: ...
    @property
    def occurrence_ids(self) -> Sequence[str]: ...
    @property
    def registered_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Crowd:
    """In the fullest of the occurrences that are meant: who has a place, and who has one or waits for one."""

    registered: int
    in_all: int

    def free(self, capacity: int | None) -> bool:
        """Whether somebody more can have a place."""
        return capacity is None or self.registered < capacity

    def free_for_newcomers(self, capacity: int | None) -> bool:
        """Whether one is left when everybody who waits has got theirs: nobody overtakes the waitlist."""
        return capacity is None or self.in_all < capacity


def overlap(one: Collection[str], other: Collection[str]) -> bool:
    """Whether two registrations for one activity mean a common occurrence; none named means all."""
    return not one or not other or not set(one).isdisjoint(other)


def crowd(standing: Iterable[InLine], wanted: Collection[str], coming: Collection[str]) -> Crowd:
    """How full it is for who wants these occurrences (none: all), of which only those to come matter.

    People are counted, not rows. Without any occurrence the registrations for all of the activity count.
    """
    meant = {each for each in coming if not wanted or each in wanted}
    everywhere, placed_everywhere = set[str](), set[str]()
    here: dict[str, set[str]] = {each: set() for each in meant}
    placed_here: dict[str, set[str]] = {each: set() for each in meant}
    for each in standing:
        if each.status is RegistrationStatus.CANCELLED:
            continue
        is_placed = each.status is RegistrationStatus.REGISTERED
        if not each.occurrence_ids:
            everywhere.add(each.person_id)
            if is_placed:
                placed_everywhere.add(each.person_id)
        for occurrence_id in meant.intersection(each.occurrence_ids):
            here[occurrence_id].add(each.person_id)
            if is_placed:
                placed_here[occurrence_id].add(each.person_id)
    return Crowd(_fullest(placed_everywhere, placed_here), _fullest(everywhere, here))


def _fullest(everywhere: set[str], here: Mapping[str, set[str]]) -> int:
    return len(everywhere) + max((len(each - everywhere) for each in here.values()), default=0)


def ahead(place: InLine, waiting: Iterable[InLine]) -> int:
    """How many people wait for the same and came first, each counted once, however often they wait."""
    mine = (place.registered_at, place.id)
    first = {
        each.person_id
        for each in waiting
        if each.activity_id == place.activity_id
        and (each.registered_at, each.id) < mine
        and overlap(place.occurrence_ids, each.occurrence_ids)
    }
    return len(first - {place.person_id})
