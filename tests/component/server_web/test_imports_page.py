"""Imports and Integrations in the back office: what they refuse, what they show once, whose they are."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import select

from server.db import Database
from server.imports.records import KINDS
from server.models import ApiToken, ImportJob, Webhook
from tests.component.server_web.browser import Browser

FILE = "Member #,Prénom\n000123,Zoé\n".encode()


def token_of(browser: Browser) -> str:
    """The token that every form carries."""
    found = re.search(r'name="csrftoken" value="([^"]+)"', browser.get("/admin/imports").text)
    assert found is not None
    return found[1]


def send(browser: Browser, content: bytes = FILE, kind: str = "people") -> httpx.Response:
    """Sends a file as the page's script does."""
    headers = {
        "X-CSRFToken": token_of(browser),
        "Content-Type": "application/octet-stream",
        "X-File-Name": "%C3%A9.csv",
    }
    return browser.send("POST", f"/admin/imports/upload?kind={kind}", headers=headers, content=content)


def test_a_file_is_sent_and_its_columns_are_guessed(admin: Browser) -> None:
    """As the bare body, with its name beside it."""
    page = admin.get(send(admin).json()["location"])
    assert "é.csv" in page.text
    assert re.search(r'<option value="member_id" selected>', page.text)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_without_scripts_a_plain_form_does(admin: Browser, database: Database) -> None:
    """The frame's form check leaves its copy of the file to the garbage collector, which says so: not our file."""
    files = {"file": ("people.csv", FILE, "text/csv")}
    fields = {"csrftoken": token_of(admin), "kind": "people"}
    answer = admin.send("POST", "/admin/imports/upload", data=fields, files=files)
    assert answer.status_code == 303
    with database.read() as session:
        assert session.scalars(select(ImportJob.file_name)).one() == "people.csv"
    gc.collect()


def test_a_check_is_asked_for_and_waits_for_the_server(admin: Browser, database: Database) -> None:
    """The page says so; a start before it is refused in words."""
    path = send(admin).json()["location"]
    assert admin.post(f"{path}/start").status_code == 303
    assert "not possible at this point" in admin.get(path).text
    admin.post(f"{path}/check", column=["member_id", "first_name"])
    assert "Checking, nothing is changed" in admin.get(f"{path}/progress").text
    admin.post(f"{path}/cancel")
    with database.read() as session:
        assert session.scalars(select(ImportJob.state)).one() == "cancelled"


def test_what_is_no_file_is_said(admin: Browser) -> None:
    """A workbook; nothing at all."""
    answer = send(admin, b"PK\x03\x04 workbook")
    assert (answer.status_code, "no CSV file" in answer.json()["error"]) == (422, True)
    assert admin.post("/admin/imports/upload", kind="people").status_code == 303
    assert send(admin, kind="x").status_code == 404


@pytest.mark.parametrize("kind", KINDS)
def test_there_is_a_file_to_start_from(admin: Browser, kind: str) -> None:
    """With headers and two rows, leading zeros in it."""
    answer = admin.get(f"/admin/imports/template?kind={kind}")
    assert answer.headers["content-type"].startswith("text/csv")
    assert len(answer.text.splitlines()) == 3


def test_only_who_may_import_and_integrate(log_in: Callable[[str], Browser], admin: Browser) -> None:
    """By permission; another organization's imports, tokens and webhooks are not there."""
    location = send(admin).json()["location"]
    other = log_in("other")
    assert other.get(location).status_code == 404
    assert other.get(f"{location}/problems").status_code == 404
    assert other.post(f"{location}/cancel").status_code == 404
    for who in ("desk", "viewer"):
        for path in ("/admin/imports", location, "/admin/integrations"):
            assert log_in(who).get(path).status_code == 403


def test_a_token_is_shown_once_and_ends_when_revoked(
    admin: Browser, log_in: Callable[[str], Browser], database: Database
) -> None:
    """It is on no other page, and in no row."""
    shown = admin.post("/admin/integrations/tokens", name="Accounting", scope=["people:read"], days="30")
    token = re.search(r"gh_[A-Za-z0-9_-]{43}", shown.text)
    assert token is not None
    assert token[0] not in admin.get("/admin/integrations").text
    with database.read() as session:
        row = session.scalars(select(ApiToken)).one()
        assert (row.scopes, row.organization_id) == (["people:read"], "home")
        assert token[0] not in str(vars(row))
    assert log_in("other").post(f"/admin/integrations/tokens/{row.id}/revoke").status_code == 404
    admin.post(f"/admin/integrations/tokens/{row.id}/revoke")
    with database.read() as session:
        assert session.scalars(select(ApiToken.revoked_at)).one() is not None


def test_a_token_needs_a_name_and_a_scope(admin: Browser, database: Database) -> None:
    """Nothing is made otherwise."""
    admin.post("/admin/integrations/tokens", name="", scope=["people:read"])
    assert "Say which program" in admin.get("/admin/integrations").text
    admin.post("/admin/integrations/tokens", name="x", scope=["everything"])
    assert "at least one scope" in admin.get("/admin/integrations").text
    with database.read() as session:
        assert session.scalars(select(ApiToken)).all() == []


def test_a_webhook_goes_to_public_addresses(admin: Browser, database: Database) -> None:
    """Its secret is shown once; an address inside is refused in words."""
    shown = admin.post("/admin/integrations/webhooks", url="https://example.org/hook", kind=["denied"])
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", shown.text)
    assert secret is not None
    assert secret[0] not in admin.get("/admin/integrations").text
    admin.post("/admin/integrations/webhooks", url="https://10.0.0.1/hook")
    assert "private network" in admin.get("/admin/integrations").text
    with database.read() as session:
        webhook = session.scalars(select(Webhook)).one()
        assert webhook.kinds == ["denied"]
    assert admin.get(f"/admin/integrations/webhooks/{webhook.id}").status_code == 200
    admin.post(f"/admin/integrations/webhooks/{webhook.id}/active", active="0")
    admin.post(f"/admin/integrations/webhooks/{webhook.id}/delete")
    with database.read() as session:
        assert session.scalars(select(Webhook)).all() == []
