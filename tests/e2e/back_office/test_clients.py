"""Clients in a real Chromium: found while one types and by keyboard, filtered, tagged, kept as a list, taken away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from server.models import Account, Person, SavedList, Tag, person_tag
from tests.e2e.back_office.conftest import Office

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _more_people(office: Office) -> Iterator[None]:
    """A second family, gone afterwards."""
    with office.database.write() as session:
        session.add(Tag(id="swimmers", organization_id="home", name="Swimmers", colour="green"))
        session.add(Account(id="roys", organization_id="home", owner_id="lea"))
        session.flush()
        for id_, first in (("lea", "Léa"), ("max", "Max")):
            given = {"email": f"{id_}@example.org", "phone": "514 555-0199"}
            session.add(
                Person(id=id_, organization_id="home", account_id="roys", first_name=first, last_name="Roy", **given)
            )
    yield
    with office.database.write() as session:
        for each in (
            *session.scalars(select(SavedList)),
            session.get_one(Account, "roys"),
            session.get_one(Tag, "swimmers"),
        ):
            session.delete(each)
            session.flush()


def test_a_family_is_found_and_opened_without_the_mouse(admin: Page, office: Office) -> None:
    """Misspelt, in either order; the arrows walk the results, Enter opens one, a slash leads back to the search."""
    admin.goto(f"{office.url}/admin/accounts")
    search = admin.get_by_role("searchbox")
    expect(search).to_be_focused()
    admin.keyboard.type("tremblya")
    rows = admin.locator("a[data-row]")
    expect(rows).to_have_count(1)
    expect(admin.get_by_role("status").filter(has_text="1 client account")).to_have_count(1)
    expect(admin.locator("mark").first).to_have_text("Tremblay")
    search.fill("")
    expect(rows).to_have_count(2)
    admin.keyboard.press("ArrowDown")
    expect(rows.nth(0)).to_be_focused()
    admin.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    admin.keyboard.press("ArrowUp")
    admin.keyboard.press("ArrowUp")
    expect(search).to_be_focused()
    admin.keyboard.press("ArrowDown")
    admin.keyboard.press("/")
    expect(search).to_be_focused()
    admin.keyboard.type("roy max")
    expect(rows).to_have_count(1)
    expect(admin.locator(".member.is-meant")).to_contain_text("Max Roy")
    admin.keyboard.press("Enter")
    admin.wait_for_url("**/admin/accounts/roys*")


def test_people_are_tagged_filtered_kept_as_a_list_and_taken_away(admin: Page, office: Office) -> None:
    """The tag goes on whom the search means only; the list of the tag has a name; the file holds who is on it."""
    admin.goto(f"{office.url}/admin/accounts?q=max")
    box = admin.get_by_role("checkbox", name="Select Léa Roy")
    expect(admin.get_by_role("button", name="Put the tag on")).to_be_hidden()
    box.check()
    expect(admin.get_by_text("1 person selected")).to_be_visible()
    admin.get_by_role("button", name="Put the tag on").click()
    expect(admin.get_by_text("The tag is on 1 more person.")).to_be_visible()
    with office.database.read() as session:
        assert [tuple(row) for row in session.execute(select(person_tag))] == [("max", "swimmers")]
    admin.get_by_role("searchbox").fill("")
    expect(admin.locator("a[data-row]")).to_have_count(2)
    admin.get_by_text("Filters", exact=True).click()
    admin.get_by_label("Tag", exact=True).first.select_option("Swimmers")
    expect(admin.locator("a[data-row]")).to_have_count(1)
    admin.get_by_text("Save this list").click()
    admin.get_by_label("Name of the list").fill("My swimmers")
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.get_by_role("link", name="My swimmers")).to_have_attribute("aria-current", "page")
    for kind, starts in (("Export CSV", b"\xef\xbb\xbf"), ("Export Excel", b"PK")):
        with admin.expect_download() as waiting:
            admin.get_by_role("link", name=kind).click()
        data = waiting.value.path().read_bytes()
        assert data.startswith(starts)
        if starts != b"PK":
            assert [line.split(",")[1] for line in data.decode("utf-8-sig").splitlines()[1:]] == ["Max"]
    admin.get_by_role("link", name="Everybody", exact=True).click()
    expect(admin.locator("a[data-row]")).to_have_count(2)
