"""Records through the REST API: the same matching as a file, per organization, per scope, said in problem documents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from server.api.examples import EMAIL, MARK, NEW_ACCOUNT, RECORDS
from server.api.scopes import Scope
from server.api.tokens import create_token, revoke_token
from server.models import Account, ApiToken, AuditEntry, Credential, FeedEntry, PassUse, Person, utc_now
from tests.component.server.api.conftest import Program

Make = Callable[..., Program]


def codes(answer: Any) -> list[str]:
    """The codes of what was wrong."""
    return [each["code"] for each in answer.json()["errors"]]


def test_nobody_without_a_token(app: FastAPI) -> None:
    """No token, a wrong one: the same answer."""
    for token in ("", "gh_" + "x" * 43, "nonsense"):
        answer = Program(app, token)("GET", "/people")
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_a_token_ends_at_once_and_by_itself(app: FastAPI, program: Make) -> None:
    """Revoked, or past its day: refused."""
    asking = program(Scope.PEOPLE_READ)
    assert asking("GET", "/people").status_code == 200
    with app.state.database.write() as session:
        row = session.scalars(select(ApiToken)).one()
        assert row.last_used_at is not None
        assert asking.token not in str(vars(row))
        revoke_token(session, "home", row.id, now=utc_now())
        past = create_token(
            session,
            "home",
            name="past",
            scopes=Scope,
            expires_at=utc_now() - timedelta(seconds=1),
            created_by=None,
            now=utc_now(),
        )
    assert asking("GET", "/people").status_code == 401
    assert Program(app, past)("GET", "/people").status_code == 401


def test_a_person_is_put_in_once(program: Make, app: FastAPI) -> None:
    """Added with an account, then changed, then the same; the doors and the audit log hear of it."""
    asking = program()
    body = {"first_name": "Maya", "member_id": "000123", "account": "F-1", "email": "maya@example.org"}
    added = asking("PUT", "/people/by-external-id/P-1", json=body)
    assert added.status_code == 201, added.text
    assert (added.json()["member_id"], added.json()["external_id"]) == ("000123", "P-1")
    note = {"admin_note": "Nuts.\r\nCall first."}
    again = asking("PUT", "/people/by-external-id/P-1", json={"last_name": "Roy", "email": None, **note})
    assert (again.status_code, again.json()["admin_note"]) == (200, "Nuts.\nCall first.")
    assert (again.json()["first_name"], again.json()["last_name"], again.json()["email"]) == ("Maya", "Roy", None)
    assert asking("GET", "/people?external_id=P-1").json()["items"] == [again.json()]
    with app.state.database.read() as session:
        person = session.get_one(Person, added.json()["id"])
        account = session.get_one(Account, person.account_id)
        assert (account.external_id, account.owner_id) == ("F-1", person.id)
        assert session.scalars(select(FeedEntry).where(FeedEntry.entity_id == person.id)).all()
        told = session.scalars(select(AuditEntry).where(AuditEntry.entity_id == person.id)).all()
        assert {each.actor_kind for each in told} == {"token"}


def test_nobody_and_nothing_is_put_on_an_archived_account(program: Make, app: FastAPI) -> None:
    """They would be known at the doors and in no list; once it is back, they are put in. Who is there is corrected."""
    asking = program()
    first = asking("PUT", "/people/by-external-id/P-1", json={"first_name": "Ann", "account": "F-9"}).json()
    place = asking("POST", "/registrations", json={"activity": "LANE", "person": "P-1"}).json()["id"]
    assert asking("POST", f"/accounts/{first['account_id']}/archive").status_code == 200
    second = {"first_name": "Bea", "account": "F-9"}
    refused = asking("PUT", "/people/by-external-id/P-2", json=second)
    assert (refused.status_code, codes(refused)) == (422, ["account_archived"])
    assert asking("PUT", "/people/by-external-id/P-1", json={"last_name": "Roy"}).status_code == 200
    with app.state.database.read() as session:
        assert [each.id for each in session.get_one(Account, first["account_id"]).people] == [first["id"]]
    sold = {"type": "SWIM5", "person": "P-1", "purchased_on": "2026-01-01"}
    refused = asking("PUT", "/multipasses/by-external-id/K-1", json=sold)
    assert refused.json()["errors"] == [{"field": "person", "code": "account_archived", "details": {}}]
    assert codes(asking("PATCH", f"/registrations/{place}", json={"status": "waiting"})) == ["account_archived"]
    assert asking("DELETE", f"/registrations/{place}").json()["status"] == "cancelled"
    assert asking("POST", f"/accounts/{first['account_id']}/unarchive").status_code == 200
    assert asking("PUT", "/people/by-external-id/P-2", json=second).status_code == 201


def test_another_organization_is_not_there(program: Make) -> None:
    """Its rows are not listed, not read, not changed; its keys are free; its ids are unknown."""
    other = program(organization="elsewhere")
    assert {each["id"].split("-")[0] for each in other("GET", "/people").json()["items"]} == {"elsewhere"}
    assert other("GET", "/people/home-zoe").status_code == 404
    assert other("PATCH", "/people/home-zoe", json={"first_name": "X"}).status_code == 404
    assert other("PATCH", "/accounts/home-account", json={"name": "X"}).status_code == 404
    assert other("GET", "/memberships/home-membership").status_code == 404
    refused = other("POST", "/cards", json={"person_id": "home-zoe", "code": "1"})
    assert codes(refused) == ["unknown_person"]
    assert codes(other("POST", "/people", json={"first_name": "A", "account_id": "home-account"})) == [
        "unknown_account"
    ]
    refused = other(
        "POST", "/memberships", json={"type": "home-mt", "people": ["elsewhere-zoe"], "starts_on": "2026-01-01"}
    )
    assert codes(refused) == ["unknown_type"]


def test_a_card_never_changes_hands_and_names_whose_it_is(program: Make, app: FastAPI) -> None:
    """Within the organization by name; the same code in another organization is another card."""
    asking = program()
    assert asking("POST", "/cards", json={"person_id": "home-zoe", "code": "00042"}).status_code == 201
    refused = asking("POST", "/cards", json={"person_id": "home-emile", "code": "00042"})
    assert refused.json()["errors"][0]["details"]["holder"].startswith("Zoé Tremblay")
    other = program(organization="elsewhere")
    assert other("POST", "/cards", json={"person_id": "elsewhere-zoe", "code": "00042"}).status_code == 201
    card = asking("GET", "/cards?person_id=home-zoe").json()["items"]
    ended = asking("DELETE", f"/cards/{card[-1]['id']}")
    assert ended.json()["revoked_at"] is not None
    assert "00042" not in str(card)
    with app.state.database.read() as session:
        assert session.get_one(Credential, card[-1]["id"]).revoked_at is not None


def test_what_the_description_shows_can_be_sent(program: Make) -> None:
    """Each example in its turn is something new, and the same the second time."""
    asking = program()
    for status in (201, 200):
        for kind, example in RECORDS.items():
            answer = asking("POST", f"/{kind}", json=dict(example))
            assert answer.status_code == status, (kind, answer.text)
    assert asking("POST", "/accounts/check-email", json=dict(EMAIL)).json()["answer"] == "here"
    assert asking("POST", "/attendance/home-meeting/home-zoe", json=dict(MARK)).json()["state"] == "in"
    begun = asking("POST", "/accounts/new", json=dict(NEW_ACCOUNT))
    assert begun.json()["errors"][0]["code"] == "email_here"


def test_pages_go_on_where_the_last_one_ended(program: Make) -> None:
    """Every row once, in order of id, and the last page says so."""
    asking, seen, after = program(), [], ""
    for number in range(7):
        asking("POST", "/accounts", json={"external_id": f"A{number}"})
    while True:
        page = asking("GET", f"/accounts?limit=3{after}").json()
        seen += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert len(seen) == len(set(seen)) == 8
    assert seen == sorted(seen)


def test_memberships_passes_registrations_and_balances(program: Make, app: FastAPI) -> None:
    """Each kind is added, found again by its key and left unchanged by the same body."""
    asking = program()
    bodies = {
        "memberships": {"type": "FAMILY", "people": ["home-zoe", "home-emile"], "starts_on": "2026-01-01"},
        "multipasses": {"type": "SWIM5", "person_id": "home-zoe", "purchased_on": "2026-01-01", "used": 2},
        "registrations": {"activity": "LANE", "person_id": "home-zoe"},
        "balances": {"account_id": "home-account", "amount_cents": 1500, "description": "Lessons"},
    }
    for kind, body in bodies.items():
        first = asking("PUT", f"/{kind}/by-external-id/K-1", json=body)
        assert first.status_code == 201, first.text
        second = asking("PUT", f"/{kind}/by-external-id/K-1", json=body)
        assert (second.status_code, second.json()) == (200, first.json())
    assert asking("GET", "/multipasses?external_id=K-1").json()["items"][0]["used"] == 2
    assert asking("PUT", "/multipasses/by-external-id/K-1", json={"used": 1}).json()["used"] == 1
    with app.state.database.read() as session:
        assert session.get_one(Account, "home-account").balance_cents == 4250 + 1500
        assert len(session.scalars(select(PassUse).where(PassUse.id.like("%.opening.%"))).all()) == 2
    differs = asking("PUT", "/balances/by-external-id/K-1", json={"account_id": "home-account", "amount_cents": 1})
    assert codes(differs) == ["entry_differs"]
    assert asking("DELETE", f"/registrations/{first_id(asking, 'registrations')}").json()["status"] == "cancelled"


def first_id(asking: Program, kind: str) -> str:
    """The id of the record with the key K-1."""
    return str(asking("GET", f"/{kind}?external_id=K-1").json()["items"][0]["id"])


def test_an_address_with_other_letters_is_kept_as_mail_servers_know_it(program: Make) -> None:
    """The same however it is written, as the office keeps it."""
    person = {"external_id": "K-9", "first_name": "A", "email": "A@Exämple.ca"}
    asking = program()
    made = asking("POST", "/people", json=person).json()
    assert asking("GET", f"/people/{made['id']}").json()["email"] == "a@xn--exmple-cua.ca"


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/people", {}, ["required"]),
        ("/people", {"first_name": "A", "email": "not one"}, ["not_an_email"]),
        ("/people", {"first_name": "A", "email": "zoé@example.org"}, ["not_an_email"]),
        ("/people", {"first_name": "A", "date_of_birth": "2999-01-01"}, ["born_in_future"]),
        ("/people", {"first_name": "A", "is_owner": True, "date_of_birth": "2020-01-01"}, ["owner_minor"]),
        ("/people", {"first_name": "A\x00"}, ["control_characters"]),
        ("/people", {"first_name": "A", "nonsense": 1}, ["invalid"]),
        ("/people", {"first_name": "A", "member_id": 7}, ["invalid"]),
        ("/memberships", {"type": "NO", "people": ["home-zoe"], "starts_on": "2026-01-01"}, ["unknown_type"]),
        ("/multipasses", {"type": "SWIM5", "purchased_on": "2026-01-01"}, ["account_needed"]),
        (
            "/multipasses",
            {"type": "SWIM5", "person_id": "home-zoe", "purchased_on": "2026-01-01", "used": 6},
            ["used_above_total"],
        ),
        ("/registrations", {"activity": "LANE", "person_id": "home-zoe", "occurrences": ["x"]}, ["occurrence_unknown"]),
        ("/cards", {"code": "1"}, ["person_needed"]),
        ("/cards", {"code": "zz", "kind": "nfc", "person_id": "home-zoe"}, ["card_unreadable"]),
        ("/balances", {"external_id": "B", "account_id": "home-account", "amount_cents": 0}, ["invalid_amount"]),
    ],
)
def test_what_cannot_be_is_said_by_field(program: Make, path: str, body: dict[str, Any], expected: list[str]) -> None:
    """422 with codes, nothing changed."""
    refused = program()("POST", path, json=body)
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert codes(refused) == expected


def test_a_body_is_bounded_and_a_token_has_its_pace(app: FastAPI, program: Make) -> None:
    """413 above 64 KB, 429 with the seconds to wait."""
    asking = program()
    assert asking("POST", "/people", content=b"x" * 70_000).status_code == 413
    app.state.api_rate._most, app.state.api_rate._per_s = 2.0, 0.001
    app.state.api_rate._left.clear()
    answers = [asking("GET", "/people") for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) > 100
