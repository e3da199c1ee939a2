"""Archiving, bringing back and deleting through the API: the guards of the office, said as values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from server.errors import NotFound
from server.models import Account, Organization, Person
from tests.component.server.api.conftest import Program, picture

Make = Callable[..., Program]
LONG_AGO = datetime.now(UTC) - timedelta(days=4000)


def codes(answer: httpx.Response) -> set[str]:
    """What stands in the way."""
    return {each["code"] for each in answer.json()["errors"]}


def test_the_owner_of_others_stays_and_what_is_active_is_confirmed(program: Make) -> None:
    """The reasons of the office, 409; nothing happened. Confirmed, what is active lapses."""
    asking = program()
    refused = asking("POST", "/people/home-zoe/archive?is_confirmed=true")
    assert (refused.status_code, refused.json()["code"], codes(refused)) == (409, "stands_in_the_way", {"is_owner"})
    warned = asking("POST", "/people/home-emile/archive")
    assert (warned.status_code, codes(warned)) == (409, {"coming_registration"})
    assert asking("GET", "/people/home-emile").json()["archived_at"] is None
    done = asking("POST", "/people/home-emile/archive?is_confirmed=true")
    assert done.status_code == 200
    assert done.json()["archived_at"] is not None
    assert done.headers["etag"] == asking("GET", "/people/home-emile").headers["etag"]
    again = asking("POST", "/people/home-emile/archive")
    assert again.json() == done.json()
    assert asking("POST", "/people/home-emile/unarchive").json()["archived_at"] is None


def test_an_account_goes_with_everyone_and_comes_back(program: Make) -> None:
    """Not while it owes; then all of them, and all of them again."""
    asking = program()
    owing = asking("POST", "/accounts/home-account/archive?is_confirmed=true")
    assert (owing.status_code, codes(owing)) == (409, {"balance"})
    paid = {"account_id": "home-account", "amount_cents": -4250, "kind": "payment"}
    assert asking("PUT", "/balances/by-external-id/PAID", json=paid).status_code == 201
    seen = asking("GET", "/accounts/home-account").headers["etag"]
    stale = asking("POST", "/accounts/home-account/archive?is_confirmed=true", headers={"If-Match": '"old"'})
    assert stale.status_code == 412
    done = asking("POST", "/accounts/home-account/archive?is_confirmed=true", headers={"If-Match": seen})
    assert done.status_code == 200, done.text
    people = asking("GET", "/people?account_id=home-account").json()["items"]
    assert {each["archived_at"] for each in people} == {done.json()["archived_at"]} != {None}
    assert asking("POST", "/accounts/home-account/unarchive").json()["archived_at"] is None
    assert {each["archived_at"] for each in asking("GET", "/people").json()["items"]} == {None}


@pytest.fixture
def let_go(app: FastAPI) -> None:
    """Nothing is owed, and everybody was archived longer ago than anybody is kept."""
    with app.state.database.write() as session:
        session.get_one(Organization, "home").retention = {"archived": 400}
        session.get_one(Account, "home-account").balance_cents = 0
        session.get_one(Account, "home-account").archived_at = LONG_AGO
        for person in session.scalars(select(Person).where(Person.organization_id == "home")):
            person.archived_at = LONG_AGO


def test_nobody_is_deleted_before_the_retention_settings_let_them_go(program: Make) -> None:
    """Whatever a program confirms."""
    refused = program()("DELETE", "/people/home-emile?is_confirmed=true")
    assert (refused.status_code, codes(refused)) == (409, {"not_archived"})
    refused = program()("DELETE", "/accounts/home-account")
    assert refused.status_code == 409
    assert {each["details"]["person_id"] for each in refused.json()["errors"]} == {"home-zoe", "home-emile", "home-cmd"}


@pytest.mark.usefixtures("let_go")
def test_who_is_deleted_is_nobody(program: Make, app: FastAPI) -> None:
    """The row stays, empty; the picture's file goes; what follows is 404, and deleting again says why not."""
    asking = program()
    kept = app.state.pictures.put(picture("orange"))
    with app.state.database.write() as session:
        session.get_one(Person, "home-emile").access_picture = kept
    assert app.state.pictures.path(kept).is_file()
    gone = asking("DELETE", "/people/home-emile")
    assert gone.status_code == 200, gone.text
    assert (gone.json()["last_name"], gone.json()["member_id"]) == ("", None)
    assert gone.json()["erased_at"] is not None
    with pytest.raises(NotFound):
        app.state.pictures.path(kept)
    assert asking("PATCH", "/people/home-emile", json={"city": "Alma"}).status_code == 404
    assert asking("PUT", "/people/home-emile/pictures/access", content=picture("teal")).status_code == 404
    assert codes(asking("DELETE", "/people/home-emile")) >= {"already_erased"}
    assert codes(asking("POST", "/people/home-emile/unarchive")) == {"already_erased"}


@pytest.mark.usefixtures("let_go")
def test_an_account_is_deleted_with_everybody_or_not_at_all(program: Make, app: FastAPI) -> None:
    """One who was seen lately keeps all of them; else all go, in one transaction."""
    asking = program()
    with app.state.database.write() as session:
        session.get_one(Person, "home-emile").archived_at = datetime.now(UTC)
    refused = asking("DELETE", "/accounts/home-account")
    assert [(each["code"], each["details"]) for each in refused.json()["errors"]] == [
        ("archived_too_short", {"person_id": "home-emile"})
    ]
    assert {each["erased_at"] for each in asking("GET", "/people").json()["items"]} == {None}
    with app.state.database.write() as session:
        session.get_one(Person, "home-emile").archived_at = LONG_AGO
    assert asking("DELETE", "/accounts/home-account").status_code == 200
    assert None not in {each["erased_at"] for each in asking("GET", "/people").json()["items"]}


def test_an_account_without_people_is_archived(program: Make) -> None:
    """There is nobody to delete."""
    asking = program()
    made = asking("POST", "/accounts", json={"name": "Nobody Inc."}).json()["id"]
    assert asking("DELETE", f"/accounts/{made}").json()["archived_at"] is not None
