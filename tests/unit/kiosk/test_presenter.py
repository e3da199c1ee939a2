"""From a decision to a screen: one thought, in the visitor's language, discreet."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.domain.facts import Decision, Entitlement, Finding
from access.domain.people import Language, Memo, Participant, Text
from access.domain.policy import AccessType, Direction, EntitlementClass, KioskView, NameShown
from access.domain.reasons import Notice, Outcome, Reason
from kiosk.presenter import present
from kiosk.screen import LineRole, Screen, Sound
from tests.unit.kiosk.odd_data import ENTITLEMENTS, FINDINGS, INSTANTS, PEOPLE, TEXTS

NBSP = "\u00a0"
NOW = datetime(2026, 11, 21, 19, 5, tzinfo=UTC)
ZONE = ZoneInfo("America/Toronto")
MAYA = Participant(
    id="p1",
    account_id="a1",
    first_name="Maya",
    last_name="Tremblay-Roy",
    language=Language.FR,
    picture="ab" * 32,
    memos=(Memo("owes us a towel"),),
)
POOL = Entitlement(
    type=AccessType.MULTIPASS,
    class_=EntitlementClass.COUNTED_MULTIPASS,
    id="m1",
    name=Text("Pool multipass", "Laissez-passer piscine"),
    type_id="t1",
    total=10,
    remaining=3,
    takes_use=True,
)


def entitlement(**changes: Any) -> Entitlement:
    values = {name: getattr(POOL, name) for name in POOL.__slots__}
    return Entitlement(**{**values, **changes})


def decided(outcome: Outcome, *findings: Finding, **more: Any) -> Decision:
    return Decision(outcome=outcome, **{"direction": Direction.IN, "findings": findings, **more})


def shown(decision: Decision, **changes: Any) -> Screen:
    arguments: dict[str, Any] = {
        "event_id": "e1",
        "occurred_at": NOW,
        "participant": MAYA,
        "view": KioskView(),
        "language_default": Language.EN,
        "zone": ZONE,
    }
    return present(decision, **{**arguments, **changes})


def english(decision: Decision, **changes: Any) -> list[tuple[str, str]]:
    screen = shown(decision, participant=None, **changes)
    return [(line.role.value, line.text) for line in screen.lines]


def test_a_granted_entry_in_the_visitor_s_own_language() -> None:
    """The whole screen and its JSON, as the page gets it."""
    screen = shown(decided(Outcome.GRANTED, entitlement=POOL), is_offline=True)
    assert screen.to_json() == {
        "id": "e1",
        "outcome": "granted",
        "language": "fr",
        "title": "Bienvenue, Maya",
        "name": "Maya Tremblay-Roy",
        "picture": {"url": f"/pictures/{'ab' * 32}", "initials": "MT"},
        "lines": [{"role": "used", "text": f"Laissez-passer piscine{NBSP}: il en reste 2 sur 10"}],
        "sound": "granted",
        "hold_ms": 3500,
        "occurred_at": "2026-11-21T19:05:00Z",
        "is_offline": True,
    }


@pytest.mark.parametrize(
    ("used", "lines"),
    [
        (POOL, [("used", "Pool multipass: 2 of 10 left")]),
        (
            entitlement(ends_on=date(2026, 12, 31)),
            [("used", "Pool multipass: 2 of 10 left"), ("left", "Expires 31 December")],
        ),
        (entitlement(total=None, remaining=None), [("used", "Pool multipass: Unlimited")]),
        (entitlement(remaining=0), [("used", "Pool multipass: overdrawn by 1")]),
        (
            entitlement(type=AccessType.MEMBERSHIP, name=Text("Family membership"), ends_on=date(2027, 5, 31)),
            [("used", "Family membership\u00a0– until 31 May 2027")],
        ),
        (
            entitlement(type=AccessType.MEMBERSHIP, name=Text("Gym membership")),
            [("used", "Gym membership")],
        ),
        (
            entitlement(type=AccessType.SESSION, name=Text("Swim level 3"), starts_at=NOW + timedelta(minutes=25)),
            [("used", "Swim level 3\u00a0– starts 14:30")],
        ),
        (
            entitlement(
                type=AccessType.SESSION,
                name=Text("Swim level 3"),
                starts_at=NOW - timedelta(minutes=5),
                ends_at=NOW + timedelta(minutes=40),
            ),
            [("used", "Swim level 3\u00a0– until 14:45")],
        ),
    ],
)
def test_what_was_used_and_what_is_left(used: Entitlement, lines: list[tuple[str, str]]) -> None:
    """As people say it."""
    assert english(decided(Outcome.GRANTED, entitlement=used)) == lines


@pytest.mark.parametrize(
    ("notice", "line"),
    [
        (Notice.BIRTHDAY, ("birthday", "Happy birthday!")),
        (Notice.LAST_USE, ("notice", "That was the last entry on this pass")),
        (Notice.PASS_ACTIVATED, ("notice", "Your pass is now active")),
        (Notice.USE_ALREADY_TAKEN_TODAY, ("notice", "No extra entry used today")),
        (Notice.CAPACITY_WARNING, None),
    ],
)
def test_notices(notice: Notice, line: tuple[str, str] | None) -> None:
    """One warm line for a birthday; how full the place is concerns staff only."""
    lines = english(decided(Outcome.GRANTED, entitlement=POOL, notices=(notice,)))
    assert lines[1:] == ([line] if line else [])


def test_a_new_pass_says_until_when_it_is_active() -> None:
    """The first use fixes the expiry, said once."""
    new = entitlement(activates=True, ends_on=date(2026, 12, 21))
    lines = english(decided(Outcome.GRANTED, entitlement=new, notices=(Notice.PASS_ACTIVATED,)))
    assert lines[1:] == [("notice", "Your pass is now active, until 21 December")]


def test_a_repeated_scan_is_welcome() -> None:
    """Granted again with a notice, not an error."""
    finding = Finding(reason=Reason.ALREADY_CHECKED_IN, outcome=Outcome.GRANTED, at=NOW)
    screen = shown(decided(Outcome.GRANTED, finding, is_new_movement=False), language_default="en")
    assert screen.outcome is Outcome.GRANTED
    assert screen.lines[0].text == "Entrée déjà enregistrée, bon retour"
    assert english(decided(Outcome.GRANTED, finding)) == [("notice", "Already checked in, welcome back")]


def test_one_discreet_reason_and_the_next_step() -> None:
    """The strictest reason is shown, the others and the memo are not."""
    findings = (
        Finding(reason=Reason.MEMBERSHIP_NOT_STARTED, outcome=Outcome.DENIED, on=date(2026, 12, 1)),
        Finding(reason=Reason.BALANCE_DUE, outcome=Outcome.REVIEW),
    )
    screen = shown(decided(Outcome.DENIED, *findings))
    assert screen.title == "Entrée impossible"
    assert [(line.role, line.text) for line in screen.lines] == [
        (LineRole.REASON, f"Votre adhésion commence le 1er{NBSP}décembre"),
        (LineRole.NEXT_STEP, "À bientôt, ou passez à l’accueil"),
    ]
    assert screen.hold_ms == 6000
    assert screen.sound is Sound.DENIED
    assert "towel" not in str(screen.to_json())


def test_a_review_does_not_repeat_its_title() -> None:
    """ "Please see the desk" is said once, largest."""
    decision = decided(Outcome.REVIEW, Finding(reason=Reason.BALANCE_DUE, outcome=Outcome.REVIEW), entitlement=POOL)
    assert shown(decision, participant=None).title == "Please see the desk"
    assert english(decision) == [("reason", "Our team would like a quick word with you")]


@pytest.mark.parametrize(
    ("opens_at", "said"),
    [
        (NOW + timedelta(hours=3), "Swim level 3 opens at 17:05"),
        (NOW + timedelta(days=2), "Swim level 3 opens on 23 November at 14:05"),
        (None, "Swim level 3 is not open right now"),
    ],
)
def test_an_early_arrival_hears_when(opens_at: datetime | None, said: str) -> None:
    """In the organization's time zone; another day is named."""
    finding = Finding(
        reason=Reason.OUTSIDE_ACTIVITY_WINDOW, outcome=Outcome.DENIED, at=opens_at, name=Text("Swim level 3")
    )
    assert english(decided(Outcome.DENIED, finding))[0] == ("reason", said)


def test_an_unknown_card_shows_nobody() -> None:
    """No picture, no name, no initials."""
    screen = shown(
        decided(Outcome.DENIED, Finding(reason=Reason.UNKNOWN_CARD, outcome=Outcome.DENIED)), participant=None
    )
    assert (screen.name, screen.picture.url, screen.picture.initials) == ("", None, "")
    assert screen.language is Language.EN


def test_going_out_says_goodbye() -> None:
    """Never a reason on the way out, whatever was found."""
    finding = Finding(reason=Reason.ENTRY_BLOCKED, outcome=Outcome.GRANTED)
    screen = shown(decided(Outcome.GRANTED, finding, direction=Direction.OUT))
    assert (screen.title, screen.lines) == ("Au revoir, Maya", ())


def test_what_a_kiosk_may_show_is_policy() -> None:
    """No picture, no name and no sound when the access point says so."""
    view = KioskView(has_picture=False, name=NameShown.NONE, has_sound=False)
    screen = shown(decided(Outcome.GRANTED, entitlement=POOL), view=view)
    assert screen.title == "Bienvenue"
    assert "Maya" not in str(screen.to_json())
    assert screen.picture.url is None
    assert screen.sound is Sound.NONE


@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("language", list(Language))
def test_every_reason_can_be_shown(reason: Reason, language: Language) -> None:
    """Each of the 27, refused or to be reviewed, with every detail and with none."""
    details: dict[str, Any] = {"on": date(2026, 12, 1), "at": NOW, "name": Text("Gym")}
    for outcome in (Outcome.REVIEW, Outcome.DENIED):
        for known in ({}, details):
            finding = Finding(reason=reason, outcome=outcome, **known)
            screen = shown(decided(outcome, finding), participant=None, language_default=language)
            assert screen.lines[0].text
            assert not {"{", "}"} & set("".join(line.text for line in screen.lines))


@given(
    outcome=st.sampled_from(Outcome),
    direction=st.sampled_from(Direction),
    found=FINDINGS,
    used=st.none() | ENTITLEMENTS,
    notices=st.lists(st.sampled_from(Notice), max_size=5).map(tuple),
    person=st.none() | PEOPLE,
    default=st.sampled_from(Language) | TEXTS,
    at=INSTANTS,
)
def test_odd_data_never_raises(
    outcome: Outcome,
    direction: Direction,
    found: tuple[Finding, ...],
    used: Entitlement | None,
    notices: tuple[Notice, ...],
    person: Participant | None,
    default: str,
    at: datetime,
) -> None:
    """Whatever is in the cache, someone at the door gets an answer, and a picture only by its hash."""
    decision = Decision(outcome=outcome, direction=direction, findings=found, entitlement=used, notices=notices)
    screen = shown(decision, participant=person, language_default=default, occurred_at=at)
    message = screen.to_json()
    assert message["title"]
    assert message["outcome"] == outcome.value
    assert message["picture"]["url"] is None or len(message["picture"]["url"]) == len("/pictures/") + 64
    assert all("\u202e" not in line["text"] and "\n" not in line["text"] for line in message["lines"])
