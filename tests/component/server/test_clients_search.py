"""Finding people on both engines: accents, typing errors, any order, numbers, and an index that follows."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from access.domain.credentials import Code, CredentialKind
from server.clients.filters import ClientFilter
from server.clients.folding import VERSION
from server.clients.indexing import bring_up_to_date, rebuild
from server.clients.service import Scope, all_people, find_clients
from server.db import Database
from server.models import (
    Account,
    AccountOrder,
    Credential,
    Membership,
    MembershipPerson,
    MembershipType,
    NameVariant,
    Organization,
    Person,
    PersonSearch,
    SearchVersion,
    Tag,
    person_tag,
)

TODAY = date(2026, 11, 21)
PEOPLE: dict[str, dict[str, Any]] = {
    "lucie": {
        "first_name": "Lucie",
        "last_name": "Tremblay",
        "email": "lu.tremblay77@example.org",
        "phone": "+1 (514) 555-1234",
        "member_id": "M-10234",
    },
    "eve": {"first_name": "Marie-Ève", "last_name": "Côté", "email": "jdupont@ville.example", "member_id": "20001"},
    "sean": {"first_name": "Seán", "last_name": "O'Brien", "phone": "418.555.9876"},
    "roy": {"first_name": "Zoé", "last_name": "Roy", "date_of_birth": date(2018, 1, 1)},
    "mac": {"first_name": "Ian", "last_name": "MacDonald"},
    "li": {"first_name": "小龍", "last_name": "李"},
}


@pytest.fixture
def people(database: Database) -> Database:
    """Six families of one, and two people of another organization."""
    with database.write() as session:
        for organization in ("club", "other"):
            session.add(Organization(id=organization, name_en=organization))
        session.flush()
        for name, given in PEOPLE.items():
            _add(session, "club", name, **given)
        _add(session, "other", "foreign", first_name="Lucie", last_name="Tremblay", member_id="M-10234")
        club = session.get_one(Organization, "club")
        lucie = session.get_one(Person, "lucie")
        session.add(Credential.of(club, lucie, Code(CredentialKind.BARCODE, "CARD-9")))
    return database


def _add(session: Any, organization: str, name: str, **given: Any) -> None:
    session.add(Account(id=f"a-{name}", organization_id=organization, owner_id=name, name=given.pop("company", "")))
    session.flush()
    session.add(Person(id=name, organization_id=organization, account_id=f"a-{name}", **given))


def scope(organization: str = "club") -> Scope:
    """Today, there."""
    return Scope(organization, TODAY, ZoneInfo("America/Toronto"))


def found(database: Database, term: str = "", organization: str = "club", **more: str) -> list[str]:
    """The people meant on the first page, or the owners when nobody in particular is."""
    page = find_clients(database, scope(organization), ClientFilter.of({"q": term, **more}))
    return [id_ for row in page.rows for id_ in row.meant_ids]


MEANT = {
    "tremblay lucie": "lucie",
    "Lucie TREMBLAY": "lucie",
    "lu tre": "lucie",
    "l": "lucie",
    "marie eve": "eve",
    "Marie-Eve": "eve",
    "marieeve": "eve",
    "cote": "eve",
    "côté ma": "eve",
    "obrien": "sean",
    "O’Brien": "sean",
    "brien sean": "sean",
    "mac donald": "mac",
    "macdonald ian": "mac",
    "李": "li",
    "trembaly": "lucie",
    "tremblya lucei": "lucie",
    "tremlay": "lucie",
    "tremla": "lucie",
    "trembllay": "lucie",
    "rremblay": "lucie",
    "ryo": "roy",
    "macdonlad": "mac",
    "m-10234": "lucie",
    "M10234": "lucie",
    "10234": "lucie",
    "CARD-9": "lucie",
    "514 555 1234": "lucie",
    "5145551234": "lucie",
    "1-514-555": "lucie",
    "(514) 555-12": "lucie",
    "555-1234": "lucie",
    "1234": "lucie",
    "lucie 514": "lucie",
    "lu.tremblay77@example.org": "lucie",
    "tremblay77@": "lucie",
    "tremblay77": "lucie",
    "jdupont": "eve",
    "dupont": "eve",
    "@ville": "eve",
    "trem\x00blay": "lucie",
}
NOBODY = ("tremblay zoe", "xyzzy", "%", "*", '"', "' OR 1", "AND", "tremblay 418", "9" * 300, "é" * 300)


def test_somebody_is_found_first(people: Database) -> None:
    """Whatever is typed of them comes to them before anybody else."""
    assert {term: found(people, term)[:1] for term in MEANT} == {term: [who] for term, who in MEANT.items()}


def test_nobody_is_found_by_what_is_not_theirs(people: Database) -> None:
    """Every word must fit one person, and nothing reaches the syntax of the query."""
    assert {term: found(people, term) for term in NOBODY} == {term: [] for term in NOBODY}
    exported = {term: list(all_people(people, scope(), ClientFilter.of({"q": term}))) for term in NOBODY}
    assert exported == {term: [] for term in NOBODY}


def test_each_organization_finds_its_own(people: Database) -> None:
    """By name, by number, by card, misspelt, and in the list without a search."""
    for term in ("tremblay", "trembaly", "M-10234"):
        assert found(people, term, "other") == ["foreign"]
        assert found(people, term) == ["lucie"]
    assert found(people, "CARD-9", "other") == []
    assert found(people, "macdonlad", "other") == []
    assert found(people, "", "other") == ["foreign"]


def test_the_list_is_by_the_owners_name_and_comes_in_pages(people: Database) -> None:
    """No page repeats anybody and none is left out."""
    seen: list[str] = []
    after = None
    while True:
        page = find_clients(people, scope(), ClientFilter(), after=after, limit=2)
        seen += [row.account.id for row in page.rows]
        after = page.after
        if after is None:
            break
    assert seen == ["a-eve", "a-mac", "a-sean", "a-roy", "a-lucie", "a-li"]


def test_the_index_follows_a_renaming_a_number_and_a_move(people: Database) -> None:
    """In the transaction of the change; the old words find nobody, misspelt or not."""
    with people.write() as session:
        lucie = session.get_one(Person, "lucie")
        lucie.last_name, lucie.phone, lucie.account_id = "Żółkowski", "438 555 0000", "a-roy"
    assert found(people, "zolkowski") == found(people, "zolkovski") == found(people, "4385550000") == ["lucie"]
    assert found(people, "trembaly") == found(people, "5145551234") == []
    page = find_clients(people, scope(), ClientFilter.of({"q": "zolkowski"}))
    assert [row.account.id for row in page.rows] == ["a-roy"]
    with people.read() as session:
        assert (
            session.scalars(
                select(NameVariant).where(NameVariant.word == "tremblay", NameVariant.organization_id == "club")
            ).all()
            == []
        )
        assert session.scalars(select(NameVariant).where(NameVariant.word == "tremblay")).first() is not None


def test_a_word_stays_while_somebody_else_has_it(people: Database) -> None:
    """The near misses of a name go with its last bearer."""
    with people.write() as session:
        _add(session, "club", "paul", first_name="Paul", last_name="Tremblay")
    with people.write() as session:
        session.delete(session.get_one(Account, "a-paul"))
    assert found(people, "trembaly") == ["lucie"]


def test_an_account_is_found_by_its_own_name_and_under_its_new_owner(people: Database) -> None:
    """And by the new name when it is renamed."""
    with people.write() as session:
        _add(session, "club", "boss", first_name="Ann", last_name="Bell", company="Aréna Laval")
    assert found(people, "arena laval") == ["boss"]
    with people.write() as session:
        session.get_one(Account, "a-boss").name = "Piscine Nord"
    assert found(people, "arena laval") == []
    assert found(people, "piscine") == ["boss"]
    with people.write() as session:
        session.add(Person(id="zed", organization_id="club", account_id="a-boss", first_name="Zed", last_name="Aaron"))
        session.flush()
        session.get_one(Account, "a-boss").owner_id = "zed"
    assert find_clients(people, scope(), ClientFilter()).rows[0].account.id == "a-boss"


def test_who_is_deleted_is_forgotten_and_a_failed_change_is_not_indexed(people: Database) -> None:
    """Nothing personal stays in any table of the search."""
    with people.write() as session:
        session.delete(session.get_one(Account, "a-sean"))
    with pytest.raises(RuntimeError), people.write() as session:  # noqa: PT012
        session.get_one(Person, "mac").last_name = "Nobody"
        session.flush()
        raise RuntimeError
    assert found(people, "obrien") == found(people, "nobody") == []
    assert found(people, "macdonald") == ["mac"]
    with people.read() as session:
        assert session.scalar(select(func.count()).select_from(NameVariant).where(NameVariant.word == "obrien")) == 0
        assert session.get(AccountOrder, "a-sean") is None
        assert session.scalars(select(PersonSearch).where(PersonSearch.person_id == "sean")).all() == []


def _index(database: Database) -> list[Any]:
    """Everything in it. SQLite compares its full-text table with the words itself and fails if they differ."""
    if database.is_sqlite:
        with database.write_engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO person_word(person_word, rank) VALUES ('integrity-check', 1)")
    with database.read() as session:
        rows = select(PersonSearch.person_id, PersonSearch.by_last, PersonSearch.by_first, PersonSearch.words)
        people = [tuple(row) for row in session.execute(rows.order_by(PersonSearch.person_id))]
        accounts = [
            tuple(row)
            for row in session.execute(
                select(AccountOrder.account_id, AccountOrder.name).order_by(AccountOrder.account_id)
            )
        ]
        names = select(NameVariant.organization_id, NameVariant.variant, NameVariant.word)
        return [people, accounts, sorted(tuple(row) for row in session.execute(names))]


def test_rebuilding_gives_what_the_hook_kept(people: Database) -> None:
    """After additions, a renaming and a deletion; an index of another version is rebuilt when the centre starts."""
    with people.write() as session:
        session.get_one(Person, "roy").first_name = "Zoë"
        session.delete(session.get_one(Account, "a-li"))
    kept = _index(people)
    with people.write_engine.begin() as connection:
        assert rebuild(connection) == len(PEOPLE)
    assert _index(people) == kept
    assert found(people, "trembaly") == ["lucie"]
    with people.write() as session:
        session.delete(session.get_one(SearchVersion, VERSION))
        for row in session.scalars(select(PersonSearch)):
            session.delete(row)
    assert found(people, "tremblay") == []
    bring_up_to_date(people.write_engine)
    assert _index(people) == kept
    assert found(people, "tremblay") == ["lucie"]


def test_the_filters(people: Database) -> None:
    """Each alone, and together with a search."""
    with people.write() as session:
        session.add(Tag(id="vip", organization_id="club", name="VIP"))
        session.add(MembershipType(id="gym", organization_id="club", name_en="Gym"))
        session.flush()
        session.execute(person_tag.insert().values(person_id="mac", tag_id="vip"))
        for name, ends_on in (("roy", date(2026, 11, 21)), ("sean", date(2026, 11, 20))):
            session.add(
                Membership(
                    organization_id="club",
                    account_id=f"a-{name}",
                    type_id="gym",
                    starts_on=date(2026, 1, 1),
                    ends_on=ends_on,
                    people=[MembershipPerson(person_id=name)],
                )
            )
        session.get_one(Account, "a-sean").balance_cents = 100
        session.get_one(Person, "eve").is_blocked = True
        session.get_one(Person, "li").has_notify_flag = True
        session.get_one(Person, "lucie").access_picture = "0" * 64
        session.get_one(Person, "lucie").created_at = session.get_one(Person, "lucie").created_at.replace(year=2030)
    assert found(people, tag="vip") == ["mac"]
    assert found(people, membership="any") == found(people, membership="gym") == ["roy"]
    assert sorted(found(people, membership="none")) == sorted(set(PEOPLE) - {"roy"})
    assert found(people, due="1") == ["sean"]
    assert found(people, flag="blocked") == ["eve"]
    assert found(people, flag="notify") == ["li"]
    assert sorted(found(people, picture="none")) == sorted(set(PEOPLE) - {"lucie"})
    assert found(people, age="child") == ["roy"]
    assert found(people, age="teen") == []
    assert found(people, since="2030-01-01") == ["lucie"]
    assert found(people, "macdonald", tag="vip") == found(people, "mac", tag="vip") == ["mac"]
    assert found(people, "macdonlad", tag="vip") == ["mac"]
    assert found(people, "macdonald", flag="blocked") == []


def test_the_archived_are_there_when_asked_for(people: Database) -> None:
    """By default neither the list nor a search shows them."""
    with people.write() as session:
        session.get_one(Person, "mac").archived_at = session.get_one(Person, "mac").created_at
        session.get_one(Account, "a-mac").archived_at = session.get_one(Person, "mac").created_at
    assert "mac" not in found(people)
    assert found(people, "macdonald") == []
    assert found(people, "macdonald", archived="all") == found(people, archived="only") == ["mac"]
    assert len(found(people, archived="all")) == len(PEOPLE)


def test_an_export_has_everybody_whom_the_list_means(people: Database) -> None:
    """By last name, whatever the search was."""
    assert [each.id for each in all_people(people, scope(), ClientFilter())] == [
        "eve",
        "mac",
        "sean",
        "roy",
        "lucie",
        "li",
    ]
    for term in ("trembaly", "CARD-9", "514 555 1234"):
        assert [each.id for each in all_people(people, scope(), ClientFilter.of({"q": term}))] == ["lucie"]
