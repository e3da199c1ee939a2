"""Logging in and out: sessions, delays, disabled accounts, tokens, cookies, languages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from server.db import Database
from server.models import Staff, StaffSession, utc_now
from server.staff import service
from server.staff.errors import EmailTaken, InvalidEmail, LoginDelayed, LoginRefused, UnknownRole, WeakPassword
from server.staff.throttle import LoginThrottle
from tests.component.server_web.browser import Browser
from tests.component.server_web.sample import PASSWORD


def test_a_right_password_opens_the_overview(anonymous: Browser) -> None:
    """After the login the home page says where one is."""
    answer = anonymous.post("/admin/login", email=" Admin@Example.org", password=PASSWORD)
    assert answer.status_code == 303
    cookie = next(each for each in answer.headers.get_list("set-cookie") if each.startswith("gatehouse_session="))
    assert {"HttpOnly", "SameSite=lax", "Path=/admin/"} <= set(cookie.split("; "))
    page = anonymous.get("/admin/")
    assert page.status_code == 200
    assert "Home Pool" in page.text


@pytest.mark.parametrize("email", ["admin@example.org", "nobody@example.org", "", "x" * 300])
def test_a_wrong_password_and_an_unknown_email_look_the_same(anonymous: Browser, email: str) -> None:
    """Nothing tells whether there is such an account."""
    answer = anonymous.post("/admin/login", email=email, password="wrong wrong wrong")
    assert answer.status_code == 401
    assert "do not go together" in answer.text


def test_failures_delay_even_the_right_password(database: Database) -> None:
    """The wait doubles, holds for the e-mail however it is written, and ends."""
    throttle = LoginThrottle(free=3)

    def attempt(password: str, at_s: float) -> str:
        return service.log_in(
            database,
            throttle,
            email=" ADMIN@example.org",
            password=password,
            address="192.0.2.1",
            monotonic_s=at_s,
            now=utc_now(),
        )

    for _ in range(4):
        with pytest.raises(LoginRefused):
            attempt("wrong", 100.0)
    with pytest.raises(LoginDelayed) as delayed:
        attempt(PASSWORD, 100.5)
    assert delayed.value.wait_s == 1
    assert attempt(PASSWORD, 101.0)


def test_the_form_says_how_long_to_wait(anonymous: Browser) -> None:
    """In seconds, in words and in a header; the waits grow, so that even a slow guesser meets one."""
    for _ in range(12):
        answer = anonymous.post("/admin/login", email="nobody@example.org", password="wrong")
        if answer.status_code == 429:
            break
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert "Too many attempts" in answer.text


def test_the_cookie_is_hidden_from_scripts_and_only_its_hash_is_stored(admin: Browser, database: Database) -> None:
    """HttpOnly, SameSite, and nothing in the database that opens a session."""
    token = admin.cookies.get("gatehouse_session")
    assert token
    with database.read() as session:
        hashes = session.scalars(select(StaffSession.token_hash)).all()
    assert len(hashes) == 1
    assert token not in hashes[0]


def test_each_login_makes_a_new_session_and_ends_the_old_one(admin: Browser, database: Database) -> None:
    """A token that somebody planted before the login opens nothing after it."""
    planted = admin.cookies["gatehouse_session"]
    assert admin.post("/admin/login", email="admin@example.org", password=PASSWORD).status_code == 303
    assert admin.cookies["gatehouse_session"] != planted
    with database.read() as session:
        assert len(session.scalars(select(StaffSession)).all()) == 1


def test_logging_out_ends_the_session_for_good(admin: Browser) -> None:
    """The old cookie opens nothing any more."""
    token = admin.cookies["gatehouse_session"]
    assert admin.post("/admin/logout").status_code == 303
    admin.cookies.set("gatehouse_session", token)
    assert admin.get("/admin/accounts").status_code == 303


def test_a_post_without_its_token_is_refused(admin: Browser) -> None:
    """Another site cannot log anyone out, or revoke a door."""
    assert admin.send("POST", "/admin/logout").status_code == 403
    assert admin.send("POST", "/admin/devices/home-door/revoke", data={"csrftoken": "forged"}).status_code == 403


def test_a_disabled_account_is_outside_at_once(admin: Browser, database: Database) -> None:
    """Disabling ends every session; logging in again is refused like a wrong password."""
    with database.write() as session:
        staff = session.scalars(select(Staff).where(Staff.email == "admin@example.org")).one()
        service.disable_staff(session, staff)
    assert admin.get("/admin/").headers["location"].startswith("http://testserver.local/admin/login")


@pytest.mark.parametrize("age", [{"created": service.SESSION_LIMIT}, {"seen": service.IDLE_LIMIT}])
def test_a_session_ends_by_its_age_and_by_idleness(
    admin: Browser, database: Database, age: dict[str, timedelta]
) -> None:
    """Twelve hours at most, two without a request."""
    with database.write() as session:
        found = session.scalars(select(StaffSession)).one()
        found.expires_at = utc_now() if "created" in age else found.expires_at
        found.last_seen_at -= age.get("seen", timedelta())
    assert admin.get("/admin/").status_code == 303


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/admin/", "/elsewhere", "/admin/\\evil"])
def test_the_login_leads_nowhere_else(anonymous: Browser, wanted: str) -> None:
    """`next` is a path of the back office or it is ignored."""
    path = f"/admin/login?next={wanted}"
    answer = anonymous.post(path, email="admin@example.org", password=PASSWORD)
    assert answer.headers["location"] == "/admin/"


def test_the_login_leads_back_to_where_one_was(anonymous: Browser) -> None:
    """The page that asked for the login is shown after it."""
    asked = anonymous.get("/admin/accounts?q=zoé")
    answer = anonymous.post(asked.headers["location"], email="admin@example.org", password=PASSWORD)
    assert answer.headers["location"] == "/admin/accounts?q=zo%C3%A9"


def test_the_language_stays_with_the_staff_member(admin: Browser, log_in: Callable[[str], Browser]) -> None:
    """Chosen once, it is there at the next login, on another machine too."""
    admin.post("/admin/preferences", language="fr", next="/admin/accounts")
    assert '<html lang="fr"' in admin.get("/admin/accounts").text
    assert "Inscriptions" in log_in("admin").get("/admin/accounts/home-account").text


def test_before_the_login_the_browser_and_then_the_cookie_decide(anonymous: Browser) -> None:
    """A French browser sees French; a click makes it English."""
    french = {"accept_language": "fr-CA,fr;q=0.9,en;q=0.5"}
    assert "Mot de passe" in anonymous.get("/admin/login", **french).text
    anonymous.post("/admin/preferences", language="en", next="/admin/login")
    assert "Password" in anonymous.get("/admin/login", **french).text


def test_staff_accounts_are_checked_when_they_are_made(database: Database) -> None:
    """E-mails are unique and plausible, passwords long enough, roles known."""
    given = {"organization_id": "home", "name": "N", "email": "new@example.org", "password": PASSWORD, "role": "desk"}
    with database.write() as session:
        for wrong, error in (
            ({"email": "ADMIN@example.org"}, EmailTaken),
            ({"email": "not an address"}, InvalidEmail),
            ({"password": "short"}, WeakPassword),
            ({"role": "king"}, UnknownRole),
        ):
            with pytest.raises(error):
                service.create_staff(session, **{**given, **wrong})


def test_failures_elsewhere_lock_nobody_out(database: Database) -> None:
    """A stranger who fails for an e-mail at many addresses costs its owner moments, and waits long at each."""
    throttle = LoginThrottle(free=3)

    def attempt(password: str, address: str, at_s: float) -> str:
        return service.log_in(
            database,
            throttle,
            email="admin@example.org",
            password=password,
            address=address,
            monotonic_s=at_s,
            now=utc_now(),
        )

    at_s = 0.0
    for number in range(15):
        at_s += 20.0
        with pytest.raises((LoginRefused, LoginDelayed)):
            attempt("wrong", "192.0.2.9" if number % 2 else f"198.51.100.{number}", at_s)
    with pytest.raises(LoginDelayed) as delayed:
        attempt(PASSWORD, "203.0.113.1", at_s)
    assert delayed.value.wait_s <= 2
    with pytest.raises(LoginRefused):
        attempt("wrong", "192.0.2.9", at_s + 20.0)
    with pytest.raises(LoginDelayed) as delayed:
        attempt(PASSWORD, "192.0.2.9", at_s + 23.0)
    assert delayed.value.wait_s > 10
    assert attempt(PASSWORD, "203.0.113.1", at_s + 23.0)
