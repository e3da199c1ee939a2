"""From a decision to what staff see: every reason, the memos, and buttons that say what they will do."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.domain.credentials import CredentialKind
from access.domain.facts import Decision, Entitlement, Finding
from access.domain.people import AgeGroup, Language, Memo, Participant, Text
from access.domain.policy import AccessType, Direction, EntitlementClass
from access.domain.reasons import Notice, Outcome, Reason
from kiosk.desk import ActKind, DeskScan, Permission, PresentedBy, ScanState, Standing
from kiosk.desk_presenter import LOOKED_UP, present_person, present_scan
from tests.unit.kiosk.odd_data import ENTITLEMENTS, FINDINGS, INSTANTS, PEOPLE, TEXTS

NBSP = "\u00a0"
NOW = datetime(2026, 11, 21, 19, 5, tzinfo=UTC)
ZONE = ZoneInfo("America/Toronto")
ALL = frozenset(Permission)
CARD = PresentedBy(CredentialKind.BARCODE, "3f9a2c" + "0" * 26)
EWA = Participant(
    id="p1",
    account_id="a1",
    first_name="Ewa",
    last_name="Kowalska",
    member_id="10442",
    language=Language.FR,
    picture="ab" * 32,
    picture_verified_on=date(2025, 3, 3),
    age_group=AgeGroup.TEEN,
    memos=(Memo("Brings a guest"), Memo("Peanuts", is_allergy=True)),
)
POOL = Entitlement(
    type=AccessType.MULTIPASS,
    class_=EntitlementClass.COUNTED_MULTIPASS,
    id="m1",
    name=Text("Pool multipass", "Laissez-passer piscine"),
    type_id="t1",
    ends_on=date(2026, 12, 31),
    total=10,
    remaining=2,
    takes_use=True,
)
FAMILY = replace(
    POOL, type=AccessType.MEMBERSHIP, name=Text("Family membership"), total=None, remaining=None, takes_use=False
)
NOTE = Finding(reason=Reason.NOTIFY_STAFF, outcome=Outcome.REVIEW)
BLOCK = Finding(reason=Reason.ENTRY_BLOCKED, outcome=Outcome.DENIED)
UNKNOWN = Finding(reason=Reason.UNKNOWN_CARD, outcome=Outcome.DENIED)
EXPIRED = Finding(
    reason=Reason.MEMBERSHIP_EXPIRED, outcome=Outcome.DENIED, on=date(2026, 10, 31), name=Text("Gym membership")
)


def decided(outcome: Outcome, *findings: Finding, **more: Any) -> Decision:
    return Decision(outcome=outcome, **{"direction": Direction.IN, "findings": findings, **more})


def shown(decision: Decision, **changes: Any) -> DeskScan:
    arguments: dict[str, Any] = {
        "event_id": "e1",
        "kind": {Outcome.GRANTED: "checked_in", Outcome.REVIEW: "review_requested"}.get(decision.outcome, "denied"),
        "occurred_at": NOW,
        "access_point": Text("Pool entrance", "Entrée de la piscine"),
        "participant": EWA,
        "credential": CARD,
        "zone": ZONE,
        "language": Language.EN,
        "state": ScanState.OPEN if decision.outcome is Outcome.REVIEW else ScanState.NONE,
        "may": ALL,
    }
    return present_scan(decision, **{**arguments, **changes})


def said(scan: DeskScan) -> list[str]:
    return [act.text for act in scan.acts]


REVIEW = decided(Outcome.REVIEW, NOTE, entitlement=POOL)
GRANTED = decided(Outcome.GRANTED, entitlement=POOL)
DENIED = decided(Outcome.DENIED, EXPIRED)


def test_a_review_for_staff_and_its_json() -> None:
    """The whole scan, as the page gets it."""
    scan = shown(
        decided(Outcome.REVIEW, NOTE, entitlement=POOL, notices=(Notice.BIRTHDAY, Notice.CAPACITY_WARNING)),
        is_offline=True,
    )
    assert scan.to_json() == {
        "id": "e1",
        "at": "2026-11-21T19:05:00Z",
        "access_point": "Pool entrance",
        "direction": "in",
        "kind": "review_requested",
        "outcome": "review",
        "standing": "review",
        "is_offline": True,
        "person": {
            "id": "p1",
            "name": "Ewa Kowalska",
            "first_name": "Ewa",
            "member_id": "10442",
            "age_group": "teen",
            "age_text": "Teen",
            "language": "fr",
            "picture": {"url": f"/pictures/{'ab' * 32}", "initials": "EK"},
            "picture_verified_on": "2025-03-03",
            "picture_text": "Picture verified on 3 March 2025",
            "is_birthday": True,
        },
        "title": "Needs review",
        "reasons": [
            {
                "code": "notify_staff",
                "outcome": "review",
                "text": "There is a note to read before this person goes in",
                "next_step": "Read the note, then approve or refuse",
            }
        ],
        "memos": [{"text": "Peanuts", "is_allergy": True}, {"text": "Brings a guest", "is_allergy": False}],
        "used_label": "Would use",
        "used": "Pool multipass: 2 of 10 left",
        "left": "Expires 31 December",
        "notices": ["The place is nearly full"],
        "credential": {"kind": "barcode", "fingerprint": CARD.fingerprint},
        "credential_text": "Barcode 3f9a2c",
        "state": "open",
        "by": None,
        "note": None,
        "acts": [
            {
                "act": "approve",
                "label": "Approve",
                "effect": "Ewa enters; Pool multipass: 1 of 10 left after",
                "text": "Approve: Ewa enters; Pool multipass: 1 of 10 left after",
            },
            {
                "act": "refuse",
                "label": "Refuse",
                "effect": "Ewa stays out; nothing is used",
                "text": "Refuse: Ewa stays out; nothing is used",
            },
        ],
    }


def test_all_reasons_are_kept_in_their_order() -> None:
    """Staff see what the visitor does not."""
    owing = Finding(reason=Reason.BALANCE_DUE, outcome=Outcome.REVIEW)
    scan = shown(decided(Outcome.DENIED, EXPIRED, owing))
    assert [(each.code, each.text) for each in scan.reasons] == [
        (Reason.MEMBERSHIP_EXPIRED, "Gym membership ended on 31 October"),
        (Reason.BALANCE_DUE, "The account has an unpaid balance"),
    ]


@pytest.mark.parametrize(
    ("decision", "changes", "acts"),
    [
        (GRANTED, {}, ["Undo: Ewa no longer counts as inside; Pool multipass: 2 of 10 left again"]),
        (decided(Outcome.GRANTED, entitlement=FAMILY), {}, ["Undo: Ewa no longer counts as inside"]),
        (
            decided(Outcome.GRANTED, direction=Direction.OUT),
            {"kind": "checked_out"},
            ["Undo: Ewa counts as inside again"],
        ),
        (decided(Outcome.GRANTED, is_new_movement=False), {"kind": "repeated"}, []),
        (
            REVIEW,
            {"state": ScanState.APPROVED},
            ["Undo: Ewa no longer counts as inside; Pool multipass: 2 of 10 left again"],
        ),
        (REVIEW, {"state": ScanState.REFUSED}, ["Override: Ewa enters; Pool multipass: 1 of 10 left after"]),
        (REVIEW, {"state": ScanState.UNDONE}, []),
        (DENIED, {}, ["Override: Ewa enters; nothing is used"]),
        (DENIED, {"state": ScanState.OVERRIDDEN}, ["Undo: Ewa no longer counts as inside"]),
        (
            decided(Outcome.REVIEW, NOTE, entitlement=FAMILY),
            {"may": {Permission.OVERRIDE}},
            ["Override: Ewa enters with Family membership"],
        ),
        (decided(Outcome.DENIED, BLOCK, entitlement=FAMILY), {}, ["Override: Ewa enters with Family membership"]),
        (decided(Outcome.DENIED, BLOCK, entitlement=FAMILY), {"may": ALL - {Permission.OVERRIDE_BLOCK}}, []),
        (
            decided(Outcome.DENIED, UNKNOWN),
            {"participant": None},
            ["Assign this card: choose whose it is; the centre is asked"],
        ),
        (decided(Outcome.DENIED, UNKNOWN), {"participant": None, "state": ScanState.REQUESTED}, []),
        (decided(Outcome.DENIED, UNKNOWN), {"participant": None, "may": set()}, []),
        (
            decided(Outcome.DENIED, Finding(reason=Reason.UNREADABLE_CODE, outcome=Outcome.DENIED)),
            {"participant": None},
            [],
        ),
        (REVIEW, {"may": frozenset()}, []),
    ],
)
def test_each_button_says_what_it_will_do(decision: Decision, changes: dict[str, Any], acts: list[str]) -> None:
    """By state and permission; a pass that costs nothing more is said to."""
    assert said(shown(decision, **changes)) == acts


@pytest.mark.parametrize(
    ("decision", "changes", "acts"),
    [
        (GRANTED, {}, [ActKind.CHECK_IN]),
        (GRANTED, {"is_inside": True}, [ActKind.CHECK_OUT, ActKind.CHECK_IN]),
        (REVIEW, {}, [ActKind.CHECK_IN]),
        (REVIEW, {"may": ALL - {Permission.APPROVE}}, []),
        (DENIED, {}, [ActKind.OVERRIDE]),
        (DENIED, {"is_inside": True, "may": ALL - {Permission.OVERRIDE}}, [ActKind.CHECK_OUT]),
        (decided(Outcome.DENIED, BLOCK), {"may": ALL - {Permission.OVERRIDE_BLOCK}}, []),
    ],
)
def test_somebody_looked_up_is_not_checked_in_by_looking(
    decision: Decision, changes: dict[str, Any], acts: list[ActKind]
) -> None:
    """What could be done is offered; nothing counts as used."""
    looked = {"event_id": None, "kind": LOOKED_UP, "state": ScanState.NONE, "credential": None}
    scan = shown(decision, **{**looked, **changes})
    assert [act.act for act in scan.acts] == acts
    assert scan.used_label in (None, "Would use")
    assert scan.title in ("Could go in", "Would need review", "Could not go in")


@pytest.mark.parametrize(
    ("decision", "state", "said_of_use"),
    [
        (GRANTED, ScanState.NONE, ("Used", "Pool multipass: 1 of 10 left")),
        (REVIEW, ScanState.OPEN, ("Would use", "Pool multipass: 2 of 10 left")),
        (REVIEW, ScanState.APPROVED, ("Used", "Pool multipass: 1 of 10 left")),
        (REVIEW, ScanState.REFUSED, ("Not used", "Pool multipass: 2 of 10 left")),
        (GRANTED, ScanState.UNDONE, ("Given back", "Pool multipass: 2 of 10 left")),
        (DENIED, ScanState.NONE, (None, None)),
    ],
)
def test_what_became_of_the_use(
    decision: Decision, state: ScanState, said_of_use: tuple[str | None, str | None]
) -> None:
    """Used, to be used, not used or given back, with what is left then."""
    scan = shown(decision, state=state)
    assert (scan.used_label, scan.used) == said_of_use


@pytest.mark.parametrize(
    ("state", "standing", "title"),
    [
        (ScanState.OPEN, Standing.REVIEW, "Needs review"),
        (ScanState.APPROVED, Standing.GRANTED, "Review approved"),
        (ScanState.REFUSED, Standing.DENIED, "Review refused"),
        (ScanState.OVERRIDDEN, Standing.GRANTED, "Overridden"),
        (ScanState.UNDONE, Standing.NEUTRAL, "Undone"),
        (ScanState.REQUESTED, Standing.NEUTRAL, "Card requested"),
    ],
)
def test_how_a_scan_stands_after_what_staff_did(state: ScanState, standing: Standing, title: str) -> None:
    """Colour and title follow the act, the door's outcome stays."""
    scan = shown(REVIEW, state=state, by="Dana", note="knows her")
    assert (scan.standing, scan.title, scan.outcome) == (standing, title, Outcome.REVIEW)
    assert (scan.by, scan.note) == ("Dana", "knows her")


@pytest.mark.parametrize(("language", "title"), [("en", "Nobody went through"), ("fr", "Personne n’est passé")])
def test_the_door_undid_it_by_itself(language: str, title: str) -> None:
    """The title says why; nobody did it and there is nothing left to do."""
    scan = shown(GRANTED, state=ScanState.UNDONE, cause="no_entry", language=language)
    assert (scan.standing, scan.title, scan.by, scan.acts) == (Standing.NEUTRAL, title, None, ())


def test_in_french() -> None:
    """The staff member's language, not the participant's."""
    scan = shown(REVIEW, language="fr-CA", by="Léa")
    assert scan.title == "À vérifier"
    assert scan.access_point == "Entrée de la piscine"
    assert said(scan)[0] == (f"Approuver{NBSP}: Ewa entre; Laissez-passer piscine{NBSP}: il en reste 1 sur 10 ensuite")
    assert scan.used == f"Laissez-passer piscine{NBSP}: il en reste 2 sur 10"
    assert scan.person is not None
    assert scan.person.picture_text == f"Photo vérifiée le 3{NBSP}mars 2025"


def test_how_far_a_picture_can_be_trusted() -> None:
    """Verified with its day and by whom, not verified, or none."""
    by_dana = replace(EWA, picture_verified_by="Dana")
    assert present_person(by_dana, language="en").picture_text == "Picture verified on 3 March 2025 by Dana"
    assert present_person(by_dana, language="fr").picture_text == f"Photo vérifiée le 3{NBSP}mars 2025 par Dana"
    assert present_person(replace(EWA, picture_verified_on=None), language="en").picture_text == "Picture not verified"
    nobody = present_person(replace(EWA, picture=None), language="en")
    assert (nobody.picture_text, nobody.picture.url, nobody.picture_verified_on) == ("No access picture", None, None)


@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("language", list(Language))
def test_every_reason_has_words_and_a_step_for_staff(reason: Reason, language: Language) -> None:
    """With every detail and with none."""
    for known in ({}, {"on": date(2026, 12, 1), "at": NOW, "name": Text("Gym")}):
        finding = Finding(reason=reason, outcome=Outcome.DENIED, **known)  # type: ignore[arg-type]
        [said_of_it] = shown(decided(Outcome.DENIED, finding), language=language).reasons
        assert said_of_it.text
        assert said_of_it.next_step
        assert not {"{", "}"} & set(said_of_it.text + said_of_it.next_step)


@pytest.mark.parametrize("language", list(Language))
def test_every_notice_has_words_for_staff(language: Language) -> None:
    """How full the place is among them; a birthday is said of the person."""
    scan = shown(decided(Outcome.GRANTED, entitlement=POOL, notices=tuple(Notice)), language=language)
    assert len(scan.notices) == len(Notice) - 1
    assert scan.person is not None
    assert scan.person.is_birthday
    assert not {"{", "}", "_"} & set("".join(scan.notices))


@given(
    outcome=st.sampled_from(Outcome),
    direction=st.sampled_from(Direction),
    found=FINDINGS,
    used=st.none() | ENTITLEMENTS,
    person=st.none() | PEOPLE,
    state=st.sampled_from(ScanState),
    kind=st.sampled_from(["checked_in", LOOKED_UP]) | TEXTS,
    note=st.none() | TEXTS,
    may=st.frozensets(st.sampled_from(Permission)),
    at=INSTANTS,
)
def test_odd_data_never_raises(
    outcome: Outcome,
    direction: Direction,
    found: tuple[Finding, ...],
    used: Entitlement | None,
    person: Participant | None,
    state: ScanState,
    kind: str,
    note: str | None,
    may: frozenset[Permission],
    at: datetime,
) -> None:
    """Whatever is in the cache, staff get an answer in clean text, and never an act that they may not do."""
    decision = Decision(outcome=outcome, direction=direction, findings=found, entitlement=used, notices=tuple(Notice))
    scan = shown(decision, participant=person, state=state, kind=kind, by=note, note=note, may=may, occurred_at=at)
    message = scan.to_json()
    assert "\u202e" not in str(message)
    assert message["person"] is None or message["person"]["picture"]["url"] in (
        None,
        f"/pictures/{person and person.picture}",
    )
    allowed = {Permission.APPROVE: {"approve", "refuse"}, Permission.CHECK_IN: {"check_in", "check_out"}}
    granted = {name for permission in may for name in allowed.get(permission, {permission.value})}
    assert {act["act"] for act in message["acts"]} <= granted | ({"assign"} if Permission.ASSIGN_CARD in may else set())
