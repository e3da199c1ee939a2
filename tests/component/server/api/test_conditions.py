"""ETags and what changed since: no answer twice, no update lost, nothing of a synchronisation missed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from sqlalchemy import update

from server.api import repository
from server.api.scopes import Scope
from server.db import Database
from server.merging.service import merge_people
from server.models import Account, AuditEntry, AuditHead, Membership, Multipass, Person
from server.pictures.store import PictureStore
from server.retention import audit_log
from tests.component.server.api.conftest import Program
from tests.component.server_web import sample as some

Make = Callable[..., Program]

SINGLE = (
    "/people/home-zoe",
    "/accounts/home-account",
    "/memberships/home-membership",
    "/multipasses/home-pass",
    "/access-points/home-pool",
    "/devices/home-door",
)


@pytest.mark.parametrize("path", SINGLE)
def test_what_is_known_is_not_sent_again(program: Make, path: str) -> None:
    """304 for the ETag, a weak form of it, one of several and `*`; 200 for another."""
    asking = program()
    first = asking("GET", path)
    etag = first.headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = asking("GET", path, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert asking("GET", path, headers={"If-None-Match": '"other"'}).json() == first.json()


def test_no_update_is_lost(program: Make) -> None:
    """Two read, both change: the second is told, and nothing of its change is there; it reads again and goes on."""
    asking = program()
    seen = asking("GET", "/people/home-zoe").headers["etag"]
    one = asking("PATCH", "/people/home-zoe", json={"city": "Laval"}, headers={"If-Match": seen})
    assert one.status_code == 200
    two = asking("PATCH", "/people/home-zoe", json={"city": "Alma"}, headers={"If-Match": seen})
    assert (two.status_code, two.json()["code"]) == (412, "precondition_failed")
    now = asking("GET", "/people/home-zoe")
    assert now.json()["city"] == "Laval"
    assert now.headers["etag"] == one.headers["etag"] != seen
    weak = asking("PATCH", "/people/home-zoe", json={"city": "Alma"}, headers={"If-Match": f"W/{one.headers['etag']}"})
    assert weak.status_code == 412
    named = asking("PATCH", "/people/home-zoe", json={"city": "Alma"}, headers={"If-Match": one.headers["etag"]})
    assert named.json()["city"] == "Alma"
    assert asking("PATCH", "/people/home-zoe", json={}, headers={"If-Match": "*"}).status_code == 200


def test_a_use_of_a_pass_changes_its_etag(program: Make) -> None:
    """What is shown counts, not which row it is kept in."""
    asking = program()
    seen = asking("GET", "/multipasses/home-pass").headers["etag"]
    asking("PATCH", "/multipasses/home-pass", json={"used": 4})
    assert asking("GET", "/multipasses/home-pass").headers["etag"] != seen


@pytest.mark.parametrize("kind", ["people", "accounts", "registrations"])
def test_a_key_of_another_system_is_put_conditionally(program: Make, kind: str) -> None:
    """What nobody has is no match for any ETag; what somebody has is, while it is as it was seen."""
    asking = program()
    bodies = {"people": {"first_name": "Mo"}, "registrations": {"activity": "LANE", "person_id": "home-zoe"}}
    path, body = f"/{kind}/by-external-id/K-9", bodies.get(kind, {"name": "Mo Inc."})
    assert asking("PUT", path, json=body, headers={"If-Match": "*"}).status_code == 412
    made = asking("PUT", path, json=body)
    assert made.status_code == 201
    same = asking("PUT", path, json=body, headers={"If-Match": made.headers["etag"]})
    assert (same.status_code, same.headers["etag"]) == (200, made.headers["etag"])
    assert asking("PUT", path, json=body, headers={"If-Match": '"seen"'}).status_code == 412


def test_a_key_of_somebody_merged_away_is_the_kept_one(program: Make, app: FastAPI) -> None:
    """The condition is about the row that the upsert would change."""
    asking = program()
    asking("PATCH", "/people/home-emile", json={"external_id": "OLD"})
    with app.state.database.write() as session:
        merge_people(session, "home", kept_id="home-zoe", gone_id="home-emile", now=datetime.now(UTC))
    kept = asking("GET", "/people/home-zoe").headers["etag"]
    assert asking("GET", "/people/home-emile").json()["merged_into"] == "home-zoe"
    changed = asking("PUT", "/people/by-external-id/OLD", json={"city": "Alma"}, headers={"If-Match": kept})
    assert (changed.status_code, changed.json()["id"]) == (200, "home-zoe")


def test_an_end_is_conditional_too(program: Make) -> None:
    """A registration that changed meanwhile is not cancelled unseen."""
    asking = program()
    made = asking("POST", "/registrations", json={"activity": "LANE", "person_id": "home-zoe"})
    path = f"/registrations/{made.json()['id']}"
    assert asking("DELETE", path, headers={"If-Match": '"seen"'}).status_code == 412
    assert asking("DELETE", path, headers={"If-Match": made.headers["etag"]}).json()["status"] == "cancelled"


def since(at: datetime) -> str:
    """A query for what changed since."""
    return f"changed_since={quote(at.isoformat())}"


def test_what_changed_since_is_what_was_told(program: Make, app: FastAPI) -> None:
    """Rows whose changes the audit log tells of: their own, and those of what belongs to them."""
    asking = program()
    with app.state.database.write() as session:
        session.execute(update(AuditEntry).values(at=datetime(2020, 1, 1, tzinfo=UTC)))
    began = datetime.now(UTC)
    assert asking("GET", f"/people?{since(began)}").json()["items"] == []
    asking("PATCH", "/people/home-zoe", json={"city": "Alma"})
    asking("PATCH", "/memberships/home-membership", json={"pauses": [{"first_on": "2026-02-01"}]})
    made = asking("POST", "/accounts", json={"name": "New"}).json()["id"]
    found = {
        kind: [each["id"] for each in asking("GET", f"/{kind}?{since(began)}").json()["items"]]
        for kind in ("people", "memberships", "accounts", "multipasses")
    }
    assert found == {"people": ["home-zoe"], "memberships": ["home-membership"], "accounts": [made], "multipasses": []}
    later = datetime.now(UTC) + timedelta(minutes=2)
    assert asking("GET", f"/people?{since(later)}").json()["items"] == []
    assert program(Scope.PEOPLE_READ, organization="elsewhere")("GET", f"/people?{since(began)}").json()["items"] == []


def test_beyond_what_the_audit_log_keeps_nothing_is_left_out(program: Make, app: FastAPI) -> None:
    """Who asks for longer than the log goes back gets everything."""
    asking = program()
    everyone = [each["id"] for each in asking("GET", "/people").json()["items"]]
    with app.state.database.write() as session:
        last = session.get_one(AuditHead, "home").seq
        gone = audit_log.trim_chunk(session, "home", before=datetime.now(UTC) + timedelta(days=1), through_seq=last)
        assert gone
    asking("PATCH", "/people/home-zoe", json={"city": "Alma"})
    for at in (datetime.now(UTC) - timedelta(days=9), datetime(1, 1, 1, tzinfo=UTC)):
        assert [each["id"] for each in asking("GET", f"/people?{since(at)}").json()["items"]] == everyone


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+10:00", "9999-12-31T23:59:00-10:00", "2026-01-01T00:00:00"])
@pytest.mark.parametrize("query", ["people?changed_since=", "check-ins?since="])
def test_an_instant_that_is_none_is_said(program: Make, query: str, moment: str) -> None:
    """Outside of the calendar in UTC, or without an offset."""
    assert program()("GET", f"/{query}{quote(moment)}").status_code == 422


def test_both_engines_hold_and_find_the_same(database: Database, tmp_path: Path) -> None:
    """Rows are held one after the other, people behind their accounts, and found by what the audit log tells."""
    some.fill(database, PictureStore(tmp_path / "pictures"))
    with database.write() as session:
        session.execute(update(AuditEntry).values(at=datetime(2020, 1, 1, tzinfo=UTC)))
    began = datetime.now(UTC)
    with database.write() as session:
        person = repository.held(session, Person, "home", "home-zoe")
        assert person is not None
        person.city = "Alma"
        for model, id_ in ((Account, "home-account"), (Multipass, "home-pass"), (Membership, "home-membership")):
            assert repository.held(session, model, "home", id_) is not None
            assert repository.held(session, model, "elsewhere", id_) is None
        assert repository.held(session, Person, "elsewhere", "home-zoe") is None
    with database.read() as session:
        found = repository.page(session, Person, "home", equal={}, after=None, limit=9, changed_since=began)
        assert [each.id for each in found] == ["home-zoe"]
        assert repository.uses_counted(session, ["home-pass"]) == {"home-pass": 2}
