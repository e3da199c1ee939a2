"""The Clients page in `gatehouse bench page`: the list, its filters, and a search as people type it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import text

from gatehouse.commands.bench_names import FIRST_NAMES, LAST_NAMES, pick
from gatehouse.commands.bench_page import Area, Figure, figure
from gatehouse.commands.bench_scratch import ORGANIZATION, Scratch, tell
from server.clients import indexing
from server.clients.filters import ClientFilter
from server.clients.folding import compact
from server.clients.service import Scope, find_clients
from server.models import Account, Membership, MembershipPerson, MembershipType, Organization, Person, Tag, person_tag

__all__ = ["AREA"]

_CALLS: Final = 100
_FAMILY_SIZES: Final = (1, 2, 4, 1, 3, 5, 2, 1)
_MADE_AT: Final = datetime(2024, 1, 1, tzinfo=UTC)
_TAG, _TYPE = "bench-tag", "bench-type"
_HOSTS: Final = ("gmail.com", "videotron.ca", "hotmail.com", "sympatico.ca", "outlook.com", "cegep.example")


def fill(place: Scratch) -> None:
    """Families with members, numbers and addresses; some owe, some are tagged, most have a membership."""
    with place.database.write() as session:
        session.add(Organization(id=ORGANIZATION, name_en="Bench", time_zone=place.zone.key))
        session.flush()
        session.add(Tag(id=_TAG, organization_id=ORGANIZATION, name="Swim club"))
        session.add(MembershipType(id=_TYPE, organization_id=ORGANIZATION, name_en="Pool"))
    town = _Town(place)
    place.in_bulk()
    for table, columns, rows in town.tables():
        tell(f"  {table.name}")
        place.bulk(table, columns, rows)
    tell("  the index of the search")
    with place.database.write_engine.begin() as connection:
        indexing.rebuild(connection)


class _Town:
    """The rows, from the number of each person alone."""

    def __init__(self, place: Scratch) -> None:
        self._people, self._is_sqlite = place.people, place.database.is_sqlite

    def tables(self) -> Iterator[tuple[Any, tuple[str, ...], Iterator[tuple[Any, ...]]]]:
        """Each table with its columns and its rows, parents first."""
        yield (
            Account.__table__,
            ("id", "organization_id", "name", "owner_id", "balance_cents", "created_at"),
            self._accounts(),
        )
        yield Person.__table__, _PERSON_COLUMNS, (self._person(number, family) for number, family in self._numbers())
        columns = ("id", "organization_id", "account_id", "type_id", "starts_on", "ends_on", "created_at")
        yield Membership.__table__, columns, self._memberships()
        covered = ((f"m{family}", f"p{number}") for number, family in self._numbers() if family % 3)
        yield MembershipPerson.__table__, ("membership_id", "person_id"), covered
        yield person_tag, ("person_id", "tag_id"), ((f"p{number}", _TAG) for number in range(0, self._people, 200))

    def _numbers(self) -> Iterator[tuple[int, int]]:
        number = family = 0
        while number < self._people:
            for _ in range(_FAMILY_SIZES[family % len(_FAMILY_SIZES)]):
                if number < self._people:
                    yield number, family
                    number += 1
            family += 1

    def _families(self) -> Iterator[tuple[int, int]]:
        """(family, the number of its first person)."""
        last = -1
        for number, family in self._numbers():
            if family != last:
                last = family
                yield family, number

    def _accounts(self) -> Iterator[tuple[Any, ...]]:
        for family, owner in self._families():
            due = 12_000 if family % 25 == 7 else 0
            yield f"a{family}", ORGANIZATION, "", f"p{owner}", due, self._instant(family)

    def _memberships(self) -> Iterator[tuple[Any, ...]]:
        for family, _ in self._families():
            if family % 3:
                ends_on = self._day(date(2026, 1, 1) + timedelta(days=family % 700)) if family % 2 else None
                yield (
                    f"m{family}",
                    ORGANIZATION,
                    f"a{family}",
                    _TYPE,
                    self._day(date(2024, 1, 1)),
                    ends_on,
                    self._instant(family),
                )

    def _person(self, number: int, family: int) -> tuple[Any, ...]:
        first, last = person_name(number, family)
        born_on = self._day(date(1940, 1, 1) + timedelta(days=number * 37 % 30_000))
        picture = f"{number:064x}" if number % 5 else None
        flags = (number % 1_000 == 3, number % 700 == 5)
        return (
            f"p{number}", ORGANIZATION, f"a{family}", first, last, born_on, member_id(number), email(number, family),
            phone(number), picture, *flags, self._instant(number), *[""] * 8, False, False,
        )  # fmt: skip

    def _day(self, day: date) -> Any:
        return day.isoformat() if self._is_sqlite else day

    def _instant(self, number: int) -> Any:
        at = _MADE_AT + timedelta(minutes=number)
        return at.strftime("%Y-%m-%d %H:%M:%S.000000") if self._is_sqlite else at


_PERSON_COLUMNS: Final = (
    "id", "organization_id", "account_id", "first_name", "last_name", "date_of_birth", "member_id", "email", "phone",
    "access_picture", "is_blocked", "has_notify_flag", "created_at", "gender", "address_line_1", "address_line_2",
    "city", "province", "postal_code", "country", "admin_note", "wants_email", "wants_sms",
)  # fmt: skip


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


def measure(place: Scratch) -> Iterator[Figure]:
    """What staff do all day, and what the bare look-ups under it cost."""
    scope = Scope(ORGANIZATION, place.today, place.zone)
    chosen = random.Random(7)
    people = _some_people(place, chosen)
    find = partial(find_clients, place.database, scope)
    everything: list[Callable[[], object]] = []
    for name, say in _TYPED.items():
        calls = [partial(find, ClientFilter.of({"q": say(each, chosen)})) for each in people]
        everything += calls[:: len(_TYPED)]
        yield figure(f"search: {name}", calls)
    chosen.shuffle(everything)
    yield figure("search: all of these, mixed", everything)
    yield figure("the list, first page", [partial(find, ClientFilter())] * 30)
    middle = [(f"{pick(LAST_NAMES, each)}".lower(), "") for each in range(30)]
    yield figure("the list, somewhere in it", [partial(find, ClientFilter(), after=after) for after in middle])
    for name, form in _FILTERS.items():
        yield figure(f"filter: {name}", [partial(find, ClientFilter.of(form))] * 15)
    numbers = [partial(_bare, place, _BY_ID, member_id(each[0])) for each in people]
    yield figure("one person by member ID", numbers, is_baseline=True)
    names = [partial(_bare, place, _BY_NAME, person_name(*each)[1]) for each in people]
    yield figure("50 people of one last name", names, is_baseline=True)


def _some_people(place: Scratch, chosen: random.Random) -> list[tuple[int, int]]:
    wanted = set(chosen.sample(range(place.people), min(_CALLS, place.people)))
    found = [(number, family) for number, family in _Town(place)._numbers() if number in wanted]
    chosen.shuffle(found)
    return found


def _swapped(word: str, chosen: random.Random) -> str:
    """The word with two neighbours swapped, or one letter wrong or missing."""
    place = chosen.randrange(max(len(word) - 1, 1))
    match chosen.randrange(3):
        case 0:
            return word[:place] + word[place + 1 : place + 2] + word[place : place + 1] + word[place + 2 :]
        case 1:
            return word[:place] + "x" + word[place + 1 :]
        case _:
            return word[:place] + word[place + 1 :]


_Said = Callable[[tuple[int, int], random.Random], str]
_TYPED: Final[dict[str, _Said]] = {
    "one letter": lambda who, chosen: person_name(*who)[chosen.randrange(2)][:1],
    "two letters": lambda who, chosen: person_name(*who)[chosen.randrange(2)][:2],
    "beginning of a name": lambda who, chosen: person_name(*who)[chosen.randrange(2)][: chosen.randint(3, 6)],
    "last name": lambda who, _: person_name(*who)[1],
    "both names": lambda who, chosen: " ".join(person_name(*who)[:: chosen.choice((1, -1))]),
    "beginnings of both": lambda who, _: f"{person_name(*who)[1][:3]} {person_name(*who)[0][:2]}",
    "misspelt last name": lambda who, chosen: _swapped(person_name(*who)[1], chosen),
    "misspelt, both names": lambda who, chosen: f"{person_name(*who)[0]} {_swapped(person_name(*who)[1], chosen)}",
    "member ID": lambda who, _: member_id(who[0]),
    "part of a member ID": lambda who, _: member_id(who[0])[:5],
    "telephone": lambda who, _: phone(who[0]),
    "last four digits": lambda who, _: phone(who[0])[-4:],
    "e-mail": lambda who, _: email(*who),
    "part of an e-mail": lambda who, _: email(*who).split("@")[0][1:],
    "nobody": lambda who, _: person_name(*who)[1][::-1] + "qqq",
}
_FILTERS: Final = {
    "tag": {"tag": _TAG},
    "balance due": {"due": "1"},
    "blocked": {"flag": "blocked"},
    "no access picture": {"picture": "none"},
    "children without a membership": {"age": "child", "membership": "none"},
    "a tag and a search": {"tag": _TAG, "q": "tre"},
    "created since": {"since": "2024-11-01"},
    "archived": {"archived": "only"},
}
_BY_ID: Final = (
    "SELECT id, first_name, last_name FROM person WHERE organization_id = :organization AND member_id = :given"
)
_BY_NAME: Final = (
    "SELECT id, first_name, last_name FROM person WHERE organization_id = :organization AND last_name = :given LIMIT 50"
)


def _bare(place: Scratch, statement: str, given: str) -> object:
    with place.database.read() as session:
        return session.execute(text(statement), {"organization": ORGANIZATION, "given": given}).all()


AREA: Final = Area("clients", 0, fill, measure)
