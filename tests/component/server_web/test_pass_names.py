"""What a pass was called is said in the reader's language, as far as the door knew it."""

from __future__ import annotations

import json
from typing import Any

from server.db import Database
from tests.component.server_web.browser import Browser
from tests.component.server_web.sample import event

ACTIVITY = "/admin/accounts/home-account/activity"


def test_names_are_in_the_readers_language(admin: Browser, database: Database) -> None:
    """On the page, in the files and in the sentence of a reason; an older event has the one name that it has."""
    pass_: dict[str, Any] = {"pass_type": "multipass", "pass_id": "home-pass"}
    named = {"name": "Swims", "name_en": "Swims", "name_fr": "Baignades", "remaining": 2}
    with database.write() as session:
        event(session, pass_name="Swims", body=json.dumps({"entitlement": named}), **pass_)
        denied = {"kind": "denied", "outcome": "denied", "reasons": ["multipass_depleted"]}
        event(session, pass_name="Swims", body=json.dumps({"entitlement": named}), **denied, **pass_)
        event(session, pass_name="Old pass", **pass_)
    for language, said, not_said in (("en", "Swims", "Baignades"), ("fr", "Baignades", "Swims")):
        admin.post("/admin/preferences", language=language)
        page, file = admin.get(ACTIVITY).text, admin.get(f"{ACTIVITY}.csv").text
        report = admin.get("/admin/report.csv?from=2026-11-21&to=2026-11-21").text
        overview = admin.get("/admin/overview").text
        for text in (page, file):
            assert (text.count(said) >= 3, not_said in text, "Old pass" in text) == (True, False, True), language
        assert not_said not in report + overview
        assert said in report
