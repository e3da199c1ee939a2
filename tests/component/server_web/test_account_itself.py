"""The account itself in the back office: its name, archiving it and back, making it part of another; who may."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import select

from server.db import Database
from server.models import Account, BalanceEntry, Credential, Event, Membership, Multipass, Person
from tests.component.server_web.browser import Browser
from tests.component.server_web.sample import event

HOME = "/admin/accounts/home-account"


def seen_of(page: httpx.Response) -> str:
    """What the page's form was opened with."""
    found = re.search(r'name="seen" value="(\w*)"', page.text)
    assert found is not None
    return found[1]


@pytest.fixture
def second(database: Database) -> str:
    """A second account of the organization, of one person; its id."""
    with database.write() as session:
        account = Account(id="home-roy", organization_id="home", owner_id="home-rose")
        account.people.append(Person(id="home-rose", organization_id="home", first_name="Rose", last_name="Roy"))
        session.add(account)
        session.flush()
        event(session, account_id="home-roy", person_id="home-rose")
    return "home-roy"


def test_an_account_gets_a_name_is_found_by_it_and_loses_it_again(log_in: Callable[[str], Browser]) -> None:
    """Desk staff may; spaces are tidied; without a name it is called after its owner."""
    desk = log_in("desk")
    path = f"{HOME}/settings/name"
    assert desk.post(path, seen=seen_of(desk.get(path)), name="  Lakeside   Rowing Club ").status_code == 303
    page = desk.get(f"{HOME}/settings").text
    assert '<h1 class="page-title"><bdi>Lakeside Rowing Club</bdi>' in page
    assert "/end/" not in page
    assert f'href="{HOME}"' in desk.get("/admin/accounts/found?q=lakeside").text
    assert desk.post(path, seen=seen_of(desk.get(path)), name="").status_code == 303
    assert '<h1 class="page-title"><bdi>Zoé Tremblay</bdi>' in desk.get(f"{HOME}/settings").text


def test_a_name_that_somebody_else_changed_meanwhile_is_shown(admin: Browser, database: Database) -> None:
    """Nobody's name is lost without being seen."""
    path = f"{HOME}/settings/name"
    seen = seen_of(admin.get(path))
    with database.write() as session:
        session.get_one(Account, "home-account").name = "Theirs"
    answer = admin.post(path, seen=seen, name="Mine")
    assert answer.status_code == 409
    assert "Theirs" in answer.text


def test_an_account_is_archived_with_everyone_and_brought_back(admin: Browser, database: Database) -> None:
    """A balance refuses; what is active has to be confirmed; what was archived before stays archived."""
    page = admin.get(f"{HOME}/settings").text
    assert "balance is not zero" in page
    assert "Archive Zoé" not in page
    admin.post(f"{HOME}/end/archive", confirmed="yes")
    with database.write() as session:
        account = session.get_one(Account, "home-account")
        assert account.archived_at is None
        account.balance_cents = 0
    assert "A membership is still running" in admin.get(f"{HOME}/settings").text
    admin.post(f"{HOME}/end/archive")
    with database.read() as session:
        assert session.get_one(Account, "home-account").archived_at is None
    admin.post(f"{HOME}/end/archive", confirmed="yes")
    with database.read() as session:
        account = session.get_one(Account, "home-account")
        assert account.archived_at is not None
        assert all(each.archived_at == account.archived_at for each in account.people)
    assert "Archived since" in admin.get(f"{HOME}/settings").text
    assert f'href="{HOME}"' not in admin.get("/admin/accounts/found?q=tremblay").text
    admin.post(f"{HOME}/end/unarchive")
    with database.read() as session:
        account = session.get_one(Account, "home-account")
        assert account.archived_at is None
        assert all(each.archived_at is None for each in account.people)


def test_an_account_becomes_part_of_another(admin: Browser, database: Database, second: str) -> None:
    """Found, chosen and confirmed: people, purchases, balance and history move; the old address leads on."""
    path = f"{HOME}/end/merge?q=roy"
    page = admin.get(path)
    assert f'value="{second}"' in page.text
    assert 'value="home-account"' not in admin.get(f"{HOME}/end/merge?q=tremblay").text
    unsure = admin.post(path, seen=seen_of(page), target=second)
    assert unsure.status_code == 422
    assert admin.post(path, seen=seen_of(page), target="elsewhere-account", sure="on").status_code == 422
    done = admin.post(path, seen=seen_of(page), target=second, sure="on")
    assert done.headers["location"] == f"/admin/accounts/{second}"
    with database.read() as session:
        kept, gone = session.get_one(Account, second), session.get_one(Account, "home-account")
        assert (gone.merged_into, gone.balance_cents, kept.owner_id) == (second, 0, "home-rose")
        assert kept.balance_cents == 4250
        assert session.get_one(Person, "home-zoe").account_id == second
        for held in (Membership, Multipass, BalanceEntry, Event):
            assert session.scalars(select(held).where(held.account_id == "home-account")).all() == []
    old = admin.get(HOME).text
    assert "became part of another one" in old
    assert f'href="/admin/accounts/{second}"' in old
    assert "/end/" not in admin.get(f"{HOME}/settings").text
    again = admin.get(f"{HOME}/end/merge")
    assert (again.status_code, again.headers["location"]) == (303, f"{HOME}/settings")


def test_what_ends_an_account_is_for_those_who_may(log_in: Callable[[str], Browser], second: str) -> None:
    """Desk staff name it; who may only look sees neither the link nor the page; nobody reaches another's account."""
    for who in ("desk", "viewer"):
        browser = log_in(who)
        for path in ("archive", "unarchive", "merge"):
            assert browser.post(f"{HOME}/end/{path}", confirmed="yes", target=second, sure="on").status_code == 403
        assert browser.get(f"{HOME}/end/merge").status_code == 403
    viewer = log_in("viewer")
    assert viewer.get(f"{HOME}/settings").status_code == 403
    assert "/settings" not in viewer.get(HOME).text
    stranger = log_in("other")
    assert stranger.get(f"{HOME}/settings").status_code == 404
    assert stranger.post(f"{HOME}/end/archive", confirmed="yes").status_code == 404
    assert stranger.post(f"{HOME}/end/unarchive").status_code == 404
    assert stranger.get(f"{HOME}/end/merge").status_code == 404


@pytest.mark.parametrize(
    ("form", "typed"),
    [
        ("balance/enter", {"kind": "charge", "amount": "50", "description": "Lost"}),
        ("people/add", {"first_name": "Lost", "last_name": "Soul", "do": "anyway"}),
        ("sell/multipass", {"type": "home-pt"}),
        ("settings/name", {"name": "Lost"}),
    ],
)
def test_nothing_is_put_on_an_account_that_became_part_of_another(
    admin: Browser, database: Database, second: str, form: str, typed: dict[str, str]
) -> None:
    """It would never be seen again; whoever tries is led to the account that stays, also from a form opened before."""
    path = f"{HOME}/{form}"
    seen = seen_of(admin.get(path))
    merging = f"{HOME}/end/merge?q=roy"
    assert admin.post(merging, seen=seen_of(admin.get(merging)), target=second, sure="on").status_code == 303
    for answer in (admin.get(path), admin.post(path, seen=seen, **typed)):
        assert (answer.status_code, answer.headers["location"]) == (303, f"/admin/accounts/{second}")
    with database.read() as session:
        gone = session.get_one(Account, "home-account")
        assert (gone.people, gone.balance_cents, gone.name) == ([], 0, "")
        for held in (Multipass, BalanceEntry):
            assert session.scalars(select(held).where(held.account_id == gone.id)).all() == []
    pages = "".join(admin.get(f"{HOME}/{each}").text for each in ("balance", "members", "settings"))
    for offered in ("balance/enter", "people/add", "settings/name"):
        assert f"{HOME}/{offered}" not in pages


@pytest.mark.parametrize(
    ("form", "listed", "typed", "refusal"),
    [
        ("people/add", "members", {"first_name": "Ray", "last_name": "Roy", "do": "anyway"}, "account is archived"),
        (
            "sell/membership",
            "",
            {"type": "home-mt", "people": "home-rose", "starts_on": "2026-11-01"},
            "account is archived",
        ),
        (
            "sell/multipass",
            "",
            {"type": "home-pt", "person": "home-rose", "purchased_on": "2026-11-01"},
            "account is archived",
        ),
        ("card/new", "cards", {"person": "home-rose", "kind": "barcode"}, "person is archived"),
    ],
)
def test_nothing_is_put_on_an_archived_account(
    admin: Browser, database: Database, second: str, form: str, listed: str, typed: dict[str, str], refusal: str
) -> None:
    """It would be known at the doors, and in no list; it is not offered, and a form opened before is refused."""
    path = f"/admin/accounts/{second}/{form}"
    assert path in admin.get(f"/admin/accounts/{second}/{listed}".rstrip("/")).text
    page = admin.get(path)
    admin.post(f"/admin/accounts/{second}/end/archive", confirmed="yes")
    answer = admin.post(path, seen=seen_of(page), **typed)
    assert answer.status_code == 422
    assert refusal in answer.text
    assert path not in admin.get(f"/admin/accounts/{second}/{listed}".rstrip("/")).text
    with database.read() as session:
        assert [each.id for each in session.get_one(Account, second).people] == ["home-rose"]
        for held in (Membership, Multipass):
            assert session.scalars(select(held).where(held.account_id == second)).all() == []
        assert session.scalars(select(Credential).where(Credential.person_id == "home-rose")).all() == []


def test_two_rows_become_one_only_when_somebody_says_they_are_one_person(
    admin: Browser, database: Database, second: str
) -> None:
    """It cannot be undone: a form without the confirmation merges nothing, and says so."""
    path = "/admin/duplicates/home-zoe/home-rose"
    answer = admin.post(path)
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert "Nothing is merged" in admin.get(path).text
    with database.read() as session:
        assert session.get_one(Person, "home-rose").merged_into is None
    assert admin.post(path, confirmed="yes").headers["location"].endswith("/members/home-zoe")
    with database.read() as session:
        assert session.get_one(Person, "home-rose").merged_into == "home-zoe"
