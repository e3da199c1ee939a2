"""The back office's texts: both languages complete, with the same details, and every key the code names is there."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from string import Formatter

import pytest

import server.admin
from access.domain.changes import ChangeKind
from access.domain.checks import Rule
from access.domain.entitlements import PassedOver
from access.domain.facts import ClockTrust
from access.domain.people import AgeGroup
from access.domain.policy import (
    AccessType,
    AntiPassbackMode,
    AttendanceTracking,
    Direction,
    EntitlementClass,
    Mode,
    NameShown,
)
from access.domain.registrations import ActivityKind, RegistrationStatus
from access.domain.staff import DeskPermission
from access.wire.commands import CommandKind, CommandOutcome
from server.access_points.fields import UNITS
from server.access_points.form import SETTINGS
from server.access_points.values import PROBLEMS
from server.accounts.balance import EntrySource
from server.admin.clients_export import COLUMNS as CLIENT_COLUMNS
from server.admin.menu import Group
from server.admin.say import KNOWN_FLAGS
from server.admin.texts import texts
from server.admin.theme import THEMES
from server.api.scopes import Scope
from server.attendance.standing import POSSIBLE, State
from server.audit.repository import ENTITIES
from server.cards.layout import CardCode, CardLanguage
from server.cards.printing import Paper
from server.cards.service import RevokedBecause
from server.clients.tags import COLOURS
from server.devices.commands import SUPERSEDED
from server.devices.hints import HINTS
from server.explain.facts import Doubt
from server.imports.errors import FAILURES
from server.imports.problems import CODES as PROBLEM_CODES
from server.imports.records import KINDS
from server.imports.service import IMPORT_KINDS
from server.models import StaffRole
from server.pictures.intake import NotAPicture, PictureTooLarge, PictureTooManyPixels, PictureUnreadable
from server.pictures.service import PictureRole, PictureSource
from server.reports.wanted import COLUMNS as REPORT_COLUMNS
from server.reports.wanted import GroupBy, Period, What
from server.settlements.proposals import Choice
from server.staff.permissions import ROLES, Permission, permissions_of

HOME = Path(server.admin.__file__).parent
EN, FR = texts("en").entries, texts("fr").entries
COUNTING = {key.rsplit(".", 1)[0] for key in EN if key.endswith((".one", ".other"))}
# Keys of which the code writes the first part only, and what can follow it: each is proven to exist, and nothing else
# of its section may. A section that is not here needs no line, as long as the code says how its keys begin.
FAMILIES = {
    "theme": THEMES,
    "menu": [str(each) for each in Group if each is not Group.TODAY],
    "role": [str(each) for each in StaffRole],
    "flag": [*KNOWN_FLAGS, "other"],
    "flag_why": [*KNOWN_FLAGS, "other"],
    "direction": [str(each) for each in Direction],
    "mode": [str(each) for each in Mode],
    "anti_passback": [str(each) for each in AntiPassbackMode],
    "name_shown": [str(each) for each in NameShown],
    "access_type": [str(each) for each in AccessType],
    "effective": ["on_purchase", "on_date", "on_first_use"],
    "cancellation": ["requested", "scheduled"],
    "card_kind": ["barcode", "qr", "nfc"],
    "panel": ["general", "access_point", "attendance", "access_types"],
    "error": ["not_found", "not_found_why", "forbidden", "forbidden_why", "failed", "failed_why"],
    "settlement": [
        *(f"{choice}{more}" for choice in Choice for more in ("", "_why")),
        *(f"done_{choice}" for choice in Choice),
        *("recorded", "problem_already", "problem_amount", "problem_choice"),
    ],
    "at_the_door": ["guesses"],
    "overview": ["inside", "granted", "review", "denied"],
    "registrations": ["until", "starts", "paused_until", "pause_starts"],
    "devices": ["connected", "offline", "never", "revoked", "written_off", "name_missing", "point_missing"],
    "device": ["lent", "parked"],
    "device_hint": HINTS,
    "device_part": ["starting", "ready", "lost", "stopped"],
    "device_command": [str(each) for each in CommandKind],
    "device_answer": [*(str(each) for each in CommandOutcome), SUPERSEDED, "waiting", "expired"],
    **{
        family: [str(each) for each in (CommandKind.REFRESH, CommandKind.RESTART, CommandKind.WIPE)]
        for family in ("device_do", "device_why", "device_asked")
    },
    "rule": [str(each) for each in Rule],
    "standing": ["ignored", "outweighed", "not_asked", "repeated"],
    "passed_over": [str(each) for each in PassedOver],
    "clock_trust": [str(each) for each in ClockTrust],
    "change": [*(str(each) for each in ChangeKind), "unnamed"],
    "doubt": [str(each) for each in Doubt],
    # Which facts a rule looks at is proven where explanations are told.
    "fact": [key.removeprefix("fact.") for key in EN if key.startswith("fact.")],
    "what_if": ["days_of", "doubtful", "lost", "replayed", "turned", "unlike", "won"],
    "mail": ["waiting_count"],
    "account": ["registrations", "account_members", "cards", "activity"],
    "point": [*SETTINGS.values(), "name_en", "name_fr", "form", "opens", "closes", "save", "save_over"],
    "point_group": ["general", "access_point", "attendance", "access_types"],
    "point_attendance": [f"{each.name}{more}" for each in fields(AttendanceTracking) for more in ("", "_help")],
    "point_order": [str(each) for each in EntitlementClass],
    "point_things": [str(each) for each in AccessType],
    "point_unit": list(UNITS),
    "point_problem": PROBLEMS,
    "audit_actor": ["staff", "token", "client", "door", "system"],
    "audit_entity": ENTITIES,
    "quarantine": [
        *("unknown_device", "device_revoked", "unsupported_version", "malformed"),
        *("conflicting_id", "conflicting_seq", "internal_error", "nobody"),
    ],
    "audit_source": [str(each) for each in EntrySource],
    "audit_status": [str(each) for each in RegistrationStatus],
    "audit_picture": [str(each) for each in PictureRole],
    "audit_scope": sorted({each.value.split(":")[1] for each in Scope}),
    # How an entry is told falls back on the log's own word where there is none.
    **{
        family: [key.removeprefix(f"{family}.") for key in EN if key.startswith(f"{family}.")]
        for family in ("audit_field", "audit_what")
    },
    **{f"permission{more}": [str(each) for each in Permission] for more in ("", "_why")},
    **{f"desk_permission{more}": [str(each) for each in DeskPermission] for more in ("", "_why")},
    "roles": ["holders", *(f"problem_{each}" for each in ("beyond_own", "last_admin", "in_use", "bad_name"))],
    "profile": ["codes_left"],
    "import_kind": IMPORT_KINDS,
    "import_state": ["mapping", "checking", "checked", "running", "done", "failed", "cancelled"],
    "import_column": ["file", *sorted({name for kind in KINDS.values() for name in kind.by_name})],
    "import_problem": PROBLEM_CODES,
    "import_failure": FAILURES,
    "scope_area": sorted({each.value.split(":")[0] for each in Scope}),
    "history": ["from", "to"],
    "report": [
        *(f"age_{each}" for each in AgeGroup),
        *("offline_yes", "offline_no", "only_counted"),
        *(
            f"{part}_{each}"
            for part in ("chart", "head")
            for each in ("by_hour", "by_day", "by_month", "by_year", "by_point", "reasons")
        ),
    ],
    "activity_kind": [str(each) for each in ActivityKind],
    "attendance_state": [str(each) for each in State],
    "attendance_do": list(POSSIBLE),
    "report_period": [str(each) for each in Period],
    "report_what": [str(each) for each in What],
    "report_group": [*(str(each) for each in GroupBy), "none"],
    "report_column": REPORT_COLUMNS,
    "webhook_error": [key.removeprefix("webhook_error.") for key in EN if key.startswith("webhook_error.")],
    "client_export": CLIENT_COLUMNS,
    "tag_colour": COLOURS,
    "pictures": [
        *(f"{role}{more}" for role in PictureRole for more in ("", "_why")),
        *(refusal.code for refusal in (PictureTooLarge, PictureTooManyPixels, NotAPicture, PictureUnreadable)),
    ],
    "card_because": [str(each) for each in RevokedBecause],
    "card_paper": [str(each) for each in Paper],
    "card_code": [str(each) for each in CardCode],
    "card_language": [str(each) for each in CardLanguage],
    "card_problem": ["not_uid", "unreadable", "needs_number", "revoked", "taken", "not_in_use", "too_long", "archived"],
    "card_template_problem": ["name", "colour", "prefix", "digits"],
    "picture_source": [str(each) for each in PictureSource],
}
ALARMS = [
    "mail_given_up",
    "webhook_given_up",
    "backup_restored",
    "enrolment_guessing",
    "quarantine_full",
    "message_quarantined",
    "chain_broken",
    "event_parked",
    "conflicting_event",
    "pass_overdrawn",
    "card_not_assigned",
    "card_cloned",
    "guessing_at_door",
    "internal_error",
]


def _sources() -> str:
    files = [*HOME.parent.rglob("*.py"), *HOME.rglob("*.html")]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def _named() -> set[str]:
    source = _sources()
    named = set(re.findall(r"""["']([a-z_]+\.[a-z_]+)["']""", source)) & {*EN, *FR, *COUNTING} | _called(source)
    named |= {f"fields.{name}" for name in re.findall(r'(?<![.\w])(?:label|day_field)\("(\w+)"', source)}
    named |= {f"fields.{name}" for name in ("direction", "id")}
    secrets = re.findall(r'_secret_field\("(\w+)"', source)
    named |= {f"{section}.{name}" for section in ("fields", "help") for name in secrets}
    settings = re.findall(r'ui\.setting\("(\w+)"', source)
    named |= {f"{section}.{name}" for section in ("point", "point_help") for name in settings}
    named |= {f"activity.{name}" for name in re.findall(r'"(column_\w+|participant|access_point|decided_by)",', source)}
    named |= {f"alarm.{name}" for name in ALARMS}
    return named | {f"{family}.{each}" for family, all_of_it in FAMILIES.items() for each in all_of_it}


def _called(source: str) -> set[str]:
    """Keys that a call names in full: `t("a.b")`, `tn("a.b", n)`, `say.t.count("a.b", n)`, `lazy_text("a.b")`."""
    plain = re.findall(
        r"""(?:\b(?:t|tn|say|said|said_in|lazy_text|texts\([^)]*\))|\.count)\(\s*(?:request,\s*)?["']([a-z_.]+[a-z_])["']""",
        source,
    )
    conditional = re.findall(r"""["']([a-z_]+\.[a-z_]+)["'] (?:if|else)""", source)
    return {key for key in [*plain, *conditional] if "." in key}


def _composed(source: str) -> tuple[str, ...]:
    """What keys begin with of which the code writes the rest at run time: `t("a." ~ b)`, `t(f"a.b_{c}")`.

    A family in the table is held to the table; only of the others is the beginning all that is known.
    """
    in_templates = re.findall(r"""["']([a-z_]+\.[a-z_]*)["'] ~""", source)
    in_code = re.findall(r"""f["']([a-z_]+\.[a-z_]*){""", source)
    return tuple(each for each in {*in_templates, *in_code} if each.split(".")[0] not in FAMILIES)


def test_both_languages_have_the_same_keys() -> None:
    """A missing translation fails here, not before a visitor."""
    assert EN.keys() ^ FR.keys() == set()


@pytest.mark.parametrize("key", sorted(EN))
def test_both_languages_name_the_same_details(key: str) -> None:
    """And neither is empty."""
    english, french = ({name for _, name, _, _ in Formatter().parse(text) if name} for text in (EN[key], FR[key]))
    assert english == french
    assert EN[key].strip()
    assert FR[key].strip()


def test_every_key_that_the_code_names_exists() -> None:
    """In pages and in templates."""
    assert {key for key in _named() if key not in EN and key not in COUNTING} == set()


def test_no_text_is_left_over() -> None:
    """What nobody says is deleted. A counting text is named without its `.one` and `.other`."""
    named, composed = _named(), _composed(_sources())
    assert {
        key
        for key in EN
        if key not in named and not (key.endswith((".one", ".other")) and key.rsplit(".", 1)[0] in named)
        if not key.startswith(composed)
    } == set()


def test_french_signs_have_their_spaces() -> None:
    """A no-break space, or a narrow one, in front of : ; ! ? and inside guillemets."""
    unspaced = re.compile(r"[^\u00a0\u202f][:;!?](?=\s|$|»)|[^\u00a0\u202f]»|«[^\u00a0\u202f]")
    assert [key for key, text in FR.items() if unspaced.search(text)] == []


def test_counting_follows_the_language() -> None:
    """French says one for zero too."""
    assert texts("en").count("members.years", 0) == "0 years"
    assert texts("fr").count("members.years", 0) == "0 an"
    assert texts("fr-CA").count("members.years", 2) == "2 ans"
    assert texts("de").language == "en"


def test_roles_are_data_and_deny_by_default() -> None:
    """Every role of the accounts is defined; an unknown one may nothing; only the admin may everything."""
    assert set(ROLES) == set(StaffRole)
    assert permissions_of("king") == frozenset()
    assert permissions_of("admin") == frozenset(Permission)
    assert Permission.STAFF not in permissions_of("desk")
    assert permissions_of("viewer") == {Permission.VIEW_ACCOUNTS}


def test_no_template_writes_a_colon_of_its_own() -> None:
    """A colon between a label and what it is about is `sign.colon`, which has its space in French."""
    own = re.compile(r"(\}\}|</strong>|</a>|</bdi>): ")
    folder = Path(server.admin.__file__).parent / "templates"
    assert [each.name for each in folder.rglob("*.html") if own.search(each.read_text(encoding="utf-8"))] == []
