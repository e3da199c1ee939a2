"""The second factor, one's own account, and several organizations behind one e-mail address."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import select

from server.db import Database
from server.models import AuditEntry, Organization, Role, Staff, StaffSession, utc_now
from server.staff import second_factor
from server.staff.errors import WrongCode
from server.staff.service import create_staff, set_password
from tests.component.server_web.browser import Browser
from tests.component.server_web.sample import PASSWORD

KEY = "ab" * 32


def code_of(secret: str, *, steps: int = 0) -> str:
    """What an app with this typed secret shows now, or some steps later."""
    key = base64.b32decode(secret.replace(" ", ""))
    return TOTP(key, 6, SHA1(), 30).generate(int(utc_now().timestamp()) + 30 * steps).decode()


def shown_secret(page: str) -> str:
    """The secret as a page shows it."""
    found = re.search(r"<code[^>]*>([A-Z2-7 ]{32,})</code>", page)
    assert found is not None
    return found[1]


def enrolled(browser: Browser) -> tuple[str, list[str]]:
    """Turns the second factor on; the secret and the recovery codes."""
    secret = shown_secret(browser.get("/admin/profile/second-factor").text)
    page = browser.post("/admin/profile/second-factor", code=code_of(secret))
    assert page.status_code == 200, page.text
    return secret, re.findall(r"<code>([0-9A-Z]{5}-[0-9A-Z]{5})</code>", page.text)


def password_given(browser: Browser) -> None:
    """The first half of a login."""
    answer = browser.post("/admin/login", email="admin@example.org", password=PASSWORD)
    assert answer.status_code == 303


def test_a_password_alone_opens_nothing(admin: Browser, anonymous: Browser) -> None:
    """Every page leads to the code, and only the right one ends the login."""
    secret, codes = enrolled(admin)
    assert len(codes) == 10
    password_given(anonymous)
    assert "/admin/login/code" in anonymous.get("/admin/accounts").headers["location"]
    assert anonymous.get("/admin/live", accept="text/event-stream").status_code == 401
    assert anonymous.send("POST", "/admin/profile", data={"csrftoken": "x"}).status_code == 403
    assert anonymous.post("/admin/login/code", code="000000").status_code == 401
    assert anonymous.post("/admin/login/code?next=/admin/accounts", code=code_of(secret, steps=1)).status_code == 303
    assert anonymous.get("/admin/audit").status_code == 200


def test_a_code_works_once(admin: Browser, anonymous: Browser) -> None:
    """By time, and from the paper."""
    secret, codes = enrolled(admin)
    used = code_of(secret, steps=1)
    for code in (used, codes[0].lower()):
        password_given(anonymous)
        assert anonymous.post("/admin/login/code", code=code).status_code == 303
        anonymous.post("/admin/logout")
        password_given(anonymous)
        assert anonymous.post("/admin/login/code", code=code).status_code == 401
        anonymous.post("/admin/logout")


def test_guessing_codes_slows_down(admin: Browser, anonymous: Browser) -> None:
    """Like guessing passwords."""
    enrolled(admin)
    password_given(anonymous)
    said = [anonymous.post("/admin/login/code", code="000000").status_code for _ in range(8)]
    assert said[:3] == [401] * 3
    assert 429 in said


def test_drift_of_one_step_and_no_more() -> None:
    """RFC 6238, section 5.2; what was used is not accepted again, whatever the clock says."""
    staff, now = Staff(id="s", email="a@example.org", totp_step=0, recovery_hashes=[]), utc_now()
    second_factor.begin(staff, KEY)
    totp = TOTP(base64.b32decode(second_factor.secret_text(staff, KEY).replace(" ", "")), 6, SHA1(), 30)

    def at(steps: int) -> str:
        return totp.generate(int(now.timestamp()) + 30 * steps).decode()

    for far in (-2, 2):
        with pytest.raises(WrongCode):
            second_factor.confirm(staff, KEY, at(far), now=now)
    second_factor.confirm(staff, KEY, at(-1), now=now)
    second_factor.accept(staff, KEY, at(1), now=now)
    with pytest.raises(WrongCode):
        second_factor.accept(staff, KEY, at(0), now=now)
    with pytest.raises(WrongCode):
        second_factor.accept(staff, "cd" * 32, at(2), now=now + timedelta(seconds=60))


def test_no_secret_in_the_database_or_the_log(admin: Browser, database: Database) -> None:
    """Encrypted, hashed, and in the audit log only said to have changed."""
    secret, codes = enrolled(admin)
    raw = base64.b32decode(secret.replace(" ", ""))
    with database.read() as session:
        staff = session.scalars(select(Staff).where(Staff.email == "admin@example.org")).one()
        told = session.scalars(select(AuditEntry).where(AuditEntry.entity_id == staff.id)).all()
    assert staff.totp_secret is not None
    assert raw not in staff.totp_secret
    assert not {each.replace("-", "") for each in codes} & set(staff.recovery_hashes)
    assert told[-1].changes["recovery_hashes"] == "changed"
    assert (told[-1].actor_kind, told[-1].actor_id) == ("staff", staff.id)


def test_where_it_is_required_an_admin_first_sets_one_up(
    log_in: Callable[[str], Browser], admin: Browser, database: Database
) -> None:
    """At once, on live sessions; those who only look are not asked."""
    admin.post("/admin/second-factor", required="yes")
    viewer = log_in("viewer")
    assert viewer.get("/admin/accounts").status_code == 200
    assert "/admin/login/second-factor" in admin.get("/admin/accounts").headers["location"]
    secret = shown_secret(admin.get("/admin/login/second-factor").text)
    page = admin.post("/admin/login/second-factor", code=code_of(secret))
    assert page.status_code == 200
    assert len(re.findall(r"<code>[0-9A-Z]{5}-", page.text)) == 10
    assert admin.get("/admin/audit").status_code == 200


def test_an_admin_resets_a_lost_one(log_in: Callable[[str], Browser], admin: Browser, database: Database) -> None:
    """Their sessions end; it is in the log with who did it."""
    desk = log_in("desk")
    enrolled(desk)
    with database.read() as session:
        staff = session.scalars(select(Staff).where(Staff.email == "desk@example.org")).one()
    assert admin.post(f"/admin/second-factor/{staff.id}/reset").status_code == 303
    assert desk.get("/admin/profile").status_code == 303
    with database.read() as session:
        again = session.get_one(Staff, staff.id)
    assert (again.totp_secret, again.totp_confirmed_at) == (None, None)


def test_one_address_in_several_organizations(anonymous: Browser, database: Database) -> None:
    """Which one is asked after the right password only, and nobody's choice is forged."""
    with database.write() as session:
        create_staff(
            session, organization_id="elsewhere", email="admin@example.org", name="A", password=PASSWORD, role="viewer"
        )
    assert anonymous.post("/admin/login", email="admin@example.org", password="wrong").status_code == 401
    page = anonymous.post("/admin/login", email="admin@example.org", password=PASSWORD)
    assert page.status_code == 200
    passed = re.search(r'name="passed" value="([^"]+)"', page.text)
    choices = dict(re.findall(r'value="([^"]+)"><bdi>([^<]+)</bdi>', page.text))
    assert passed is not None
    assert sorted(choices.values()) == ["Elsewhere Pool", "Home Pool"]
    with database.read() as session:
        other = session.scalars(select(Staff.id).where(Staff.email == "other@example.org")).one()
    assert "login" in anonymous.post("/admin/login/which", staff=other, passed=passed[1]).headers["location"]
    assert "login" in anonymous.post("/admin/login/which", staff=next(iter(choices)), passed="x").headers["location"]
    chosen = next(staff_id for staff_id, name in choices.items() if name == "Elsewhere Pool")
    assert anonymous.post("/admin/login/which", staff=chosen, passed=passed[1]).headers["location"] == "/admin/"
    assert "Elsewhere Pool" in anonymous.get("/admin/profile").text


def test_a_password_is_changed_against_the_old_one(log_in: Callable[[str], Browser], database: Database) -> None:
    """Every other session ends, this one stays."""
    here, there = log_in("admin"), log_in("admin")
    here.post("/admin/profile/password", old="wrong", new="a new long password")
    assert there.get("/admin/profile").status_code == 200
    here.post("/admin/profile/password", old=PASSWORD, new="a new long password")
    assert (here.get("/admin/profile").status_code, there.get("/admin/profile").status_code) == (200, 303)
    with database.read() as session:
        assert len(session.scalars(select(StaffSession)).all()) == 1


def test_nobody_gives_what_they_do_not_have(
    log_in: Callable[[str], Browser], admin: Browser, database: Database
) -> None:
    """Nor takes over an account that may do more, nor leaves nobody who may change staff."""
    admin.post("/admin/roles/new", name="Personnel", permission=["staff"])
    with database.write() as session:
        role = session.scalars(select(Role)).one()
        desk = session.scalars(select(Staff).where(Staff.email == "desk@example.org")).one()
        boss = session.scalars(select(Staff).where(Staff.email == "admin@example.org")).one()
        desk.role_id = role.id
    clerk = log_in("desk")
    assert clerk.post("/admin/roles/new", name="More", permission=["staff", "audit"]).status_code == 422
    given = {"name": "X", "language": "en", "is_active": "on", "role": "admin"}
    assert clerk.post(f"/admin/staff/edit?pk={desk.id}", email=desk.email, **given).status_code == 422
    taken = clerk.post(f"/admin/staff/edit?pk={boss.id}", email=boss.email, **given, password="mine now, thanks")
    assert taken.status_code == 422
    assert admin.post(f"/admin/roles/{role.id}/archive").status_code == 303
    assert clerk.get("/admin/roles").status_code == 200
    assert clerk.post(f"/admin/roles/{role.id}", name="Personnel").status_code == 422
    me = {**given, "email": boss.email, "role": "viewer"}
    assert admin.post(f"/admin/staff/edit?pk={boss.id}", **me).status_code == 422
    with database.read() as session:
        assert session.get_one(Staff, boss.id).role == "admin"
        assert session.get_one(Organization, "home").requires_second_factor is False


def test_the_log_says_who_changed_what(admin: Browser, database: Database) -> None:
    """In both languages, with the values before and after, by whom it was, and nothing of another organization."""
    admin.post("/admin/profile", name="Alexandra Admin", language="fr")
    page = admin.get("/admin/audit?entity=staff").text
    assert "Membre du personnel" in page
    assert "Alex Admin" in page
    assert "Alexandra Admin" in page
    admin.post("/admin/profile", name="Alex", language="en")
    newer = admin.get("/admin/audit?entity=staff").text
    assert "Staff member" in newer
    assert "Olga" not in newer
    assert "No change matches" in admin.get("/admin/audit?from=2001-01-01&to=2001-01-02").text
    assert "argon2" not in newer


def test_ones_own_is_changed_against_the_old_one_only(admin: Browser, database: Database) -> None:
    """The staff list, which asks for no old password and no code, is for other people's accounts."""
    enrolled(admin)
    with database.read() as session:
        own = session.scalars(select(Staff).where(Staff.email == "admin@example.org")).one()
    given = {"name": "Alex", "email": own.email, "role": "admin", "language": "en", "is_active": "on"}
    page = admin.post(f"/admin/staff/edit?pk={own.id}", **given, password="found it open, hooray")
    assert page.status_code == 422
    assert "on your profile page" in page.text
    assert admin.post(f"/admin/second-factor/{own.id}/reset").status_code == 303
    assert "on your profile page" in admin.get("/admin/second-factor").text
    with database.read() as session:
        now = session.get_one(Staff, own.id)
    assert (now.password_hash, now.totp_secret) == (own.password_hash, own.totp_secret)
    assert second_factor.is_on(now)
    assert admin.post(f"/admin/staff/edit?pk={own.id}", **given).status_code == 303


def test_a_new_password_ends_what_the_old_one_had_begun(admin: Browser, anonymous: Browser, database: Database) -> None:
    """The choice among organizations, and a second factor that was looked at and not confirmed yet."""
    with database.write() as session:
        create_staff(
            session, organization_id="elsewhere", email="admin@example.org", name="A", password=PASSWORD, role="viewer"
        )
        own = session.scalars(select(Staff).where(Staff.email == "admin@example.org", Staff.organization_id == "home"))
        staff_id = own.one().id
    page = anonymous.post("/admin/login", email="admin@example.org", password=PASSWORD).text
    passed = re.search(r'name="passed" value="([^"]+)"', page)
    assert passed is not None
    seen = shown_secret(admin.get("/admin/profile/second-factor").text)
    assert shown_secret(admin.get("/admin/profile/second-factor").text) == seen
    admin.post("/admin/profile/password", old=PASSWORD, new="a new long password")
    assert shown_secret(admin.get("/admin/profile/second-factor").text) != seen
    given = {"staff": staff_id, "passed": passed[1]}
    assert anonymous.post("/admin/login/which", **given).headers["location"].endswith("/admin/login")
    with database.write() as session:
        assert len(session.scalars(select(StaffSession).where(StaffSession.staff_id == staff_id)).all()) == 1
        staff = session.get_one(Staff, staff_id)
        second_factor.begin(staff, KEY)
        set_password(session, staff, PASSWORD)
        assert staff.totp_secret is None
