"""One of each thing that crosses the network, with every field set: the source of the golden files.

A changed golden file is a changed wire: doors in the field speak the old one. Only additions with a default are
compatible. After a deliberate change, `python -m tests.unit.access.samples` writes the files anew.
"""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from access.domain.credentials import Credential, CredentialKind
from access.domain.doors import Door
from access.domain.facts import ClockTrust
from access.domain.instants import Hours
from access.domain.memberships import Cancellation, CancellationState, Membership, Pause
from access.domain.multipasses import Effective, Multipass, PassUse, Period
from access.domain.office_acts import Move, OfficeAct
from access.domain.people import Account, AgeGroup, AllowedAdult, Language, Memo, Organization, Participant, Text
from access.domain.places import Facility
from access.domain.policy import (
    AccessPoint,
    AccessRule,
    AccessType,
    AntiPassback,
    AntiPassbackMode,
    AttendanceTracking,
    BalanceRule,
    Capacity,
    Direction,
    EntitlementClass,
    KioskView,
    Mode,
    NameShown,
    OfflineRule,
    Window,
    WindowKind,
)
from access.domain.reasons import Notice, Outcome, Reason
from access.domain.registrations import Activity, ActivityKind, Occurrence, Registration, RegistrationStatus
from access.domain.staff import DeskPermission, StaffMember
from access.wire.asking import AccountState, KnownEntity
from access.wire.commands import Command, CommandAnswer, CommandKind, CommandList, CommandOutcome
from access.wire.enrolment import Enrolment, EnrolmentRequest, Revocation
from access.wire.events import (
    FIRST_PREV,
    AttendanceMark,
    CacheMark,
    Event,
    EventBatch,
    EventCause,
    EventKind,
    PresentedCredential,
    UsedEntitlement,
)
from access.wire.feed import Body, EntityKind, FeedDelta, FeedEntry, SnapshotMark, dump_body
from access.wire.leases import LeaseAnswer, LeaseRequest, LentUses
from access.wire.model import Message
from access.wire.receipts import Receipt
from access.wire.sealing import CentreKey
from access.wire.state import Connection, DeviceState

GOLDEN = Path(__file__).parent / "golden"
KEY = CentreKey(bytes(range(32)))
AT = datetime(2026, 3, 10, 14, 0, 0, 250_000, tzinfo=UTC)
POOL = Text("Pool", "Piscine")

BODIES: dict[EntityKind, Body] = {
    EntityKind.ORGANIZATION: Organization(
        id="org",
        name=Text("Town of Two Rivers", "Ville de Deux-Rivières"),
        time_zone="America/Toronto",
        language=Language.FR,
    ),
    EntityKind.ACCESS_POINT: AccessPoint(
        id="ap-pool",
        name=POOL,
        site_id="centre",
        facility_id="pool",
        direction=Direction.BOTH,
        opening_hours=(Hours(days=(1, 2), opens=time(6), closes=time(22, 30)),),
        balance=BalanceRule(mode=Mode.REVIEW, threshold_cents=5000, age_days=30),
        duplicate_window_s=60,
        capacity=Capacity(limit=100, warning_at=90, mode=Mode.REVIEW),
        anti_passback=AntiPassback(mode=AntiPassbackMode.SOFT, period_s=3600),
        missing_picture=Mode.REVIEW,
        kiosk=KioskView(has_picture=False, name=NameShown.FIRST, has_sound=False),
        pulse_ms=1500,
        offline=OfflineRule(max_cache_age_s=86_400, stale=Mode.DENY, untrusted_clock=Mode.IGNORE),
        attendance=AttendanceTracking(is_on=True, has_check_out=True, has_child_pick_up=True, has_daily_notes=True),
        access_rules=(
            AccessRule(
                type=AccessType.SESSION,
                chosen=("swim",),
                schedule=(Hours(days=(7,), opens=time(22), closes=time(2)),),
                window=Window(WindowKind.AROUND, 15),
            ),
        ),
        order=(EntitlementClass.COUNTED_MULTIPASS, EntitlementClass.ACTIVITY),
        is_choice_offered=True,
        auto_exit_after_h=12,
    ),
    EntityKind.ACCOUNT: Account(id="a1", balance_cents=1250, due_since=date(2026, 2, 1)),
    EntityKind.PERSON: Participant(
        id="p1",
        account_id="a1",
        first_name="Zoé",
        last_name="Roy",
        member_id="0042",
        language=Language.EN,
        picture="ab" * 32,
        picture_verified_on=date(2025, 9, 1),
        picture_verified_by="Dana",
        birthday=(2, 29),
        age_group=AgeGroup.CHILD,
        is_blocked=True,
        has_notify_flag=True,
        memos=(Memo("Peanuts", is_allergy=True),),
    ),
    EntityKind.CREDENTIAL: Credential(
        fingerprint="0f" * 16, person_id="p1", account_id="a1", kind=CredentialKind.NFC, is_revoked=True
    ),
    EntityKind.MEMBERSHIP: Membership(
        id="m1",
        account_id="a1",
        type_id="gym",
        name=Text("Family", "Familiale"),
        person_ids=("p1", "p2"),
        starts_on=date(2025, 9, 1),
        ends_on=date(2026, 8, 31),
        pauses=(Pause(date(2026, 1, 1), date(2026, 1, 31)), Pause(date(2026, 7, 1))),
        cancellation=Cancellation(CancellationState.REQUESTED, date(2026, 6, 30)),
    ),
    EntityKind.MULTIPASS: Multipass(
        id="x1",
        account_id="a1",
        type_id="ten-swims",
        name=POOL,
        purchased_on=date(2026, 1, 15),
        person_id="p1",
        total=10,
        effective=Effective.ON_FIRST_USE,
        effective_on=date(2026, 2, 1),
        first_used_on=date(2026, 2, 2),
        expires_on=date(2026, 12, 31),
        expires_after=Period(months=6),
        is_one_use_a_day=True,
        is_strict=True,
    ),
    EntityKind.PASS_USE: PassUse(
        id="0195808c-3a80-7000-8000-000000000001", multipass_id="x1", person_id="p1", used_at=AT, is_undone=True
    ),
    EntityKind.ACTIVITY: Activity(
        id="swim",
        kind=ActivityKind.DROP_IN,
        name=POOL,
        facility_id="pool",
        occurrences=(Occurrence(id="o1", starts_at=AT, ends_at=AT.replace(hour=15), is_cancelled=True),),
    ),
    EntityKind.REGISTRATION: Registration(
        id="r1",
        account_id="a1",
        person_id="p1",
        activity_id="swim",
        status=RegistrationStatus.WAITING,
        occurrence_ids=("o1",),
        has_invoice=False,
    ),
    EntityKind.FACILITY: Facility(id="pool", name=POOL),
    EntityKind.STAFF: StaffMember(
        id="s1",
        name="Dana",
        language=Language.FR,
        may=(DeskPermission.APPROVE, DeskPermission.UNDO),
        pin_hash="$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0c2FsdA$aGFzaA",
        is_active=False,
    ),
    EntityKind.ALLOWED_ADULT: AllowedAdult(
        id="c1",
        account_id="a1",
        child_id="p1",
        name="Marta Roy",
        relation=Text("grandmother", "grand-mère"),
        picture="cd" * 32,
        person_id="p2",
    ),
    EntityKind.DOOR: Door(id="door-1", access_points=("ap-pool", "ap-gym")),
    EntityKind.OFFICE_ACT: OfficeAct(
        id="0195808c-3a80-7000-8000-000000000001",
        access_point="ap-pool",
        at=AT,
        person_id="p1",
        account_id="a1",
        move=Move.ABSENT,
        occurrence_id="o1",
        staff_id="s1",
        note="Has a cold",
        undoes="0195808c-3a80-7000-8000-000000000000",
    ),
}

EVENT = Event(
    id="0195808c-3a80-7000-8000-000000000001",
    device="door-1",
    seq=7,
    prev=FIRST_PREV,
    kind=EventKind.CHECKED_IN,
    occurred_at=AT,
    boot_id="boot-1",
    monotonic_ms=123_456,
    clock=ClockTrust.HOLDOVER,
    cache=CacheMark(epoch="epoch-1", seq=99),
    data_as_of=AT,
    is_offline=True,
    access_point="ap-pool",
    reader="scanner-1",
    direction=Direction.IN,
    credential=PresentedCredential(kind=CredentialKind.QR, fingerprint="0f" * 16, length=12),
    person="p1",
    account="a1",
    outcome=Outcome.GRANTED,
    reasons=(Reason.NOTIFY_STAFF,),
    notices=(Notice.LAST_USE,),
    entitlement=UsedEntitlement(
        type=AccessType.MULTIPASS,
        id="x1",
        name="Piscine",
        type_id="ten-swims",
        takes_use=True,
        remaining=0,
        activates=True,
        occurrence_id="o1",
        is_chosen=True,
        lease="0195808c-3a80-7000-8000-0000000000aa",
        name_en="Pool",
        name_fr="Piscine",
    ),
    refers_to="0195808c-3a80-7000-8000-000000000000",
    staff="s1",
    note="Forgot the card",
    cause=EventCause.NO_ENTRY,
    count=3,
    mark=AttendanceMark.ABSENT,
    adult="c1",
)

_DELTA = FeedDelta(
    organization="org",
    site="centre",
    epoch="epoch-1",
    after=98,
    through=100,
    made_at=AT,
    entries=(
        FeedEntry(seq=99, op="put", kind="account", id="a1", account="a1", body={"id": "a1", "balance_cents": 1250}),
        FeedEntry(seq=100, op="delete", kind="person", id="p9", account="a1"),
    ),
)
MESSAGES: dict[str, Message] = {
    "event": EVENT,
    "event_batch": EventBatch(device="door-1", events=[EVENT.document()]),
    "receipt": Receipt(device="door-1", through_seq=5, max_seq=12, gaps=((7, 7), (9, 10)), parked=(3,)),
    "device_state": DeviceState(
        device="door-1",
        connection=Connection.ONLINE,
        at=AT,
        version="0.1.0",
        started_at=AT,
        cache=CacheMark(epoch="epoch-1", seq=99),
        data_as_of=AT,
        last_seq=7,
        waiting=2,
        clock=ClockTrust.TRUSTED,
        readers={"scanner-1": "connected"},
        lost_since={"scanner-2": AT},
        last_scan_at=AT,
        lease_floor=AT,
        relays={"strike": "open"},
        free_mb=5200,
        web="http://127.0.0.1:8700",
        commands=(CommandAnswer(id="command-1", outcome=CommandOutcome.DONE, at=AT),),
        is_revoked=False,
    ),
    "command": Command(
        organization="org",
        device="door-1",
        id="command-1",
        kind=CommandKind.REFRESH,
        issued_at=AT,
        expires_at=AT + timedelta(minutes=10),
    ),
    "command_list": CommandList(commands=("{}",)),
    "feed_delta": _DELTA,
    "snapshot_mark": SnapshotMark(
        organization="org", site="centre", epoch="epoch-1", seq=99, made_at=AT, sha256="cd" * 32, size=4096
    ),
    "enrolment_request": EnrolmentRequest(code="K7XM2P9Q", version="0.1.0"),
    "enrolment": Enrolment(
        organization="org",
        site="centre",
        device="door-1",
        secret="s" * 43,
        centre_public_key=KEY.public_raw.hex(),
        fingerprint_key="0a" * 32,
        mqtt_url="mqtts://centre.example:8883",
        access_points=("ap-pool",),
    ),
    "revocation": Revocation(organization="org", device="door-1", revoked_at=AT),
    "account_state": AccountState(
        organization="org",
        device="door-1",
        nonce="0b" * 16,
        credential="0c" * 16,
        epoch="epoch-1",
        seq=99,
        made_at=AT,
        entities=(KnownEntity(kind="account", id="a1", body={"id": "a1"}),),
    ),
    "lease_request": LeaseRequest(
        nonce="0b" * 16, multipass="pool-1", ledger="ledger-1", known=("lease-1",), is_spare=True
    ),
    "lease_answer": LeaseAnswer(
        organization="org",
        device="door-1",
        nonce="0b" * 16,
        multipass="pool-1",
        ledger="ledger-1",
        made_at=AT,
        lease=LentUses(id="lease-2", count=1, expires_at=AT),
    ),
}


def wire_bytes() -> dict[str, bytes]:
    """Every golden file's name with the bytes it must hold."""
    found = {name: message.to_bytes() for name, message in MESSAGES.items()}
    found |= {f"body_{kind}": dump_body(body).encode() for kind, body in BODIES.items()}
    return found | {"sealed_feed_delta": KEY.seal(_DELTA)}


if __name__ == "__main__":
    for name, octets in wire_bytes().items():
        (GOLDEN / f"{name}.json").write_bytes(octets + b"\n")
