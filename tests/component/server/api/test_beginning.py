"""Accounts that begin through the API: the e-mail's answers, the name, the request that is sent, the consent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from server.api.scopes import Scope
from server.audit.repository import names
from server.models import Account, AuditEntry, ClientToken, Mail, Person
from tests.component.server.api.conftest import Program

Make = Callable[..., Program]
MAYA: dict[str, Any] = {"first_name": "Maya", "last_name": "Roy", "email": "Maya@Example.org"}


@pytest.fixture
def known(app: FastAPI) -> None:
    """Zoé has an address here; over there she has another, as the owner of an account with two more on it."""
    with app.state.database.write() as session:
        session.get_one(Person, "home-zoe").email = "zoe@example.org"
        session.get_one(Person, "elsewhere-zoe").email = "zo@example.net"


def counted(app: FastAPI) -> tuple[int, int]:
    """How many accounts and e-mails there are."""
    with app.state.database.read() as session:
        return len(session.scalars(select(Account)).all()), len(session.scalars(select(Mail)).all())


def test_an_account_begins_with_its_owner_and_a_request(program: Make, app: FastAPI) -> None:
    """Presumed adult, the address in its one form, one e-mail; the log names the token."""
    asking = program()
    made = asking("POST", "/accounts/new", json={**MAYA, "city": "Laval", "company": "Roy Inc."})
    assert made.status_code == 201, made.text
    said = made.json()
    assert (said["outcome"], said["is_activation_sent"], said["is_consent_asked"]) == ("created", True, False)
    account = asking("GET", f"/accounts/{said['account_id']}").json()
    assert (account["owner_id"], account["name"]) == (said["owner_id"], "Roy Inc.")
    owner = asking("GET", f"/people/{said['owner_id']}").json()
    assert (owner["email"], owner["city"], owner["date_of_birth"]) == ("maya@example.org", "Laval", None)
    with app.state.database.read() as session:
        assert [each.to_address for each in session.scalars(select(Mail))] == ["maya@example.org"]
        told = session.scalars(select(AuditEntry).where(AuditEntry.action == "account:created")).all()
        last = max(told, key=lambda each: each.seq)
        assert [each.name for each in names(session, "home", {last.actor_id or ""}).values()] == ["test"]


@pytest.mark.usefixtures("known")
def test_an_address_has_one_of_its_answers(program: Make, app: FastAPI) -> None:
    """Of another organization only that there is somebody, and the log notes that it was asked."""
    asking = program(Scope.ACCOUNTS_CREATE)
    answers = {
        "nonsense": ("invalid", []),
        "ZOE@example.org": ("here", ["home-zoe"]),
        "zo@example.net": ("elsewhere", []),
        "new@example.org": ("new", []),
    }
    for email, expected in answers.items():
        said = asking("POST", "/accounts/check-email", json={"email": email}).json()
        assert (said["answer"], said["people_ids"]) == expected
    with app.state.database.read() as session:
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action.like("%email_known_elsewhere"))).all()
        assert [(each.actor_kind, each.changes) for each in noted] == [("token", {"email": [None, "z•••@example.net"]})]


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("new", {**MAYA, "email": "zoe@example.org"}, (409, "email_here", {"people_ids": ["home-zoe"]})),
        ("new", {**MAYA, "email": "zo@example.net"}, (409, "email_elsewhere", {})),
        (
            "new",
            {**MAYA, "first_name": "Zoe", "last_name": "Trembley"},
            (409, "name_alike", {"people_ids": ["home-zoe"]}),
        ),
        ("new", {**MAYA, "email": "nonsense"}, (422, "not_an_email", {})),
        ("new", {**MAYA, "date_of_birth": "2020-01-01"}, (422, "owner_minor", {})),
        ("new", {**MAYA, "date_of_birth": "2999-01-01"}, (422, "born_in_future", {})),
        ("new", {"email": "maya@example.org"}, (422, "required", {})),
        ("new", {**MAYA, "first_name": " "}, (422, "invalid", {})),
        ("invite", {"email": "new@example.org"}, (409, "email_new", {})),
        ("invite", {"email": "zoe@example.org"}, (409, "email_here", {"people_ids": ["home-zoe"]})),
        ("invite", {"email": "nonsense"}, (422, "not_an_email", {})),
    ],
)
def test_what_has_to_be_decided_first_is_a_value(
    program: Make, app: FastAPI, path: str, body: dict[str, Any], expected: tuple[int, str, dict[str, Any]]
) -> None:
    """Nothing is made and nothing sent."""
    before = counted(app)
    refused = program()("POST", f"/accounts/{path}", json=body)
    wrong = refused.json()["errors"]
    assert [(refused.status_code, each["code"], each["details"]) for each in wrong] == [expected]
    assert counted(app) == before


def test_somebody_else_of_the_name_is_said_to_be(program: Make) -> None:
    """Then it is made."""
    body = {"first_name": "Zoé", "last_name": "Tremblay", "is_another": True}
    made = program()("POST", "/accounts/new", json=body)
    assert (made.status_code, made.json()["is_activation_sent"]) == (201, False)


@pytest.mark.usefixtures("known")
def test_who_is_known_elsewhere_is_invited_and_the_others_wait_for_consent(program: Make, app: FastAPI) -> None:
    """The owner at once, with what every organization shares; nobody else, and nothing of the other account."""
    asking = program()
    made = asking("POST", "/accounts/invite", json={"email": "zo@example.net"})
    assert made.status_code == 201, made.text
    said = made.json()
    assert (said["outcome"], said["is_consent_asked"], said["is_activation_sent"]) == ("invited", True, True)
    people = asking("GET", f"/people?account_id={said['account_id']}").json()["items"]
    assert [(each["id"], each["first_name"], each["member_id"]) for each in people] == [(said["owner_id"], "Zoé", None)]
    assert "elsewhere" not in made.text
    with app.state.database.read() as session:
        assert {each.purpose for each in session.scalars(select(ClientToken))} == {"activation", "consent"}
    again = asking("POST", "/accounts/invite", json={"email": "zo@example.net"})
    assert [each["code"] for each in again.json()["errors"]] == ["email_here"]


def test_a_program_does_not_try_addresses_without_end(program: Make) -> None:
    """Counted as for staff: 429 with the seconds to wait."""
    asking = program()
    answers = [asking("POST", "/accounts/check-email", json={"email": "x"}).status_code for _ in range(61)]
    assert answers == [200] * 60 + [429]
