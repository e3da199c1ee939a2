"""A new account in the back office: what is said of its e-mail is true, and which addresses it takes."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from access.domain.people import Language
from server.admin import mount_admin
from server.admin.gate import SESSION_COOKIE
from server.db import Database
from server.models import Mail, Person, Staff
from server.settings import ServerSettings
from tests.component.server_web.browser import Browser

NEW = "/admin/new-account"
MEMBER = "/admin/accounts/home-account/person/home-zoe"


@pytest.fixture
def posting(database: Database, data_dir: Path, admin: Browser) -> Browser:
    """The admin's browser where a mail server is set."""
    made = FastAPI()
    mail = {"smtp_host": "mail.example.org", "smtp_from": "desk@example.org"}
    mount_admin(made, database, ServerSettings(data_dir=data_dir, **mail))
    browser = Browser(made)
    browser.cookies.set(SESSION_COOKIE, admin.cookies[SESSION_COOKIE], domain="testserver.local", path="/admin/")
    return browser


def _text(browser: Browser, path: str) -> str:
    return html.unescape(browser.get(path).text)


def _make(browser: Browser, email: str) -> str:
    """Makes an account; its page's text."""
    made = browser.post(NEW, do="create", email=email, first_name="Maya", last_name="Roy")
    assert made.status_code == 303, made.text
    return _text(browser, made.headers["location"])


def test_without_a_mail_server_the_request_waits(admin: Browser, database: Database) -> None:
    """The page before says so, the page after too, and so does sending again."""
    before = html.unescape(admin.post(NEW, do="check", email="maya@example.org").text)
    assert "will wait: no mail server is set" in before
    assert "will be sent" not in before
    after = _make(admin, "maya@example.org")
    assert "Its activation request waits until a mail server is set." in after
    assert "on its way" not in after
    with database.write() as session:
        session.get_one(Person, "home-emile").email = "emile@example.org"
    login = "/admin/accounts/home-account/login/home-emile"
    admin.post(f"{login}/activation")
    assert "The e-mail is written and waits until a mail server is set." in _text(admin, login)


def test_with_a_mail_server_it_is_on_its_way(posting: Browser) -> None:
    """As before."""
    assert "will be sent there" in html.unescape(posting.post(NEW, do="check", email="maya@example.org").text)
    assert "an activation request is on its way" in _make(posting, "maya@example.org")


def test_a_domain_in_other_letters(admin: Browser, database: Database) -> None:
    """It is kept as mail servers know it, however it comes: both ways to write it are one address."""
    _make(admin, "Maya@exämple.ca")
    with database.read() as session:
        assert session.scalars(select(Mail.to_address)).one() == "maya@xn--exmple-cua.ca"
    assert "Already in your list" in admin.post(NEW, do="check", email="maya@xn--exmple-cua.ca").text
    path = f"{MEMBER}/section/personal"
    seen = re.search(r'name="seen" value="(\w*)"', admin.get(path).text)
    assert seen is not None
    sent = {"seen": seen[1], "first_name": "Zoé", "last_name": "Tremblay"}
    assert admin.post(path, **sent, email="zoe@exämple.ca").status_code == 303
    with database.read() as session:
        assert session.get_one(Person, "home-zoe").email == "zoe@xn--exmple-cua.ca"


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Before the @ an e-mail address has no accents"), ("fr", "Avant le @, une adresse")]
)
def test_a_name_in_other_letters_is_refused_and_why_is_said(
    admin: Browser, database: Database, language: str, said: str
) -> None:
    """Before the account and on the member's page."""
    with database.write() as session:
        session.scalars(select(Staff).where(Staff.email == "admin@example.org")).one().language = Language(language)
    for path, fields in ((NEW, {"do": "check"}), (f"{MEMBER}/section/personal", {"seen": "", "first_name": "Zoé"})):
        refused = admin.post(path, email="zoë@example.ca", **fields)
        assert refused.status_code == 422
        assert said in html.unescape(refused.text)


def test_staff_sign_in_as_their_browser_writes_it(admin: Browser, database: Database) -> None:
    """Some browsers send a domain in its own letters, some in ASCII."""
    given = {"name": "New", "role": "desk", "language": "fr", "is_active": "on", "password": "correct horse battery"}
    assert admin.post("/admin/staff/create", **given, email="new@exämple.ca").status_code == 303
    with database.write() as session:
        staff = session.scalars(select(Staff).where(Staff.name == "New")).one()
        assert staff.email == "new@xn--exmple-cua.ca"
    again = admin.post("/admin/staff/create", **given, email="new@xn--exmple-cua.ca")
    assert again.status_code == 422
