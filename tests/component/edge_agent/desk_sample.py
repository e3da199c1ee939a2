"""A small sample for tests of the desk: staff with PINs, somebody to look at twice, a lesson with a child in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from access.domain.credentials import Code, Credential, CredentialKind, fingerprint
from access.domain.people import Account, AgeGroup, AllowedAdult, Language, Memo, Participant, Text
from access.domain.places import Facility
from access.domain.policy import AccessPoint, AccessRule, AccessType, AttendanceTracking
from access.domain.registrations import Activity, ActivityKind, Occurrence, Registration
from access.domain.staff import DeskPermission, StaffMember
from access.wire.feed import Body
from access.wire.pins import hash_pin
from tests.component.edge_agent.sample import sample

__all__ = ["CHILD_CARD", "NOBODY", "PIN", "VIEWER_PIN", "desk_sample"]

PIN, LEA_PIN, VIEWER_PIN = "184623", "908172", "551209"
CHILD_CARD, NOBODY = "10009", "99999"
_SALT = bytes(range(16))


def desk_sample(key: bytes, *, auto_exit_after_h: int = 0) -> list[Body]:
    """The usual people; the one with the pass has a starred memo, so every scan of theirs needs a look."""
    bodies: list[Body] = []
    for body in sample(key):
        if isinstance(body, AccessPoint):
            body = _pool(body, auto_exit_after_h)
        if isinstance(body, Participant) and body.id == "p2":
            body = replace(body, memos=(Memo("Brings a guest"),), member_id="0042")
        bodies.append(body)
    return [*bodies, *_lesson(key), *_staff()]


def _pool(point: AccessPoint, auto_exit_after_h: int) -> AccessPoint:
    return replace(
        point,
        facility_id="hall",
        access_rules=(*point.access_rules, AccessRule(type=AccessType.SESSION)),
        attendance=AttendanceTracking(is_on=True, has_check_out=True, has_child_pick_up=True, has_daily_notes=True),
        auto_exit_after_h=auto_exit_after_h,
    )


def _lesson(key: bytes) -> list[Body]:
    start = datetime.now(UTC)
    code = Code(CredentialKind.BARCODE, CHILD_CARD)
    lesson = Occurrence(id="monday", starts_at=start, ends_at=start + timedelta(hours=1))
    return [
        Facility(id="hall", name=Text("Hall", "Salle")),
        Activity(
            id="swim", kind=ActivityKind.SESSION, name=Text("Swim 3", "Natation 3"), facility_id="hall",
            occurrences=(lesson,),
        ),
        Account(id="a9"),
        Participant(id="p9", account_id="a9", first_name="Léo", last_name="Roy", age_group=AgeGroup.CHILD),
        Credential(fingerprint=fingerprint(key, code), person_id="p9", account_id="a9"),
        Registration(id="r9", account_id="a9", person_id="p9", activity_id="swim"),
        AllowedAdult(id="c9", account_id="a9", child_id="p9", name="Marta Roy", relation=Text("mother", "mère")),
    ]  # fmt: skip


def _staff() -> list[Body]:
    everything = tuple(DeskPermission)
    return [
        StaffMember(id="s1", name="Dana", may=everything, pin_hash=hash_pin(PIN, _SALT)),
        StaffMember(id="s2", name="Léa", language=Language.FR, may=everything, pin_hash=hash_pin(LEA_PIN, _SALT)),
        StaffMember(id="s3", name="Vic", may=(DeskPermission.LOOK_UP, "fly"), pin_hash=hash_pin(VIEWER_PIN, _SALT)),
    ]
