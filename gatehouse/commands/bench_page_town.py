"""A made-up town of two organizations for `gatehouse bench page`: families with numbers, addresses and memberships.

Every row follows from the number of its person or family alone. Families are of one to five, 19 people in eight.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from gatehouse.commands.bench_names import FIRST_NAMES, LAST_NAMES, pick
from gatehouse.commands.bench_scratch import ORGANIZATION, Scratch
from server.clients.folding import compact
from server.models import Account, Membership, MembershipPerson, Person, person_tag

__all__ = ["OTHER", "Block", "Town", "account_id", "email", "member_id", "person_id", "person_name", "phone"]

OTHER: Final = "bench-other"
_SIZES: Final = (1, 2, 4, 1, 3, 5, 2, 1)
_BEFORE: Final = (0, 1, 3, 7, 8, 11, 16, 18)
_ROUND, _IN_ROUND = len(_SIZES), sum(_SIZES)
_MADE_AT: Final = datetime(2024, 1, 1, tzinfo=UTC)
_HOSTS: Final = ("gmail.com", "videotron.ca", "hotmail.com", "sympatico.ca", "outlook.com", "cegep.example")
_CITIES: Final = ("Montréal", "Laval", "Longueuil", "Québec", "Saint-Jérôme", "Trois-Rivières", "Ottawa", "")
_PERSON_COLUMNS: Final = (
    "id", "organization_id", "account_id", "first_name", "last_name", "date_of_birth", "member_id", "email", "phone",
    "access_picture", "is_blocked", "has_notify_flag", "created_at", "city", "gender", "address_line_1",
    "address_line_2", "province", "postal_code", "country", "admin_note", "wants_email", "wants_sms",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Block:
    """An organization's people: so many from a first number on, the first of a round of families."""

    organization_id: str
    rounds_before: int
    people: int

    @classmethod
    def both(cls, people: int) -> tuple[Block, Block]:
        """`people` in the organization that is measured, and a 25th of that in another one."""
        return cls(ORGANIZATION, 0, people), cls(OTHER, -(-people // _IN_ROUND), max(_IN_ROUND, people // 25))

    @property
    def first_person(self) -> int:
        """The number of its first person."""
        return self.rounds_before * _IN_ROUND

    @property
    def first_family(self) -> int:
        """The number of its first family."""
        return self.rounds_before * _ROUND

    @property
    def families(self) -> int:
        """How many families are whole for certain."""
        return self.people // _IN_ROUND * _ROUND

    def member(self, family: int, who: float) -> int:
        """The number of somebody in a family, from a part of 1."""
        at, place = divmod(family, _ROUND)
        return at * _IN_ROUND + _BEFORE[place] + int(who * _SIZES[place])

    def numbers(self) -> Iterator[tuple[int, int]]:
        """(number, family) of each person."""
        number, end, family = self.first_person, self.first_person + self.people, self.first_family
        while number < end:
            for _ in range(_SIZES[family % _ROUND]):
                if number < end:
                    yield number, family
                    number += 1
            family += 1

    def owners(self) -> Iterator[tuple[int, int]]:
        """(family, the number of its first person)."""
        last = -1
        for number, family in self.numbers():
            if family != last:
                last = family
                yield family, number


class Town:
    """The rows of a block, values as the engine's driver wants them. The tag and the type are of its organization."""

    def __init__(self, place: Scratch, block: Block, *, tag: str, type_: str) -> None:
        self._block, self._tag, self._type = block, tag, type_
        self._is_sqlite = place.database.is_sqlite

    def tables(self) -> Iterator[tuple[Any, tuple[str, ...], Iterator[tuple[Any, ...]]]]:
        """Each table with its columns and its rows, parents first."""
        accounts = ("id", "organization_id", "name", "owner_id", "balance_cents", "created_at")
        yield Account.__table__, accounts, self._accounts()
        yield Person.__table__, _PERSON_COLUMNS, (self._person(*each) for each in self._block.numbers())
        columns = ("id", "organization_id", "account_id", "type_id", "starts_on", "ends_on", "created_at")
        yield Membership.__table__, columns, self._memberships()
        covered = ((f"m{family}", person_id(number)) for number, family in self._block.numbers() if family % 3)
        yield MembershipPerson.__table__, ("membership_id", "person_id"), covered
        tagged = ((person_id(number), self._tag) for number, _ in self._block.numbers() if number % 200 == 0)
        yield person_tag, ("person_id", "tag_id"), tagged

    def _accounts(self) -> Iterator[tuple[Any, ...]]:
        own = self._block.organization_id
        for family, owner in self._block.owners():
            due = 12_000 if family % 25 == 7 else 0
            yield account_id(family), own, "", person_id(owner), due, self._instant(family)

    def _memberships(self) -> Iterator[tuple[Any, ...]]:
        starts_on = self._day(date(2024, 1, 1))
        for family, _ in self._block.owners():
            if family % 3:
                ends_on = self._day(date(2026, 1, 1) + timedelta(days=family % 700)) if family % 2 else None
                of = (f"m{family}", self._block.organization_id, account_id(family), self._type)
                yield *of, starts_on, ends_on, self._instant(family)

    def _person(self, number: int, family: int) -> tuple[Any, ...]:
        first, last = person_name(number, family)
        born_on = self._day(date(1940, 1, 1) + timedelta(days=number * 37 % 30_000))
        picture = f"{number:064x}" if number % 5 else None
        flags = (number % 1_000 == 3, number % 700 == 5)
        return (
            person_id(number), self._block.organization_id, account_id(family), first, last, born_on,
            member_id(number), email(number, family), phone(number), picture, *flags, self._instant(number),
            _CITIES[number * 7919 % 97 % len(_CITIES)], *[""] * 7, False, False,
        )  # fmt: skip

    def _day(self, day: date) -> Any:
        return day.isoformat() if self._is_sqlite else day

    def _instant(self, number: int) -> Any:
        at = _MADE_AT + timedelta(minutes=number)
        return at.strftime("%Y-%m-%d %H:%M:%S.000000") if self._is_sqlite else at


def account_id(family: int) -> str:
    """As long as a real one."""
    return f"01900000-0000-7000-8000-{family:012x}"


def person_id(number: int) -> str:
    """As long as a real one."""
    return f"01900000-0000-7000-9000-{number:012x}"


def person_name(number: int, family: int) -> tuple[str, str]:
    """First and last name; a family shares its last name."""
    return pick(FIRST_NAMES, number), pick(LAST_NAMES, family + 1_000_003)


def member_id(number: int) -> str:
    """As on a card."""
    return f"{10_000_000 + number * 7}"


def phone(number: int) -> str:
    """In one of three spellings."""
    digits = f"{514 + number % 5}{200 + number // 5 % 700:03}{number * 7919 % 10_000:04}"
    spelling = ("({0}) {1}-{2}", "{0}-{1}-{2}", "+1 {0} {1} {2}")[number % 3]
    return spelling.format(digits[:3], digits[3:6], digits[6:])


def email(number: int, family: int) -> str:
    """Most people's names are in it, one way or another."""
    first, last = (compact(each) for each in person_name(number, family))
    name = (f"{first}.{last}{number % 97}", f"{first[:1]}{last}{number % 977}", f"{last}.{first}", f"{first}{number}")
    return f"{name[number % 4]}@{_HOSTS[number % len(_HOSTS)]}"
