"""Creating an account in Chromium: each of the e-mail's answers, the invitation, and the pages that clients open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from server.mail.outbox import MailBox
from server.models import Mail, Person
from tests.chromium import faint_texts, resize, settle
from tests.e2e.back_office.conftest import Office

pytestmark = pytest.mark.browser
PASSWORD = "a long enough password"


def look(page: Page, name: str) -> None:
    """No wider than a phone, readable in light and dark; kept as a picture where a developer wants to look."""
    for scheme in ("light", "dark"):
        assert faint_texts(page, scheme) == [], f"{name} {scheme}"  # type: ignore[arg-type]
    folder = os.environ.get("GATEHOUSE_PICTURES")
    for width, height in ((1440, 900), (390, 844), (360, 740)):
        resize(page, width, height)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} at {width}"
        if folder:
            page.emulate_media(color_scheme="light")
            settle(page)
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
    resize(page, 1440, 900)


def link(office: Office, purpose: str, address: str) -> str:
    """The link of the newest e-mail of a purpose to an address."""
    box = MailBox(office.settings.secret_key)
    with office.database.read() as session:
        wanted = select(Mail).where(Mail.purpose == purpose, Mail.to_address == address)
        mail = session.scalars(wanted.order_by(Mail.made_at.desc()).limit(1)).one()
        return f"{office.url}{box.path_of(mail)}"


def known(office: Office, organization: str, first_name: str, email: str) -> None:
    """Gives one of the sample's people an address."""
    with office.database.write() as session:
        wanted = select(Person).where(Person.organization_id == organization, Person.first_name == first_name)
        session.scalars(wanted).one().email = email


def ask(page: Page, office: Office, email: str) -> None:
    """The first step, by keyboard."""
    page.goto(f"{office.url}/admin/new-account")
    expect(page.get_by_label("E-mail", exact=True)).to_be_focused()
    page.keyboard.type(email)
    page.keyboard.press("Enter")


def test_a_new_account_from_the_address_to_the_login(admin: Page, office: Office) -> None:
    """An address nobody has, a name that somebody has, created anyway, activated by its client, seen by staff."""
    ask(admin, office, "not an address")
    expect(admin.get_by_text("This is not an e-mail address.")).to_be_visible()
    look(admin, "new-account-invalid")
    ask(admin, office, "emile.new@example.org")
    expect(admin.get_by_text("The activation request will wait: no mail server is set.")).to_be_visible()
    admin.get_by_label("First name").fill("Emile")
    admin.get_by_label("Last name").fill("Trembley")
    admin.get_by_label("Date of birth").fill("2020-01-01")
    admin.get_by_role("button", name="Create the account").click()
    expect(admin.get_by_text("Matches in this list")).to_be_visible()
    expect(admin.get_by_role("link", name="View Émile Tremblay")).to_be_visible()
    look(admin, "new-account-matches")
    admin.get_by_role("button", name="Create anyway").click()
    expect(admin.locator(".invalid-feedback").get_by_text("The account owner must be 18 or older.")).to_be_visible()
    admin.get_by_label("Date of birth").fill("")
    admin.get_by_role("button", name="Create the account").click()
    admin.get_by_role("button", name="Create anyway").click()
    expect(admin.get_by_text("Its activation request waits until a mail server is set.")).to_be_visible()
    account_url = admin.url

    client = admin.context.browser.new_context(locale="en-CA").new_page()  # type: ignore[union-attr]
    address = link(office, "activation", "emile.new@example.org")
    client.goto(f"{address}&lang=fr")
    expect(client.get_by_role("heading", name="Activez votre compte")).to_be_visible()
    look(client, "activate-fr")
    client.get_by_role("link", name="English").click()
    expect(client.get_by_label("Username")).to_have_value("emile.new@example.org")
    client.get_by_label("Password").fill("short")
    client.get_by_role("button", name="Activate").click()
    expect(client.get_by_text("A password has 10 to 256 characters.")).to_be_visible()
    look(client, "activate-weak-en")
    client.get_by_label("Password").fill(PASSWORD)
    client.get_by_role("button", name="Activate").click()
    expect(client.get_by_text("Your account is active.")).to_be_visible()
    look(client, "own-en")
    client.get_by_label("Username").fill("emile-t")
    client.get_by_role("button", name="Change the username").click()
    expect(client.get_by_text("Your username was changed.")).to_be_visible()
    client.get_by_role("button", name="Log out").click()
    client.get_by_label("Username").fill("emile-t")
    client.get_by_label("Password").fill(PASSWORD)
    client.get_by_role("button", name="Log in").click()
    expect(client.get_by_role("heading", name="Your login")).to_be_visible()
    client.goto(address)
    expect(client.get_by_role("heading", name="This link does not work")).to_be_visible()
    client.context.close()

    admin.goto(f"{account_url}/members")
    admin.get_by_text("View username").click()
    admin.get_by_role("link", name="Login and activation").click()
    expect(admin.get_by_text("emile-t", exact=True)).to_be_visible()
    look(admin, "client-login")


def test_an_address_of_this_list_leads_to_its_account(admin: Page, office: Office) -> None:
    """Instead of a second one."""
    known(office, "home", "Zoé", "zoe@example.org")
    ask(admin, office, "ZOE@example.org")
    expect(admin.get_by_text("Already in your list")).to_be_visible()
    look(admin, "new-account-here")
    admin.get_by_role("link", name="View Zoé Tremblay").click()
    expect(admin.get_by_role("heading", name="Zoé Tremblay").first).to_be_visible()


def test_an_address_known_elsewhere_is_invited_and_the_rest_waits_for_the_consent(admin: Page, office: Office) -> None:
    """Nothing of the person is told before the invitation; nothing of the others before the consent."""
    known(office, "elsewhere", "Zoé", "zoe.other@example.org")
    ask(admin, office, "zoe.other@example.org")
    expect(admin.get_by_text("Known to another organization on this server")).to_be_visible()
    assert "Tremblay" not in admin.content()
    look(admin, "new-account-elsewhere")
    admin.get_by_role("button", name="Invite").click()
    expect(admin.get_by_text("The account owner is in your list.")).to_be_visible()
    expect(admin.get_by_text("Émile")).to_have_count(0)
    account_url = admin.url
    client = admin.context.browser.new_context(locale="fr-CA").new_page()  # type: ignore[union-attr]
    client.goto(f"{link(office, 'consent', 'zoe.other@example.org')}&lang=fr")
    expect(client.get_by_role("heading", name="Piscine home vous invite")).to_be_visible()
    expect(client.get_by_text("Émile Tremblay")).to_be_visible()
    look(client, "consent-fr")
    client.get_by_role("link", name="English").click()
    look(client, "consent-en")
    client.get_by_role("button", name="Yes, share them").click()
    expect(client.get_by_role("heading", name="Thank you")).to_be_visible()
    client.context.close()
    admin.goto(account_url)
    expect(admin.get_by_role("link", name="Émile")).to_be_visible()


def test_mail_says_that_no_server_is_set_and_shows_no_link(admin: Page, office: Office) -> None:
    """What waits, to whom and what it says, in French too."""
    ask(admin, office, "waits@example.org")
    admin.get_by_label("First name").fill("Wendeline")
    admin.get_by_role("button", name="Create the account").click()
    expect(admin.get_by_text("Its activation request waits until a mail server is set.")).to_be_visible()
    admin.goto(f"{office.url}/admin/mail")
    expect(admin.get_by_role("heading", name="No mail server is set")).to_be_visible()
    row = admin.locator("tr", has_text="waits@example.org")
    row.get_by_text("Activate your account").click()
    expect(row.get_by_text("personal link, shown to its receiver only")).to_be_visible()
    assert "/client/activate" not in admin.content()
    look(admin, "mail-en")
