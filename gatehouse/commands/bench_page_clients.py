"""The Clients page in `gatehouse bench page`: the list, its filters, and a search as people type it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from sqlalchemy import text

from gatehouse.commands.bench_names import LAST_NAMES, pick
from gatehouse.commands.bench_page import Area
from gatehouse.commands.bench_page_town import Block, Town, email, member_id, person_name, phone
from gatehouse.commands.bench_scratch import ORGANIZATION, Scratch, tell
from gatehouse.commands.bench_stopwatch import Figure, Stopwatch
from server.clients import indexing
from server.clients.filters import ClientFilter
from server.clients.service import Scope, find_clients
from server.models import MembershipType, Organization, Tag

__all__ = ["AREA"]

_CALLS: Final = 100
_TAG: Final = "tag"


def fill(place: Scratch) -> None:
    """Families with members, numbers and addresses; some owe, some are tagged, most have a membership."""
    blocks = Block.both(place.people)
    with place.database.write() as session:
        for block in blocks:
            own = block.organization_id
            session.add(Organization(id=own, name_en="Bench", time_zone=place.zone.key))
            session.flush()
            session.add(Tag(id=f"{_TAG}-{own}", organization_id=own, name="Swim club"))
            session.add(MembershipType(id=f"type-{own}", organization_id=own, name_en="Pool"))
    for block in blocks:
        own = block.organization_id
        for table, columns, rows in Town(place, block, tag=f"{_TAG}-{own}", type_=f"type-{own}").tables():
            tell(f"  {table.name}")
            place.bulk(table, columns, rows)
    tell("  the index of the search")
    with place.database.write_engine.begin() as connection:
        indexing.rebuild(connection)


def measure(place: Scratch) -> Iterator[Figure]:
    """What staff do all day, and what the bare look-ups under it cost."""
    scope = Scope(ORGANIZATION, place.today, place.zone)
    chosen = random.Random(7)
    people = _some_people(place, chosen)
    find, figure = partial(find_clients, place.database, scope), Stopwatch(place.database).figure
    everything: list[Callable[[], object]] = []
    for name, say in _TYPED.items():
        calls = [partial(find, ClientFilter.of({"q": say(each, chosen)})) for each in people]
        everything += calls[: max(1, len(calls) // len(_TYPED))]
        yield figure(f"search: {name}", calls)
    chosen.shuffle(everything)
    yield figure("search: all of these, mixed", everything)
    yield figure("the list, first page", [partial(find, ClientFilter())] * place.calls(30))
    middle = [(f"{pick(LAST_NAMES, each)}".lower(), "") for each in range(place.calls(30))]
    yield figure("the list, somewhere in it", [partial(find, ClientFilter(), after=after) for after in middle])
    for name, form in _FILTERS.items():
        yield figure(f"filter: {name}", [partial(find, ClientFilter.of(form))] * place.calls(15))
    numbers = [partial(_bare, place, _BY_ID, member_id(each[0])) for each in people]
    yield figure("one person by member ID", numbers, bare_for="search: member ID")
    names = [partial(_bare, place, _BY_NAME, person_name(*each)[1]) for each in people]
    yield figure("50 people of one last name", names, bare_for="search: last name")


def _some_people(place: Scratch, chosen: random.Random) -> list[tuple[int, int]]:
    wanted = set(chosen.sample(range(place.people), min(place.calls(_CALLS), place.people)))
    found = [(number, family) for number, family in Block.both(place.people)[0].numbers() if number in wanted]
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
    "tag": {"tag": f"{_TAG}-{ORGANIZATION}"},
    "balance due": {"due": "1"},
    "blocked": {"flag": "blocked"},
    "no access picture": {"picture": "none"},
    "children without a membership": {"age": "child", "membership": "none"},
    "a tag and a search": {"tag": f"{_TAG}-{ORGANIZATION}", "q": "tre"},
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
