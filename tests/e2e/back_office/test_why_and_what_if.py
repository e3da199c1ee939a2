"""Why and what if in a real Chromium: from a row of the activity to what would have opened the door, and from a draft
to the rules in force."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select

from server.feed.repository import head_of
from server.models import AccessPoint, AccessPointVersion, Event, Membership, MembershipPerson, Staff, utc_now
from tests.chromium import Scheme, faint_texts, resize, settle
from tests.component.server_web.sample import event
from tests.e2e.back_office.conftest import Office

pytestmark = pytest.mark.browser
STUDIO, EXPIRED = "home-studio", "home-expired"
SIZES = [(1440, 900), (390, 844), (360, 740)]
ACTIVITY = "/admin/accounts/home-account/activity"
WORDS: dict[str, dict[str, str]] = {
    "en": {
        "heading": "Why? Émile Tremblay",
        "nearest": "Renew Family membership through",
        "ended": "Family membership ended on",
        "in_force": "The rules are those that were in force at that moment.",
        "try": "Try the draft",
        "publish": "Publish the draft",
        "deny": "Deny",
        "balance": "Unpaid balance",
        "turned": "3 scans would have come out differently",
        "lost": "1 person would have lost a yes",
        "reason": "The account has an unpaid balance",
        "published": "The draft is now in force.",
        "days": "30 days",
    },
    "fr": {
        "heading": "Pourquoi\u00a0? Émile Tremblay",
        "nearest": "Renouveler Adhésion jusqu’au",
        "ended": "Adhésion a pris fin le",
        "in_force": "Les règles sont celles en vigueur à ce moment.",
        "try": "Essayer le brouillon",
        "publish": "Publier le brouillon",
        "deny": "Refuser",
        "balance": "Solde impayé",
        "turned": "3 passages auraient donné un autre résultat",
        "lost": "1 personne aurait perdu un oui",
        "reason": "Le compte a un solde impayé",
        "published": "Le brouillon est maintenant en vigueur.",
        "days": "30 jours",
    },
}


@pytest.fixture
def refused(office: Office) -> Iterator[str]:
    """A studio for members: Zoé came in on three days, and Émile, whose membership had ended, did not."""
    with office.database.write() as session:
        own = {"organization_id": "home"}
        rules = {"access_rules": [{"type": "membership"}]}
        session.add(
            AccessPoint(id=STUDIO, site_id="home-site", name_en="Studio", name_fr="Studio", settings=rules, **own)
        )
        today = utc_now().date()
        expired = Membership(
            id=EXPIRED,
            account_id="home-account",
            type_id="home-mt",
            starts_on=today - timedelta(days=400),
            ends_on=today - timedelta(days=3),
            **own,
        )
        expired.people.append(MembershipPerson(person_id="home-emile"))
        session.add(expired)
    for days in (3, 2, 1):
        used = {"pass_type": "membership", "pass_id": "home-membership", "pass_name": "Family membership"}
        _scan(office, minutes_ago=days * 1440, **used)
    denied = {"kind": "denied", "outcome": "denied", "reasons": ["membership_expired"]}
    yield _scan(office, minutes_ago=60, person_id="home-emile", **denied)
    with office.database.write() as session:
        session.execute(delete(Event))
        for version in session.scalars(select(AccessPointVersion).where(AccessPointVersion.access_point_id == STUDIO)):
            session.delete(version)
        session.delete(session.get_one(Membership, EXPIRED))
        session.delete(session.get_one(AccessPoint, STUDIO))
        _staff(session).language = "en"  # type: ignore[assignment]


def _scan(office: Office, *, minutes_ago: float, **given: Any) -> str:
    """Records a scan at the studio as a door does, with the mark of what it knew."""
    with office.database.write() as session:
        head = head_of(session, "home")
        assert head is not None
        at = utc_now() - timedelta(minutes=minutes_ago)
        made = event(session, access_point_id=STUDIO, occurred_at=at, **given)
        made.body = json.dumps({"cache": {"epoch": head.epoch, "seq": head.seq}, "clock": "trusted"})
        return made.id


def _staff(session: Any) -> Staff:
    return session.scalars(select(Staff).where(Staff.email == "admin@example.org")).one()  # type: ignore[no-any-return]


def speak(office: Office, language: str) -> dict[str, str]:
    """The admin reads this language."""
    with office.database.write() as session:
        _staff(session).language = language  # type: ignore[assignment]
    return WORDS[language]


def misfits(page: Page, view: str) -> list[str]:
    """At each size: sideways scrolling, and texts too faint in light and in dark."""
    found: list[str] = []
    schemes: tuple[Scheme, ...] = ("light", "dark")
    for width, height in SIZES:
        resize(page, width, height)
        if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
            found.append(f"{view} is {wide} wide at {width}")
    for scheme in schemes:
        found += [f"{view} {scheme}: {each}" for each in faint_texts(page, scheme)]
    resize(page, *SIZES[0])
    return found


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_refusal_is_explained_from_its_row(admin: Page, office: Office, refused: str, language: str) -> None:
    """Each rule with its facts, and first of all the nearest change that would have opened the door."""
    words = speak(office, language)
    admin.goto(f"{office.url}{ACTIVITY}")
    admin.locator(f'a.why[href$="{refused}"]').click()
    expect(admin.get_by_role("heading", level=1)).to_have_text(words["heading"])
    nearest = admin.locator(".ways li")
    expect(nearest.first).to_contain_text(words["nearest"])
    rules = admin.locator("section[aria-labelledby=rules] tbody tr")
    expect(rules.filter(has_text=words["ended"])).to_have_count(1)
    assert rules.count() > 10
    for row in rules.all():
        assert all(cell.inner_text().strip() for cell in row.locator("td").all()), row.inner_text()
    expect(admin.get_by_text(words["in_force"])).to_be_visible()
    assert misfits(admin, "why") == []


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_draft_is_replayed_read_and_published(admin: Page, office: Office, refused: str, language: str) -> None:
    """From the access point's page: change, replay, see how many and who, then make it the rules in force."""
    words = speak(office, language)
    admin.goto(f"{office.url}/admin/access-point/edit?pk={STUDIO}")
    admin.locator('a[href*="/what-if"]').click()
    admin.get_by_role("group", name=words["balance"]).get_by_text(words["deny"], exact=True).click()
    admin.locator("#replay_days").select_option(label=words["days"])
    admin.get_by_role("button", name=words["try"]).click()
    result = admin.locator("section[aria-labelledby=result]")
    expect(result).to_contain_text(words["turned"])
    expect(result).to_contain_text(words["lost"])
    turned = result.locator("details tbody tr")
    expect(turned).to_have_count(3)
    expect(turned.first).to_contain_text("Zoé Tremblay")
    expect(turned.first).to_contain_text(words["reason"])
    assert misfits(admin, "what if") == []
    assert _mode(office) is None
    admin.get_by_role("button", name=words["publish"]).first.click()
    expect(admin.get_by_text(words["published"])).to_be_visible()
    expect(admin).to_have_url(f"{office.url}/admin/access-point/edit?pk={STUDIO}")
    assert _mode(office) == "deny"


def test_why_and_what_if_by_keyboard_alone(admin: Page, office: Office, refused: str) -> None:
    """A link and a button: both are reached with Tab and taken with Enter."""
    admin.goto(f"{office.url}{ACTIVITY}")
    tab_to(admin, f"document.activeElement.matches('a.why[href$=\"{refused}\"]')")
    admin.keyboard.press("Enter")
    expect(admin.get_by_role("heading", level=1)).to_have_text(WORDS["en"]["heading"])
    admin.goto(f"{office.url}/admin/what-if?pk={STUDIO}")
    tab_to(admin, "document.activeElement.name === 'balance.mode'")
    for _ in range(2):
        admin.keyboard.press("ArrowRight")
    tab_to(admin, "document.activeElement.value === 'try'")
    admin.keyboard.press("Enter")
    expect(admin.locator("section[aria-labelledby=result]")).to_contain_text(WORDS["en"]["turned"])


def tab_to(page: Page, condition: str) -> None:
    """Presses Tab until the focus is where the condition holds."""
    settle(page)
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.evaluate(condition):
            return
    raise AssertionError(f"Tab never came to where {condition}")


def _mode(office: Office) -> str | None:
    with office.database.read() as session:
        settings = session.get_one(AccessPoint, STUDIO).settings or {}
    return (settings.get("balance") or {}).get("mode")
