"""The audit log in words: no column, coded value or document is shown as the table keeps it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import inspect

from access.domain.people import Text
from server.access_points.choices import Choice, Choices
from server.admin.auditing import told
from server.admin.say import Say
from server.admin.texts import texts
from server.audit.subjects import ALWAYS_IGNORED, SUBJECTS, Subject
from server.models import AuditEntry

NOW = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
ENGLISH = Say("en", ZoneInfo("America/Toronto"), NOW)
CHOICES = Choices(sites=(Choice("main", Text("Main building", "Bâtiment principal")),))
SETTINGS = {"balance": {"mode": "review", "threshold_cents": 1000, "age_days": 14}}
ID = "01a20120-1c95-7c61-bfec-fb1d8d89b61a"


def said(entity: str, **changes: Any) -> dict[str, tuple[str, str]]:
    """Label, before and after of the changes of one entry."""
    entry = AuditEntry(action=f"{entity}:changed", actor_kind="system", entity=entity, entity_id="it", changes=changes)
    return {each.label: (each.before, each.after) for each in told(entry, {}, ENGLISH, choices=CHOICES).changes}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(("table", "subject"), SUBJECTS.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_every_audited_column_has_a_label(table: type[Any], subject: Subject, language: str) -> None:
    """A new column is named in both languages, or the log shows people the table's own word."""
    known, own = texts(language).entries, {each.key for each in inspect(table).column_attrs}
    kept = (own | set(subject.lists)) - ALWAYS_IGNORED - subject.ignored
    assert {each for each in kept if not {f"audit_field.{each}", f"fields.{each}"} & known.keys()} == set()


def test_coded_values_are_words() -> None:
    """The same column may mean something else in another table."""
    assert said("balance_entry", kind=[None, "charge"], source=[None, "hand"]) == {
        "Kind": ("", "Charge"),
        "Entered through": ("", "By hand"),
    }
    assert said("activity", kind=[None, "drop_in"]) == {"Kind": ("", "Drop-ins")}
    assert said("registration", status=["waiting", "registered"]) == {"Status": ("On the waitlist", "Registered")}
    assert said("api_token", scopes=[[], ["people:read", "imports:write"]]) == {
        "May": ("", "People: reads, Imports: writes")
    }
    assert said("webhook", kinds=[[], ["checked_in"]]) == {"Events": ("", "Checked in")}


def test_rules_are_told_line_by_line() -> None:
    """Only what differs, as the access point's own page calls it; a draft is there or gone."""
    assert said("access_point", settings=[SETTINGS, {"balance": {**SETTINGS["balance"], "mode": "deny"}}]) == {
        "Unpaid balance": ("When the account owes money: Needs review", "When the account owes money: Deny")
    }
    assert said("access_point", draft=[None, {"name_en": "Gym", "site_id": "main", "settings": SETTINGS}]) == {
        "Draft": ("", "Kept")
    }
    assert said("access_point", settings=[{"direction": "sideways"}, {"direction": "in"}]) == {
        "Settings": ("", "changed")
    }


def test_documents_are_told_by_their_parts() -> None:
    """How long things are kept, what is on a card."""
    assert said("organization", retention=[{"movements": 90}, {"movements": 365}]) == {
        "Retention": ("Movements: 90 days", "Movements: 365 days")
    }
    assert said("card_template", layout=[None, {"code": "qr", "has_picture": False, "prefix": ""}]) == {
        "Layout": ("", "Code to scan: QR code; Access picture, or initials where there is none: No")
    }


def test_what_has_no_name_shows_the_end_of_its_id() -> None:
    """A key of another system is not ours to shorten."""
    assert said("settlement", event_id=[None, ID]) == {"Event": ("", "…89b61a")}
    assert said("person", external_id=[None, ID]) == {"Key in the other system": ("", ID)}
