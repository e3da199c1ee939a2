"""Activities in Chromium: the whole way of a course by hand, and its pages on a telephone in French."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Page, expect
from sqlalchemy import select

from access.domain.people import Language
from server.models import AccessPoint, Registration, Staff, utc_now
from tests.chromium import faint_texts, resize
from tests.e2e.back_office.conftest import Office

_FLAWS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_a_course_from_its_making_to_its_waitlist(admin: Page, office: Office) -> None:
    """Made, scheduled by a rule, one place taken, one person waits, a cancellation, and the place is given."""
    with office.database.write() as session:
        session.get_one(AccessPoint, "home-pool").settings = {"access_rules": [{"type": "session"}]}
    admin.get_by_role("link", name="Activities").click()
    expect(admin.get_by_text("No activities found")).to_be_visible()
    admin.get_by_role("link", name="New activity").press("Enter")
    name = admin.get_by_label("Name (English)")
    expect(name).to_be_focused()
    name.fill("Swim level 1")
    admin.get_by_label("Name (French)").fill("Natation niveau 1")
    admin.get_by_label("Code").fill("SWIM-1")
    admin.get_by_label("Places").fill("one")
    admin.get_by_role("button", name="Make the activity").press("Enter")
    expect(admin.get_by_label("Places")).to_be_focused()
    admin.get_by_label("Places").fill("1")
    admin.get_by_role("button", name="Make the activity").press("Enter")
    expect(admin.get_by_role("heading", level=1, name="Swim level 1")).to_be_visible()
    expect(admin.get_by_role("link", name="Pool", exact=True)).to_be_visible()

    admin.get_by_role("link", name="Add many by a rule").press("Enter")
    first = utc_now().date() + timedelta(days=10)
    admin.get_by_label(f"{first:%A}").check()
    admin.get_by_label("From").fill(first.isoformat())
    admin.get_by_label("Until").fill((first + timedelta(days=21)).isoformat())
    admin.get_by_label("Starts at").fill("17:30")
    admin.get_by_label("Ends at").fill("18:15")
    admin.get_by_role("button", name="Add the occurrences").press("Enter")
    expect(admin.get_by_text("4 occurrences were added.")).to_be_visible()
    rows = admin.get_by_role("row").filter(has_text="0 / 1")
    expect(rows).to_have_count(4)
    rows.nth(3).get_by_role("checkbox").check()
    admin.get_by_text("Cancel those that are ticked").press("Enter")
    admin.get_by_role("button", name="Cancel them all").press("Enter")
    expect(admin.get_by_text("1 occurrence is cancelled.")).to_be_visible()
    expect(rows.nth(3)).to_contain_text("Cancelled")

    admin.goto(f"{office.url}/admin/accounts/home-account")
    admin.get_by_role("link", name="Add registration").press("Enter")
    admin.get_by_role("link", name="Choose: Swim level 1").press("Enter")
    admin.get_by_role("checkbox", name="Zoé Tremblay").check()
    dates, scope = admin.get_by_role("group", name="Occurrences"), admin.get_by_label("For what")
    expect(dates).to_be_hidden()
    scope.select_option(label="Only what is ticked below")
    expect(dates.get_by_role("checkbox")).to_have_count(3)
    dates.get_by_role("checkbox").first.check()
    scope.select_option(index=0)
    expect(dates).to_be_hidden()
    admin.get_by_role("button", name="Register").press("Enter")
    expect(admin.get_by_text("Registered: Zoé Tremblay.")).to_be_visible()

    admin.get_by_role("cell").get_by_role("link", name="Swim level 1").press("Enter")
    admin.get_by_role("link", name="Register somebody").press("Enter")
    search = admin.get_by_role("searchbox")
    expect(search).to_be_focused()
    search.fill("emile")
    search.press("Enter")
    admin.get_by_role("link", name="Register: Émile Tremblay").press("Enter")
    expect(
        admin.get_by_role("status").filter(has_text="It is full (places taken in the fullest occurrence: 1 of 1)")
    ).to_be_visible()
    expect(admin.get_by_role("checkbox", name="Émile Tremblay")).to_be_checked()
    admin.get_by_role("button", name="Register").press("Enter")
    expect(admin.get_by_text("Émile Tremblay is on the waitlist, 0 people ahead.")).to_be_visible()
    waitlist = admin.get_by_role("region", name="Waitlist")
    expect(waitlist).to_contain_text("No free place")

    placed = admin.get_by_role("region", name="Registered")
    placed.get_by_text("Cancel", exact=True).press("Enter")
    placed.get_by_role("button", name="Cancel the registration: Zoé Tremblay").press("Enter")
    waitlist.get_by_role("button", name="Give the place: Émile Tremblay").press("Enter")
    expect(placed).to_contain_text("Émile Tremblay")
    expect(waitlist).to_contain_text("Nobody waits.")
    with office.database.read() as session:
        held = {each.person_id: each for each in session.scalars(select(Registration))}
    assert {id_: each.status.value for id_, each in held.items()} == {
        "home-zoe": "cancelled",
        "home-emile": "registered",
    }

    with office.database.write() as session:
        session.scalars(select(Staff).where(Staff.email == "admin@example.org")).one().language = Language.FR
    resize(admin, 360, 740)
    swim = f"/activities/{held['home-zoe'].activity_id}"
    for path, said in (
        ("/activities?q=natation", "1 activité"),
        (swim, "Annulée"),
        (f"{swim}/people", "Personnes inscrites"),
        (f"{swim}/occurrences/rule", "Ajouter des occurrences selon une règle"),
        (f"{swim}/registrations?q=tremblay", "Inscrire"),
        (f"/accounts/home-account/registrations/add?activity={held['home-zoe'].activity_id}", "C’est complet"),
        ("/accounts/home-account", "Natation niveau 1"),
    ):
        admin.goto(f"{office.url}/admin{path}")
        expect(admin.locator("main, .page-wrapper").first).to_contain_text(said)
        assert admin.evaluate(_FLAWS) <= 0, path
        assert faint_texts(admin, "light") == [], path
        assert faint_texts(admin, "dark") == [], path
