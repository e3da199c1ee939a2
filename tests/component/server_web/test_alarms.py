"""Alarms and the quarantine are read by people: what each is about has a name, and leads to where that is shown."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from httpx import Response

from access.domain.people import Language
from server.db import Database
from server.models import AccessPoint, Alarm, Device, QuarantinedMessage, Staff, Webhook
from tests.component.server_web.browser import Browser
from tests.component.server_web.sample import event
from tests.statements import heard

ABOUT = {
    "card_cloned": ("home-zoe", "Zoé Tremblay", "/admin/accounts/home-account/activity?flag=clone&person=home-zoe"),
    "pass_overdrawn": ("home-pass", "Swim pass", "/admin/accounts/home-account/activity?flag=overdrawn&pass=home-pass"),
    "guessing_at_door": ("home-pool", "Pool", "/admin/access-point/detail?pk=home-pool"),
    "message_quarantined": ("home-door", "Door", "/admin/quarantine/list"),
    "internal_error": ("home-door", "Door", "/admin/devices/home-door"),
    "enrolment_guessing": ("203.0.113.9", "203.0.113.9", "/admin/devices"),
    "webhook_given_up": ("home-hook", "https://hooks.example/in", "/admin/integrations/webhooks/home-hook"),
    "mail_given_up": ("gone-mail", "It is no longer there", "/admin/mail"),
    "backup_restored": ("home", "Home", "/admin/devices"),
    "card_not_assigned": ("elsewhere-zoe", "It is no longer there", "/admin/alarm/list"),
}
"""By kind: the subject, how it is called, and where it leads. Another organization's row is not there."""


@pytest.fixture
def _alarms(database: Database) -> None:
    with database.write() as session:
        session.add(Webhook(id="home-hook", organization_id="home", url="https://hooks.example/in", secret=b"x"))
        for kind, (subject, _, _) in ABOUT.items():
            session.add(Alarm(id=f"alarm-{kind}", organization_id="home", kind=kind, subject=subject))
        scan = event(session)
        session.add(Alarm(id="alarm-scan", organization_id="home", kind="chain_broken", subject=scan.id))


def _cells(page: str) -> dict[str, list[str]]:
    """The texts of a list's cells, by the id of their row."""
    rows = re.findall(r'<tr data-sa-pk="([^"]+)".*?</tr>', page, re.DOTALL)
    bodies = re.findall(r"<tr data-sa-pk=.*?</tr>", page, re.DOTALL)
    return {
        pk: [
            html.unescape(re.sub(r"<[^>]*>", "", cell)).strip() for cell in re.findall(r"<td.*?</td>", body, re.DOTALL)
        ]
        for pk, body in zip(rows, bodies, strict=True)
    }


@pytest.mark.usefixtures("_alarms")
@pytest.mark.parametrize("kind", ABOUT)
def test_an_alarm_names_what_it_is_about_and_leads_there(admin: Browser, kind: str) -> None:
    """No id and no word of the program in the list."""
    subject, name, to = ABOUT[kind]
    cells = _cells(admin.get("/admin/alarm/list").text)[f"alarm-{kind}"]
    assert any(name in each for each in cells), cells
    assert kind.replace("_", " ") not in cells
    assert subject == name or subject not in cells
    assert admin.get(f"/admin/alarms/alarm-{kind}").headers["location"].endswith(to)


@pytest.mark.usefixtures("_alarms")
def test_an_alarm_about_a_scan_says_who_where_and_when(admin: Browser) -> None:
    """And leads to the scan."""
    cells = _cells(admin.get("/admin/alarm/list").text)["alarm-scan"]
    assert any(each.startswith("Zoé Tremblay · ") and ":" in each for each in cells), cells
    assert "/admin/events/" in admin.get("/admin/alarms/alarm-scan").headers["location"]


def _statements(database: Database, ask: Callable[[], object]) -> list[str]:
    """What is asked of the database meanwhile."""
    with heard(database.read_engine, database.write_engine) as statements:
        ask()
    return [statement for statement, _ in statements]


@pytest.mark.usefixtures("_alarms")
def test_many_alarms_take_as_many_queries_as_few(admin: Browser, database: Database) -> None:
    """One of each kind, and a page full of others of the same kinds, each about something else; its file too."""

    ask: dict[str, Callable[[], Response]] = {
        "alarms": lambda: admin.get("/admin/alarm/list?page_size=100"),
        "quarantine": lambda: admin.get("/admin/quarantine/list"),
        "file": lambda: admin.post(
            "/admin/_api/alarm/action?name=export&all=1", scope="selection", format="csv", filename="alarms"
        ),
    }

    def told() -> dict[str, int]:
        return {name: len(_statements(database, each)) for name, each in ask.items()}

    with database.write() as session:
        session.add(_message(99, "home-door", "malformed"))
    few = told()
    with database.write() as session:
        for number in range(8):
            named = {"organization_id": "home", "site_id": "home-site"}
            session.add(AccessPoint(id=f"point-{number}", name_en=f"Point {number}", settings={}, **named))
            session.add(Device(id=f"device-{number}", name=f"Device {number}", secret_hash="0" * 64, **named))
            session.flush()
            scan = event(session, access_point_id=f"point-{number}")
            for subject in (f"point-{number}", f"device-{number}", scan.id):
                session.add(Alarm(organization_id="home", kind="internal_error", subject=subject))
            session.add(_message(number, f"device-{number}", "malformed"))
    pages = {name: each().text for name, each in ask.items()}
    for number in range(8):
        assert all(f"Device {number}" in page for page in pages.values())
        assert all(f"Point {number}" in pages[name] for name in ("alarms", "file"))
    assert told() == few


def _message(number: int, device: str, reason: str) -> QuarantinedMessage:
    return QuarantinedMessage(
        id=f"message-{number}",
        organization_id="home",
        site_id="home-site",
        device_id=device,
        reason=reason,
        payload=b"x",
        payload_size=1,
        payload_hash=f"{number:064}",
    )


def test_the_quarantine_says_why_and_names_the_door(admin: Browser, database: Database) -> None:
    """In the reader's language; a door that is nobody's here has no name."""
    with database.write() as session:
        for number, (device, reason) in enumerate((("home-door", "malformed"), ("elsewhere-door", "unknown_device"))):
            session.add(_message(number, device, reason))
        session.query(Staff).filter_by(email="admin@example.org").one().language = Language.FR
    cells = _cells(admin.get("/admin/quarantine/list").text)
    assert {"Incompréhensible", "Door"} <= set(cells["message-0"])
    assert {"La porte n’est pas connue ici", "Inconnu"} <= set(cells["message-1"])
