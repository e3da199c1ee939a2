"""Drafts, publishing, versions and the archive: doors follow what is published, and nobody's work is overwritten."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from server.db import Commit, Database
from server.models import AccessPoint, AccessPointVersion, FeedEntry
from tests.component.server_web.browser import Browser
from tests.component.server_web.test_access_point_page import EDIT, saved, shown

HISTORY = "/admin/access-point-history"
POOL = f"{HISTORY}?pk=home-pool"


@pytest.fixture
def heard(database: Database) -> Iterator[list[Commit]]:
    """The commits of which doors hear."""
    commits: list[Commit] = []
    stop = database.commits.subscribe(lambda commit: commits.append(commit) if commit.feeds else None)
    yield commits
    stop()


def versions(database: Database) -> list[AccessPointVersion]:
    """What was published of the pool, the oldest first."""
    with database.read() as session:
        wanted = select(AccessPointVersion).where(AccessPointVersion.access_point_id == "home-pool")
        return list(session.scalars(wanted.order_by(AccessPointVersion.number)))


def told_doors(database: Database) -> list[Any]:
    """The bodies of the pool that the feed has, the oldest first."""
    with database.read() as session:
        wanted = select(FeedEntry).where(FeedEntry.kind == "access_point", FeedEntry.entity_id == "home-pool")
        return [each.body and json.loads(each.body) for each in session.scalars(wanted.order_by(FeedEntry.seq))]


def test_a_draft_changes_nothing_at_a_door_until_it_is_published(admin: Browser, database: Database) -> None:
    """Saved, shown again, compared in words, published: only then the rules are others."""
    before = told_doors(database)
    draft = {**shown(admin.get(EDIT).text), "balance.mode": "deny", "balance.threshold": "20"}
    assert admin.post(EDIT, **draft, do="draft").status_code == 303
    assert saved(database).settings == {}
    assert saved(database).draft_at is not None
    page = admin.get(EDIT).text
    assert "Draft by Alex Admin" in page
    assert "<ins>When the account owes money: Deny</ins>" in page
    assert "<ins>Only above: $20.00</ins>" in page
    assert shown(page)["balance.mode"] == ["deny"]
    assert told_doors(database)[-1:] == before[-1:]
    assert admin.post(EDIT, **shown(page), do="save").status_code == 303
    assert saved(database).settings == {"balance": {"mode": "deny", "threshold_cents": 2000}}
    assert (saved(database).draft, saved(database).draft_by, saved(database).draft_at) == (None, None, None)
    newest = told_doors(database)[-1]
    assert (newest["balance"]["mode"], newest["balance"]["threshold_cents"]) == ("deny", 2000)
    assert [(each.number, each.settings) for each in versions(database)] == [
        (1, {}),
        (2, {"balance": {"mode": "deny", "threshold_cents": 2000}}),
    ]


def test_a_draft_is_discarded(admin: Browser, database: Database) -> None:
    """What is in force is shown again, and no version was made."""
    admin.post(EDIT, **{**shown(admin.get(EDIT).text), "missing_picture": "deny"}, do="draft")
    page = shown(admin.get(EDIT).text)
    assert admin.post(EDIT, **page, do="discard").status_code == 303
    assert saved(database).draft is None
    assert shown(admin.get(EDIT).text)["missing_picture"] == ["ignore"]
    assert versions(database) == []


def test_a_draft_that_says_nothing_new_is_none(admin: Browser, database: Database) -> None:
    """No badge for a form that was only looked at."""
    assert admin.post(EDIT, **shown(admin.get(EDIT).text), do="draft").status_code == 303
    assert saved(database).draft is None


def test_nobody_publishes_or_discards_what_they_have_not_seen(
    admin: Browser, database: Database, log_in: Callable[[str], Browser]
) -> None:
    """Whoever opened the page before another draft was saved is told of it, whatever they do."""
    first, second = shown(admin.get(EDIT).text), shown(log_in("admin").get(EDIT).text)
    admin.post(EDIT, **{**first, "missing_picture": "deny"}, do="draft")
    for action in ("save", "draft"):
        told = admin.post(EDIT, **{**second, "pulse": "5"}, do=action)
        assert told.status_code == 409
        assert "Someone else saved this access point" in told.text
    assert admin.post(EDIT, **second, do="discard").status_code == 303
    assert saved(database).draft is not None
    assert saved(database).settings == {}


def test_the_history_tells_every_version_and_brings_one_back(admin: Browser, database: Database) -> None:
    """In words, who and what; an older one comes back as a draft, which no door hears of."""
    for mode in ("deny", "review"):
        admin.post(EDIT, **{**shown(admin.get(EDIT).text), "missing_picture": mode}, do="save")
    page = admin.get(POOL).text
    assert re.findall(r"id=\"version-(\d)\"", page) == ["3", "2", "1"]
    assert page.count("Alex Admin, ") == 2
    assert "<del>No access picture: Deny</del>" in page
    assert "<ins>No access picture: Needs review</ins>" in page
    compared = admin.get(f"{POOL}&from=1&to=3").text
    assert "<del>No access picture: Ignore</del>" in compared
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)
    assert seen is not None
    assert admin.post(f"{HISTORY}/restore?pk=home-pool", seen="0" * 32, number="2").status_code == 303
    assert saved(database).draft is None
    assert admin.post(f"{HISTORY}/restore?pk=home-pool", seen=seen[1], number="2").status_code == 303
    assert saved(database).settings == {"missing_picture": "review"}
    assert (saved(database).draft or {})["settings"] == {"missing_picture": "deny"}
    assert admin.post(f"{HISTORY}/restore?pk=home-pool", seen=seen[1], number="x").status_code == 400
    assert admin.get(f"{POOL}&from=1&to=9").status_code == 404


def test_every_setting_has_words(admin: Browser, database: Database) -> None:
    """All of the form changed at once: no part is missing from the comparison, in both languages."""
    draft = {
        **shown(admin.get(EDIT).text),
        "name_fr": "Bassin",
        "direction": "both",
        "balance.mode": "review",
        "balance.age_days": "3",
        "capacity.limit": "50",
        "capacity.warning_at": "45",
        "anti_passback.mode": "hard",
        "anti_passback.period": "2",
        "anti_passback.period.unit": "hours",
        "duplicate_window": "45",
        "kiosk.name": "first",
        "pulse": "4.5",
        "attendance.is_on": "on",
        "auto_exit": "6",
        "is_choice_offered": "on",
        "order": ["membership", "activity", "unlimited_multipass", "counted_multipass"],
        "hours": ["0"],
        "hours.0.days": ["1", "7"],
        "hours.0.opens": "08:30",
        "hours.0.closes": "20:00",
        "rules": ["0"],
        "rules.0.type": "session",
        "rules.0.scope": "all",
        "rules.0.window": "around",
        "rules.0.minutes": "15",
    }
    assert admin.post(EDIT, **draft, do="draft").status_code == 303
    page = admin.get(EDIT).text
    for said in (
        "Most people inside: 50",
        "Allowed again after: 2 hours",
        "Unlocked for: 4.5 seconds",
        "After: 6 hours",
        "Due for at least: 3 days",
        "Mon, Sun 08:30 – 20:00",
        "Sessions: All; Shortly before and during (15 minutes)",
        "1. Membership",
        "Bassin",
    ):
        assert said in page, said


def test_an_archived_access_point_leaves_the_doors_and_comes_back(
    admin: Browser, database: Database, heard: list[Commit]
) -> None:
    """The feed takes it from the doors: without its rules they let nobody in there."""
    assert admin.post("/admin/sites/archive/home-pool").status_code == 303
    assert told_doors(database)[-1] is None
    assert len(heard) == 1
    assert "Put back in use" in admin.get("/admin/sites").text
    assert admin.get(EDIT).status_code == 404
    assert admin.post("/admin/sites/put-back/home-pool").status_code == 303
    assert told_doors(database)[-1] is not None
    assert admin.get(EDIT).status_code == 200


def test_another_organizations_rules_are_not_there(admin: Browser, database: Database) -> None:
    """Neither to read nor to bring back or archive."""
    assert admin.get(f"{HISTORY}?pk=elsewhere-pool").status_code == 404
    assert admin.post(f"{HISTORY}/restore?pk=elsewhere-pool", seen="", number="1").status_code == 404
    assert admin.post("/admin/sites/archive/elsewhere-pool").status_code == 404
    assert "elsewhere" not in admin.get("/admin/sites").text
    with database.read() as session:
        assert session.get_one(AccessPoint, "elsewhere-pool").archived_at is None


def test_sites_and_facilities_are_made(admin: Browser, database: Database) -> None:
    """A facility at a site is listed there."""
    assert admin.post("/admin/site/create", name_en="Annex", name_fr="Annexe").status_code == 303
    assert admin.post("/admin/facility/create", name_en="Lap pool", name_fr="", site="home-site").status_code == 303
    page = admin.get("/admin/sites").text
    assert "Annex" in page
    assert page.index("Main building") < page.rindex("Lap pool")
