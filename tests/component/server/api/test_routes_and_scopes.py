"""Every route of the API with the one scope that opens it, with all others, with none, and for another organization."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from server.admin.pages.integrations import needed_for
from server.api.scopes import Scope
from server.audit.repository import names
from server.models import AuditEntry
from tests.component.server.api.conftest import Program
from tests.component.server_web import sample as some

Make = Callable[..., Program]

_EVERY: Final = {
    "accounts": "list read put_in put change",
    "people": "list read put_in put change",
    "memberships": "list read put_in put change",
    "multipasses": "list read put_in put change",
    "registrations": "list read put_in put change end",
    "cards": "list read put_in end",
    "balances": "list read put_in put",
}
_WAYS: Final = {
    "list": ("GET", "", "read"),
    "read": ("GET", "/{id}", "read"),
    "put_in": ("POST", "", "write"),
    "put": ("PUT", "/by-external-id/{external_id}", "write"),
    "change": ("PATCH", "/{id}", "write"),
    "end": ("DELETE", "/{id}", "write"),
}
_OTHERS: Final = """
    GET    /activities                        catalogue:read
    GET    /activities/{id}                   catalogue:read
    GET    /activities/{id}/occurrences       catalogue:read
    GET    /membership-types                  catalogue:read
    GET    /membership-types/{id}             catalogue:read
    GET    /multipass-types                   catalogue:read
    GET    /multipass-types/{id}              catalogue:read
    GET    /check-ins                         checkins:read
    GET    /check-ins/{id}                    checkins:read
    GET    /access-points                     access_points:read
    GET    /access-points/{id}                access_points:read
    GET    /devices                           devices:read
    GET    /devices/{id}                      devices:read
    GET    /attendance                        attendance:read
    GET    /attendance/{id}                   attendance:read
    POST   /attendance/{id}/{person_id}       attendance:write
    GET    /people/{id}/pictures              pictures:read
    GET    /people/{id}/pictures/{role}       pictures:read
    PUT    /people/{id}/pictures/{role}       pictures:write
    DELETE /people/{id}/pictures/{role}       pictures:write
    POST   /people/{id}/archive               people:manage
    POST   /people/{id}/unarchive             people:manage
    DELETE /people/{id}                       people:manage
    POST   /accounts/{id}/archive             accounts:manage
    POST   /accounts/{id}/unarchive           accounts:manage
    DELETE /accounts/{id}                     accounts:manage
    POST   /accounts/check-email              accounts:create
    POST   /accounts/new                      accounts:create
    POST   /accounts/invite                   accounts:create
    GET    /imports                           imports:write
    POST   /imports                           imports:write
    GET    /imports/{id}                      imports:write
    GET    /imports/{id}/problems             imports:write
    POST   /imports/{id}/start                imports:write
    POST   /imports/{id}/cancel               imports:write
"""


def _table() -> Iterator[tuple[str, str, Scope]]:
    for kind, ways in _EVERY.items():
        for way in ways.split():
            method, path, right = _WAYS[way]
            yield method, f"/{kind}{path}", Scope(f"{kind}:{right}")
    for line in _OTHERS.strip().splitlines():
        method, path, scope = line.split()
        yield method, path, Scope(scope)


TABLE: Final = {(method, path): scope for method, path, scope in _table()}


@pytest.fixture
def everything(program: Make, app: FastAPI) -> dict[str, str]:
    """The id of something of each kind that `home` has."""
    asking = program()
    balance = asking("POST", "/balances", json={"account_id": "home-account", "amount_cents": 100, "external_id": "B"})
    with app.state.database.write() as session:
        checked_in = some.event(session).id
    return {
        "accounts": "home-account",
        "people": "home-zoe",
        "memberships": "home-membership",
        "multipasses": "home-pass",
        "registrations": "home-place",
        "cards": asking("GET", "/cards?person_id=home-zoe").json()["items"][0]["id"],
        "balances": balance.json()["id"],
        "check-ins": checked_in,
        "access-points": "home-pool",
        "devices": "home-door",
        "activities": "home-lane",
        "membership-types": "home-mt",
        "multipass-types": "home-pt",
        "attendance": "home-meeting",
    }


def address(path: str, id_: str = "nobody") -> str:
    """The path of a route with something in its braces."""
    path = path.replace("{id}", id_).replace("{role}", "access").replace("{person_id}", "home-zoe")
    return path.replace("{external_id}", "K-1")


def test_everything_that_is_sent_is_described(app: FastAPI) -> None:
    """Each parameter in words, each JSON body with an example."""
    bare = []
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items() if path.startswith("/api/") else ():
            said = {each["name"]: each.get("description") for each in operation.get("parameters", ())}
            sent = operation.get("requestBody", {}).get("content", {}).get("application/json", {"example": ""})
            said |= {"the body": "example" in sent or None, "what it does": operation.get("description")}
            bare += [(method, path, name) for name, words in said.items() if not words]
    assert bare == []


def test_the_table_is_what_openapi_says(app: FastAPI) -> None:
    """Every route is here, with the scope that the description names; and every scope opens something."""
    described = {
        (method.upper(), path.removeprefix("/api/v1")): operation["security"]
        for path, operations in app.openapi()["paths"].items()
        if path.startswith("/api/v1")
        for method, operation in operations.items()
    }
    assert described == {route: [{"token": [scope.value]}] for route, scope in TABLE.items()}
    assert set(TABLE.values()) == set(Scope)


def test_a_route_opens_to_its_scope_alone(program: Make) -> None:
    """403 with all other scopes, 401 without a token; with its own scope neither."""
    wrong = []
    tokens = {scope: program(scope) for scope in Scope}
    others = {scope: program(*(each for each in Scope if each is not scope)) for scope in Scope}
    nobody = Program(tokens[Scope.PEOPLE_READ].app, "")
    for (method, path), scope in TABLE.items():
        asked = method, address(path)
        with_it, without, anonymous = (each(*asked) for each in (tokens[scope], others[scope], nobody))
        codes = (without.status_code, without.json()["code"], anonymous.status_code, anonymous.json()["code"])
        if codes != (403, "scope_missing", 401, "not_authenticated") or with_it.status_code in (401, 403):
            wrong.append((method, path, *codes, with_it.status_code))
        if anonymous.headers["content-type"] != "application/problem+json":
            wrong.append((method, path, anonymous.headers["content-type"]))
    assert not wrong


def test_another_organization_is_not_there(program: Make, app: FastAPI, everything: dict[str, str]) -> None:
    """Each route with an id answers 404 to another organization's token, and something else to one's own."""
    own, foreign, wrong = program(), program(organization="elsewhere"), []
    for method, path in TABLE:
        kind = path.split("/")[1]
        if "{id}" not in path or kind == "imports":
            continue
        there = address(path, everything[kind])
        more: dict[str, Any] = {"json": {}} if method in ("POST", "PATCH") else {}
        if kind == "attendance" and method == "POST":
            more = {"json": {"do": "in", "event_id": None}}
        if method == "PUT":
            more = {"content": b"no picture"}
        theirs = foreign(method, there, **more)
        if theirs.status_code != 404:
            wrong.append((method, path, "theirs", theirs.status_code))
        if method == "GET" and not path.endswith("{role}"):
            ours = own(method, there)
            if ours.status_code != 200:
                wrong.append((method, path, "ours", ours.status_code))
    assert not wrong
    # Asked for after all of that: nobody changed anything.
    assert own("GET", "/people/home-zoe").json()["archived_at"] is None


GIVEN_BY: Final = {
    "view_accounts": "people:read accounts:read memberships:read multipasses:read registrations:read cards:read "
    "balances:read checkins:read catalogue:read pictures:read",
    "edit_accounts": "people:write accounts:write accounts:create memberships:write multipasses:write "
    "registrations:write",
    "edit_accounts access_pictures": "pictures:write",
    "manage_accounts": "people:manage accounts:manage",
    "cards": "cards:write",
    "billing": "balances:write",
    "attendance": "attendance:read attendance:write",
    "access_points": "access_points:read",
    "devices": "devices:read",
    "import": "imports:write",
}


def test_nobody_gives_a_program_what_they_do_not_have() -> None:
    """For each scope the permissions of the office that do the same."""
    expected = {Scope(scope): needed.split() for needed, scopes in GIVEN_BY.items() for scope in scopes.split()}
    assert {scope: [each.value for each in needed_for(scope)] for scope in Scope} == expected


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [("GET", "/nonsense", (404, "not_found")), ("PATCH", "/people", (405, "method_not_allowed"))],
)
def test_what_is_no_route_is_said_in_the_same_way(
    program: Make, method: str, path: str, expected: tuple[int, str]
) -> None:
    """Also there a problem document."""
    answer = program()(method, path)
    assert (answer.status_code, answer.json()["code"]) == expected
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_query_that_cannot_be_says_where(program: Make) -> None:
    """Each thing wrong by its name."""
    answer = program()("GET", "/people?limit=0&nonsense=1")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert {each["field"] for each in answer.json()["errors"]} == {"limit", "nonsense"}


def test_what_a_token_changes_is_told_under_its_name(program: Make, app: FastAPI) -> None:
    """The log has the token as who did it, and the office finds its name."""
    program()("PATCH", "/people/home-zoe", json={"city": "Alma"})
    with app.state.database.read() as session:
        told = session.scalars(select(AuditEntry).where(AuditEntry.entity_id == "home-zoe", AuditEntry.seq > 1)).all()
        last = max(told, key=lambda each: each.seq)
        found = names(session, "home", {last.actor_id or ""})
        assert (last.actor_kind, last.action, last.changes) == ("token", "person:changed", {"city": ["", "Alma"]})
        assert [each.name for each in found.values()] == ["test"]
