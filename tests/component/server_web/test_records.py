"""Lists and forms: what is written reaches the database and the feed, and what may not be written is refused."""

from __future__ import annotations

import csv
import io
import re
from datetime import date

import pytest
from sqlalchemy import select

from access.domain.credentials import Code, CredentialKind, fingerprint
from server.db import Database
from server.models import (
    AccessPoint,
    Alarm,
    Credential,
    EnrolmentCode,
    Membership,
    Organization,
    Person,
    QuarantinedMessage,
    Staff,
    StaffSession,
)
from tests.component.server_web.browser import Browser
from tests.component.server_web.sample import PASSWORD, event


def test_archiving_takes_an_access_point_off_the_lists(admin: Browser, database: Database) -> None:
    """Its history stays."""
    answer = admin.post("/admin/_api/access-point/row-action?name=archive&pk=home-gym")
    assert answer.status_code in (200, 204, 303), answer.text
    assert "home-gym" not in admin.get("/admin/access-point/list").text
    with database.read() as session:
        assert session.get_one(AccessPoint, "home-gym").archived_at is not None


def test_a_card_is_assigned_by_its_code_and_revoked(admin: Browser, database: Database) -> None:
    """Fingerprinted under the organization's key; the code itself is on no page."""
    made = admin.post("/admin/card/create", person="home-emile", kind="nfc", value="04:a2:24:b2:c3:52:80")
    assert made.status_code == 303, made.text
    with database.read() as session:
        organization = session.get_one(Organization, "home")
        card = session.scalars(select(Credential).where(Credential.kind == CredentialKind.NFC)).one()
    expected = fingerprint(organization.fingerprint_key, Code(CredentialKind.NFC, "04A224B2C35280"))
    assert (card.value, card.fingerprint, card.person_id) == ("04A224B2C35280", expected, "home-emile")
    for path in ("/admin/card/list", f"/admin/card/detail?pk={card.id}", "/admin/accounts/home-account/cards"):
        assert "04A224B2C35280" not in admin.get(path).text
    assert "Émile" in admin.get("/admin/accounts?q=04A224B2C35280").text
    assert admin.post(f"/admin/_api/card/row-action?name=revoke&pk={card.id}").status_code in (200, 204, 303)
    with database.read() as session:
        assert session.get_one(Credential, card.id).revoked_at is not None


@pytest.mark.parametrize(
    "wrong", [{"kind": "nfc", "value": "not a uid"}, {"value": "CARD-738"}, {"person": "elsewhere-zoe"}, {"value": ""}]
)
def test_a_card_that_cannot_be_is_refused(admin: Browser, wrong: dict[str, str]) -> None:
    """Unreadable, taken, or somebody else's."""
    given = {"person": "home-emile", "kind": "barcode", "value": "NEW-1", **wrong}
    assert admin.post("/admin/card/create", **given).status_code == 422


def test_a_staff_member_is_made_changed_and_disabled(admin: Browser, database: Database) -> None:
    """A new password ends the sessions; the form never shows a hash."""
    given = {"name": "New", "email": "New@Example.org", "role": "desk", "language": "fr", "is_active": "on"}
    assert admin.post("/admin/staff/create", **given, password="short").status_code == 422
    for pin in ("1234", "123456", "18462a"):
        assert admin.post("/admin/staff/create", **given, password=PASSWORD, pin=pin).status_code == 422
    assert admin.post("/admin/staff/create", **given, password=PASSWORD, pin="184623").status_code == 303
    assert admin.post("/admin/staff/create", **given, password=PASSWORD).status_code == 422
    with database.read() as session:
        staff = session.scalars(select(Staff).where(Staff.email == "new@example.org")).one()
        own = session.scalars(select(Staff).where(Staff.email == "admin@example.org")).one()
    assert staff.password_hash.startswith("$argon2id$")
    assert staff.pin_hash.startswith("$argon2id$")
    assert staff.organization_id == "home"
    assert "argon2" not in admin.get(f"/admin/staff/edit?pk={staff.id}").text
    assert admin.post(f"/admin/staff/edit?pk={staff.id}", **{**given, "is_active": []}).status_code == 303
    with database.read() as session:
        assert session.get_one(Staff, staff.id).is_active is False
    keep = {"name": "Me", "email": "admin@example.org", "role": "viewer", "language": "en", "is_active": "on"}
    assert admin.post(f"/admin/staff/edit?pk={own.id}", **keep).status_code == 422
    assert (
        admin.post(f"/admin/staff/edit?pk={own.id}", **{**keep, "role": "admin", "password": PASSWORD}).status_code
        == 303
    )
    with database.read() as session:
        assert session.scalars(select(StaffSession).where(StaffSession.staff_id == own.id)).all() == []


def test_a_person_is_changed_and_a_shared_member_id_refused(admin: Browser, database: Database) -> None:
    """Empty fields are unknown, not the empty text."""
    form = {"first_name": "Zoë", "last_name": "", "account": "home-account", "member_id": "", "email": "", "phone": ""}
    assert admin.post("/admin/person/edit?pk=home-zoe", **form).status_code == 303
    with database.read() as session:
        person = session.get_one(Person, "home-zoe")
        taken = session.get_one(Person, "home-emile").member_id
    assert (person.first_name, person.last_name, person.member_id, person.email) == ("Zoë", "", None, None)
    assert admin.post("/admin/person/edit?pk=home-zoe", **{**form, "member_id": taken}).status_code == 422


def test_a_membership_is_paused(admin: Browser, database: Database) -> None:
    """Pauses are lines of the membership's form."""
    pause = {"inlines.membership-pause.0.first_on": "2026-12-01", "inlines.membership-pause.0.last_on": "2026-12-31"}
    form = {"type": "home-mt", "starts_on": "2020-01-01", **pause}
    assert admin.post("/admin/membership/edit?pk=home-membership", **form).status_code == 303
    with database.read() as session:
        pauses = [(each.first_on, each.last_on) for each in session.get_one(Membership, "home-membership").pauses]
    assert pauses == [(date(2026, 12, 1), date(2026, 12, 31))]


def test_an_enrolment_code_is_shown_once_and_stored_as_a_hash(admin: Browser, database: Database) -> None:
    """The page after the form has it; no other does."""
    answer = admin.post("/admin/devices/enrol", name="Back <door>", point=["home-pool", "elsewhere-pool"])
    code = re.search(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b", answer.text)
    assert answer.status_code == 200
    assert code is not None
    assert code[0] not in admin.get("/admin/devices").text
    with database.read() as session:
        kept = session.scalars(select(EnrolmentCode)).one()
    assert code[0] not in kept.code_hash
    assert (kept.access_point_ids, kept.organization_id) == (["home-pool"], "home")
    for wrong in ({"name": "", "point": "home-pool"}, {"name": "Door"}, {"name": "Door", "point": "elsewhere-pool"}):
        assert admin.post("/admin/devices/enrol", **wrong).status_code == 303


def test_alarms_are_settled_and_quarantine_is_read(admin: Browser, database: Database) -> None:
    """By whom is kept."""
    with database.write() as session:
        session.add(Alarm(id="alarm-1", organization_id="home", kind="pass_overdrawn", subject="home-pass"))
        session.add(
            QuarantinedMessage(
                organization_id="home",
                site_id="home-site",
                device_id="home-door",
                reason="malformed",
                payload=b"\xff<script>",
                payload_size=9,
                payload_hash="0" * 64,
            )
        )
    assert "A multipass was overdrawn" in admin.get("/admin/alarm/list").text
    assert "malformed" in admin.get("/admin/quarantine/list").text
    assert admin.post("/admin/_api/alarm/row-action?name=settle&pk=alarm-1").status_code in (200, 204, 303)
    with database.read() as session:
        alarm = session.get_one(Alarm, "alarm-1")
    assert alarm.settled_at is not None
    assert alarm.settled_by is not None


def test_an_exported_list_runs_no_formula(admin: Browser) -> None:
    """The frame's own export is as harmless as ours, and Excel reads its accents."""
    answer = admin.post(
        "/admin/_api/person/action?name=export&all=1", scope="selection", format="csv", filename="people"
    )
    assert answer.status_code == 200, answer.text
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "'=cmd()" in [row["First name"] for row in rows]
    assert len(rows) == 3


def test_the_account_page_says_what_people_hold(admin: Browser, database: Database) -> None:
    """Exact status labels, what is left, an em dash for nobody's nothing, the owner and the balance."""
    with database.write() as session:
        event(session)
    page = admin.get("/admin/accounts/home-account").text
    for said in (
        "Active on recurring billing (no expiration)",
        "3/5",
        "—",
        "$42.50",
        "Family multipasses",
        "Zoé Tremblay",
    ):
        assert said in page, said
    assert page.index("=cmd()") < page.index("Émile Tremblay")


@pytest.mark.parametrize("term", ["zoe", "ÉMILE trem", "tremb emi", "7", "CARD-738", "card-738"])
def test_a_family_is_found(admin: Browser, term: str) -> None:
    """By any person's name without its accents, by member ID, by card."""
    found = admin.get(f"/admin/accounts/found?q={term}").text
    assert ("home-account" in found) == (term != "card-738")


@pytest.mark.parametrize("term", ["nobody", "%", "_", "'", "[", "(?q)", ".*", "\\"])
def test_nobody_is_found_by_what_is_nobodys_name(admin: Browser, term: str) -> None:
    """No pattern of the database's reaches it."""
    answer = (
        admin.get("/admin/accounts/found", q=term)
        if False
        else admin.send("GET", "/admin/accounts/found", params={"q": term})
    )
    assert answer.status_code == 200
    assert "home-account" not in answer.text
