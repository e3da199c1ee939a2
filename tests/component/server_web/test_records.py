"""Lists and forms: what is written reaches the database and the feed, and what may not be written is refused."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from access.domain.people import Language
from server.db import Database
from server.models import (
    AccessPoint,
    Account,
    Alarm,
    Credential,
    EnrolmentCode,
    Membership,
    Multipass,
    MultipassType,
    Organization,
    Person,
    QuarantinedMessage,
    Staff,
    StaffSession,
    utc_now,
)
from server.staff.service import start_session
from tests.component.server_web.browser import Browser
from tests.component.server_web.sample import PASSWORD, event


def test_archiving_takes_an_access_point_off_the_lists(admin: Browser, database: Database) -> None:
    """Its history stays."""
    answer = admin.post("/admin/_api/access-point/row-action?name=archive&pk=home-gym")
    assert answer.status_code in (200, 204, 303), answer.text
    assert "home-gym" not in admin.get("/admin/access-point/list").text
    with database.read() as session:
        assert session.get_one(AccessPoint, "home-gym").archived_at is not None


def test_an_access_point_has_one_way_to_its_page(admin: Browser) -> None:
    """Looking at it and changing it are the same page."""
    page = admin.get("/admin/access-point/list").text
    actions = re.search(r'data-sa-pk="home-pool".*?class="row-actions">(.*?)</td>', page, re.DOTALL)
    assert actions is not None
    assert re.findall(r"access-point/(\w+)\?pk=home-pool", actions[1]) == ["edit"]


def test_the_list_of_cards_shows_no_code_and_leads_to_the_account(admin: Browser, database: Database) -> None:
    """A card is issued and cancelled there, by who may."""
    with database.read() as session:
        card = session.scalars(select(Credential).where(Credential.person_id == "home-emile")).one()
    for path in ("/admin/card/list", f"/admin/card/detail?pk={card.id}"):
        page = admin.get(path)
        assert page.status_code == 200
        assert card.value not in page.text
    assert "/admin/accounts/home-account/cards" in admin.get("/admin/card/list").text
    admin.post(f"/admin/_api/card/row-action?name=revoke&pk={card.id}")
    with database.read() as session:
        assert session.get_one(Credential, card.id).revoked_at is None


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
    with database.write() as session:
        start_session(session, staff.id, now=utc_now())
    assert admin.post(f"/admin/staff/edit?pk={staff.id}", **{**given, "is_active": []}).status_code == 303
    with database.read() as session:
        assert session.get_one(Staff, staff.id).is_active is False
    changed = {**given, "password": "another long password"}
    assert admin.post(f"/admin/staff/edit?pk={staff.id}", **changed).status_code == 303
    with database.read() as session:
        assert session.get_one(Staff, staff.id).password_hash != staff.password_hash
        assert session.scalars(select(StaffSession).where(StaffSession.staff_id == staff.id)).all() == []
    keep = {"name": "Me", "email": "admin@example.org", "role": "viewer", "language": "en", "is_active": "on"}
    assert admin.post(f"/admin/staff/edit?pk={own.id}", **keep).status_code == 422
    assert admin.post(f"/admin/staff/edit?pk={own.id}", **{**keep, "role": "admin"}).status_code == 303


@pytest.mark.parametrize(
    "path",
    [
        "/admin/account/create",
        "/admin/account/edit?pk=home-account",
        "/admin/person/create",
        "/admin/person/edit?pk=home-zoe",
        "/admin/membership/create",
        "/admin/membership/edit?pk=home-membership",
        "/admin/multipass/create",
        "/admin/card/create",
        "/admin/card/edit?pk=nothing",
    ],
)
def test_what_has_a_page_of_its_own_is_changed_there_only(admin: Browser, database: Database, path: str) -> None:
    """A balance by its entries, a person with the account's rules, a pass by selling it."""
    before = _held(database)
    given = {"balance_cents": "0", "first_name": "Zoë", "account": "home-other", "name": "x", "type": "home-mt"}
    assert admin.get(path).status_code == 403
    assert admin.post(path, **given).status_code == 403
    assert _held(database) == before


def _held(database: Database) -> list[Any]:
    with database.read() as session:
        tables = [each.__table__ for each in (Account, Person, Membership, Multipass)]
        return [session.execute(select(table).order_by(table.c.id)).all() for table in tables]


def test_lists_lead_to_the_accounts_own_pages(log_in: Callable[[str], Browser]) -> None:
    """A membership to its form, for who may change it."""
    form = "/admin/accounts/home-account/sell/membership/home-membership"
    assert form in log_in("desk").get("/admin/membership/list").text
    assert form not in log_in("viewer").get("/admin/membership/list").text
    assert "/admin/accounts/home-account" in log_in("viewer").get("/admin/account/list").text


def test_a_multipass_is_corrected_within_its_account(admin: Browser, database: Database) -> None:
    """Its account and type stay what was sold; its person is one of the account's."""
    with database.write() as session:
        session.add(Account(id="home-other", organization_id="home"))
        session.flush()
        session.add(Person(id="home-max", organization_id="home", account_id="home-other", first_name="Max"))
    form = {"purchased_on": "2020-01-01", "effective": "on_purchase", "total": "7"}
    path = "/admin/multipass/edit?pk=home-pass"
    assert admin.post(path, **form, person="home-max").status_code == 422
    assert admin.post(path, **{**form, "effective": "on_date"}).status_code == 422
    assert admin.post(path, **form, person="home-zoe", account="home-other", type="nothing").status_code == 303
    with database.read() as session:
        sold = session.get_one(Multipass, "home-pass")
        assert (sold.account_id, sold.type_id, sold.person_id, sold.total) == ("home-account", "home-pt", "home-zoe", 7)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_price_is_in_the_organizations_currency(admin: Browser, database: Database, language: str) -> None:
    """Typed as people do, shown with its sign, kept in hundredths; what is no amount is refused."""
    with database.write() as session:
        session.get_one(Organization, "home").currency = "EUR"
        session.scalars(select(Staff).where(Staff.email == "admin@example.org")).one().language = Language(language)
    path = "/admin/multipass-type/edit?pk=home-pt"
    form = {"name_en": "Swim pass", "name_fr": "", "total": "5", "effective": "on_purchase"}
    assert admin.post(path, **form, price_cents="a lot").status_code == 422
    assert admin.post(path, **form, price_cents="45,50").status_code == 303
    with database.read() as session:
        assert session.get_one(MultipassType, "home-pt").price_cents == 4550
    assert ("45,50\xa0€" if language == "fr" else "€45.50") in admin.get("/admin/multipass-type/list").text
    assert ('value="45,50"' if language == "fr" else 'value="45.50"') in admin.get(path).text
    assert admin.post(path, **form, price_cents="").status_code == 303
    with database.read() as session:
        assert session.get_one(MultipassType, "home-pt").price_cents is None


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
    assert "Not to be understood" in admin.get("/admin/quarantine/list").text
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


@pytest.mark.parametrize("key", ["membership-type", "multipass-type", "facility"])
def test_a_name_in_one_language_is_enough_and_the_form_says_what_is_not(admin: Browser, key: str) -> None:
    """The other language stands in for it; no English name, one too long and a missing choice are said beside their
    fields, never as an error of the database."""
    given = {"site": "home-site"} if key == "facility" else {"effective": "on_purchase"}
    path = f"/admin/{key}/create"
    assert admin.post(path, **given, name_en=" Sauna ").status_code == 303
    assert "Sauna" in admin.get(f"/admin/{key}/list").text
    for wrong in ({}, {"name_en": "  ", "name_fr": "Sauna"}):
        answer = admin.post(path, **given, **wrong)
        assert (answer.status_code, "This field is required" in answer.text) == (422, True)
    answer = admin.post(path, **given, name_en="x" * 201)
    assert (answer.status_code, "at most 200 characters" in answer.text) == (422, True)
    if key == "multipass-type":
        assert admin.post(path, name_en="Ten swims").status_code == 422


@pytest.mark.parametrize(
    "key",
    [
        "access-point",
        "account",
        "alarm",
        "card",
        "facility",
        "membership",
        "membership-type",
        "multipass",
        "multipass-type",
        "person",
        "quarantine",
        "site",
        "staff",
    ],
)
def test_every_order_that_a_list_offers_is_an_order(admin: Browser, key: str) -> None:
    """By one column and by one more after it: whatever a heading leads to is the list, in an order that it offers."""
    first = admin.get(f"/admin/{key}/list").text
    offered = {unescape(each) for each in re.findall(r'href="([^"]*[?&;]sort=[^"]*)"', first)}
    for each in sorted(offered):
        assert admin.get(each.removeprefix("http://testserver.local")).status_code == 200, each


def test_the_pages_of_a_list_are_named_in_french(admin: Browser) -> None:
    """Nothing that only a screen reader says stays English."""
    admin.post("/admin/preferences", language="fr", next="/admin/")
    page = admin.get("/admin/person/list").text
    assert 'aria-label="Page suivante"' in page
    assert 'aria-label="Page précédente"' in page


def test_a_page_far_beyond_the_last_is_no_fault(admin: Browser) -> None:
    """Whatever number an address has."""
    assert admin.get(f"/admin/person/list?page={10**30}").status_code == 200
