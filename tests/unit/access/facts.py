"""Arbitrary facts for the laws: near the moment of the scan mostly, and as odd as old databases can be."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from access.domain.credentials import CredentialStatus
from access.domain.facts import AccessRequest, ClockTrust, Facts, Presence
from access.domain.instants import Hours
from access.domain.memberships import Cancellation, CancellationState, Membership, Pause
from access.domain.multipasses import Effective, Multipass, PassUse, Period
from access.domain.people import Account, AgeGroup, Language, Memo, Participant, Text
from access.domain.policy import (
    AccessPoint,
    AccessRule,
    AccessType,
    AntiPassback,
    AntiPassbackMode,
    BalanceRule,
    Capacity,
    Direction,
    EntitlementClass,
    Mode,
    OfflineRule,
    Window,
    WindowKind,
)
from access.domain.registrations import Activity, ActivityKind, Occurrence, Registration, RegistrationStatus

NOW = datetime(2026, 11, 1, 5, 40, tzinfo=UTC)
"""In Toronto and Havana the hour that comes twice, 1 November 2026."""

ZONES = [
    ZoneInfo(name)
    for name in (
        "America/Toronto",
        "Europe/Paris",
        "America/Havana",
        "Africa/Cairo",
        "Asia/Kathmandu",
        "Pacific/Kiritimati",
        "Etc/UTC",
    )
]
zones = st.sampled_from(ZONES)
ODD_DAYS = [date.min, date.max, date(2024, 2, 29), date(1899, 12, 30), date(1970, 1, 1)]
ODD_INSTANTS = [
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
]


def told_in(at: datetime, zone: ZoneInfo) -> datetime:
    """The same instant, as another sender would have written it."""
    return at.astimezone(zone)


days = st.one_of(
    st.integers(-4, 4).map(lambda n: NOW.date() + timedelta(days=n)),
    st.integers(-400, 400).map(lambda n: NOW.date() + timedelta(days=n)),
    st.sampled_from(ODD_DAYS),
)
near_instants = st.builds(
    told_in,
    st.one_of(
        st.integers(-90, 90).map(lambda n: NOW + timedelta(seconds=n)),
        st.integers(-4000, 4000).map(lambda n: NOW + timedelta(minutes=n)),
    ),
    zones,
)
instants = st.one_of(near_instants, near_instants, near_instants, st.sampled_from(ODD_INSTANTS))
texts = st.builds(Text, st.sampled_from(["", "Pool", "Zoé", "<b>", "\u202e"]), st.sampled_from(["", "Piscine"]))
people_ids = st.sampled_from(["p1", "p1", "p1", "p2"])
account_ids = st.sampled_from(["a1", "a1", "a1", "a2"])
type_ids = st.sampled_from(["gym", "pool"])
modes = st.sampled_from(Mode)
seconds = st.sampled_from([0, 1, 30, 3600, 86_400, 7 * 86_400, 10**15])

hours = st.builds(
    Hours,
    days=st.sampled_from([(1, 2, 3, 4, 5, 6, 7), (7,), (6, 7), (1,)]),
    opens=st.sampled_from([time(0), time(1, 30), time(6), time(22)]),
    closes=st.sampled_from([time(0), time(1, 40), time(6), time(23, 59, 59, 999_999)]),
)
few_hours = st.lists(hours, max_size=2).map(tuple)
pauses = st.builds(Pause, days, st.none() | days)
memberships = st.builds(
    Membership,
    id=st.sampled_from(["m1", "m2"]),
    account_id=account_ids,
    type_id=type_ids,
    name=texts,
    person_ids=st.lists(people_ids, max_size=2).map(tuple),
    starts_on=days,
    ends_on=st.none() | days,
    pauses=st.lists(pauses, max_size=2).map(tuple),
    cancellation=st.none() | st.builds(Cancellation, st.sampled_from(CancellationState), st.none() | days),
)
periods = st.one_of(
    st.builds(Period, days=st.sampled_from([1, 30, 10**12])), st.builds(Period, months=st.sampled_from([1, 12, 10**6]))
)
multipasses = st.builds(
    Multipass,
    id=st.sampled_from(["x", "y"]),
    account_id=account_ids,
    type_id=type_ids,
    name=texts,
    purchased_on=days,
    person_id=st.sampled_from([None, "p1", "p2"]),
    total=st.sampled_from([None, 0, 1, 2, 5, 10**18]),
    effective=st.sampled_from(Effective),
    effective_on=days,
    first_used_on=st.none() | days,
    expires_on=st.none() | days,
    expires_after=st.none() | periods,
    is_one_use_a_day=st.booleans(),
)
uses = st.builds(
    PassUse,
    id=st.sampled_from(["u1", "u2", "u3"]),
    multipass_id=st.sampled_from(["x", "x", "y", "of-nobody"]),
    person_id=people_ids,
    used_at=instants,
    is_undone=st.booleans(),
)


@st.composite
def occurrences(draw: st.DrawFn) -> Occurrence:
    """An occurrence that ends after its start."""
    starts_at = draw(near_instants)
    ends_at = (starts_at.astimezone(UTC) + timedelta(minutes=draw(st.integers(1, 3000)))).astimezone(draw(zones))
    return Occurrence(id=draw(st.sampled_from(["o1", "o2"])), starts_at=starts_at, ends_at=ends_at)


activities = st.builds(
    Activity,
    id=st.sampled_from(["swim", "judo"]),
    kind=st.sampled_from(ActivityKind),
    name=texts,
    occurrences=st.lists(occurrences(), max_size=2).map(tuple),
)
registrations = st.builds(
    Registration,
    id=st.sampled_from(["r1", "r2"]),
    account_id=account_ids,
    person_id=people_ids,
    activity_id=st.sampled_from(["swim", "swim", "judo", "unheard-of"]),
    status=st.sampled_from(RegistrationStatus),
    occurrence_ids=st.sampled_from([(), (), ("o1",), ("o9",)]),
    has_invoice=st.booleans(),
)
participants = st.builds(
    Participant,
    id=st.just("p1"),
    account_id=st.just("a1"),
    first_name=st.sampled_from(["", "Maya"]),
    last_name=st.sampled_from(["", "Roy"]),
    member_id=st.sampled_from(["", "0012"]),
    language=st.none() | st.sampled_from(Language),
    picture=st.sampled_from([None, "0" * 64, "0" * 64]),
    picture_verified_on=st.none() | days,
    birthday=st.sampled_from([None, (2, 29), (11, 1), (13, 77)]),
    age_group=st.sampled_from(AgeGroup),
    is_blocked=st.sampled_from([False, False, False, True]),
    has_notify_flag=st.sampled_from([False, False, False, True]),
    memos=st.sampled_from([(), (), (), (Memo("Peanuts", is_allergy=True),)]),
)
accounts = st.builds(
    Account,
    id=st.just("a1"),
    balance_cents=st.sampled_from([-(10**18), -1, 0, 1, 5000, 5001, 10**18]),
    due_since=st.none() | days,
)
facts = st.builds(
    Facts,
    participant=st.one_of(participants, participants, participants, st.none()),
    account=st.none() | accounts,
    memberships=st.lists(memberships, max_size=2).map(tuple),
    multipasses=st.lists(multipasses, max_size=2).map(tuple),
    uses=st.lists(uses, max_size=5).map(tuple),
    activities=st.lists(activities, max_size=2).map(tuple),
    registrations=st.lists(registrations, max_size=2).map(tuple),
    presence=st.builds(Presence, last_in_at=st.none() | instants, last_out_at=st.none() | instants),
    occupancy=st.sampled_from([0, 9, 10, 11, 10**18]),
    data_as_of=st.none() | instants,
    clock=st.sampled_from(ClockTrust),
)
access_rules = st.builds(
    AccessRule,
    type=st.sampled_from(AccessType),
    chosen=st.sampled_from([(), (), ("gym",), ("swim", "pool")]),
    schedule=few_hours,
    window=st.builds(Window, st.sampled_from(WindowKind), st.sampled_from([0, 15, 10**12])),
)
policies = st.builds(
    AccessPoint,
    id=st.just("door"),
    name=texts,
    direction=st.sampled_from(Direction),
    opening_hours=few_hours,
    balance=st.builds(
        BalanceRule,
        mode=modes,
        threshold_cents=st.sampled_from([-5, 0, 5000, 10**18]),
        age_days=st.sampled_from([-1, 0, 30]),
    ),
    duplicate_window_s=seconds,
    capacity=st.builds(
        Capacity, limit=st.sampled_from([None, 0, 10]), warning_at=st.sampled_from([None, 9]), mode=modes
    ),
    anti_passback=st.builds(AntiPassback, mode=st.sampled_from(AntiPassbackMode), period_s=seconds),
    missing_picture=modes,
    offline=st.builds(OfflineRule, max_cache_age_s=seconds, stale=modes, untrusted_clock=modes),
    access_rules=st.lists(access_rules, max_size=4).map(tuple),
    order=st.permutations(list(EntitlementClass)).flatmap(
        lambda all_: st.integers(0, 4).map(lambda n: tuple(all_[:n]))
    ),
    is_choice_offered=st.booleans(),
)
wild_requests = st.builds(
    AccessRequest,
    direction=st.sampled_from(Direction),
    credential=st.sampled_from(CredentialStatus),
    choice=st.sampled_from([None, "m1", "x", "r1", "absent"]),
)
wild_cases = st.tuples(wild_requests, facts, policies)
"""Everything arbitrary at once: nearly always denied, good for totality only."""

Case = tuple[AccessRequest, Facts, AccessPoint]


def lenient(policy: AccessPoint) -> AccessPoint:
    """The same access point where only what is held decides."""
    ignored = OfflineRule(stale=Mode.IGNORE, untrusted_clock=Mode.IGNORE)
    quiet = replace(policy, balance=BalanceRule(), capacity=Capacity(mode=Mode.IGNORE), anti_passback=AntiPassback())
    return replace(quiet, missing_picture=Mode.IGNORE, offline=ignored, opening_hours=(), duplicate_window_s=0)


# -- cases that begin with somebody who is let in, and then something is changed

MAYA = Participant(id="p1", account_id="a1", first_name="Maya", picture="0" * 64)
TODAY = NOW.date()
_POOL = Text("Pool", "Piscine")
_MEMBERSHIP = Membership(
    id="m1", account_id="a1", type_id="gym", name=_POOL, person_ids=("p1",), starts_on=TODAY - timedelta(days=90)
)
_PASS = Multipass(id="x", account_id="a1", type_id="pool", name=_POOL, purchased_on=TODAY - timedelta(days=40), total=2)
_SWIM = Activity(
    id="swim",
    kind=ActivityKind.SESSION,
    name=_POOL,
    occurrences=(Occurrence(id="o1", starts_at=NOW - timedelta(minutes=5), ends_at=NOW + timedelta(hours=1)),),
)
_SWIMMER = Registration(id="r1", account_id="a1", person_id="p1", activity_id="swim")
HELD: list[dict[str, Any]] = [
    {"memberships": (_MEMBERSHIP,)},
    {"multipasses": (_PASS,)},
    {"multipasses": (replace(_PASS, person_id="p1", total=None),)},
    {"multipasses": (replace(_PASS, is_one_use_a_day=True),)},
    {"multipasses": (replace(_PASS, effective=Effective.ON_FIRST_USE, expires_after=Period(days=30)),)},
    {"activities": (_SWIM,), "registrations": (_SWIMMER,)},
    {"activities": (replace(_SWIM, kind=ActivityKind.FACILITY_BOOKING),), "registrations": (_SWIMMER,)},
    {"memberships": (_MEMBERSHIP,), "multipasses": (_PASS,), "activities": (_SWIM,), "registrations": (_SWIMMER,)},
]
_ALL_TYPES = tuple(AccessRule(type=each) for each in AccessType)
_LISTS = ("memberships", "multipasses", "uses", "activities", "registrations")


def _field(name: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, Any]]:
    return st.tuples(st.just(name), values)


_fact_changes = st.one_of(
    _field("participant", participants),
    _field("account", accounts),
    _field("memberships", memberships),
    _field("multipasses", multipasses),
    _field("uses", uses),
    _field("uses", uses),
    _field("activities", activities),
    _field("registrations", registrations),
    _field("presence", st.builds(Presence, last_in_at=near_instants, last_out_at=st.none() | near_instants)),
    _field("occupancy", st.sampled_from([0, 9, 10, 11, 10**18])),
    _field("data_as_of", st.none() | instants),
    _field("clock", st.sampled_from(ClockTrust)),
)
_policy_changes = st.one_of(
    _field("opening_hours", few_hours),
    _field("balance", st.builds(BalanceRule, mode=modes, threshold_cents=st.sampled_from([-5, 0, 5000]))),
    _field("balance", st.builds(BalanceRule, mode=modes, age_days=st.sampled_from([-1, 0, 30]))),
    _field("duplicate_window_s", seconds),
    _field("capacity", st.builds(Capacity, limit=st.sampled_from([0, 10]), warning_at=st.just(9), mode=modes)),
    _field("anti_passback", st.builds(AntiPassback, mode=st.sampled_from(AntiPassbackMode), period_s=seconds)),
    _field("missing_picture", modes),
    _field("offline", st.builds(OfflineRule, max_cache_age_s=seconds, stale=modes, untrusted_clock=modes)),
    _field("access_rules", st.lists(access_rules, min_size=1, max_size=3).map(tuple)),
    _field("order", st.permutations(list(EntitlementClass)).map(tuple)),
    _field("is_choice_offered", st.booleans()),
)
_request_changes = st.one_of(
    _field("direction", st.sampled_from(Direction)),
    _field("credential", st.sampled_from(CredentialStatus)),
    _field("choice", st.sampled_from(["m1", "x", "r1", "absent"])),
)


@st.composite
def cases(draw: st.DrawFn, *, is_entry: bool = False) -> Case:
    """Somebody who holds something that opens the door, and up to eleven changes to that."""
    known = Facts(participant=MAYA, data_as_of=NOW, **draw(st.sampled_from(HELD)))
    for name, value in draw(st.lists(_fact_changes, max_size=5)):
        change: dict[str, Any] = {name: (*getattr(known, name), value) if name in _LISTS else value}
        known = replace(known, **change)
    policy = AccessPoint(id="door", name=_POOL, access_rules=_ALL_TYPES)
    policy = replace(policy, **dict(draw(st.lists(_policy_changes, max_size=4))))
    request = AccessRequest() if is_entry else AccessRequest(**dict(draw(st.lists(_request_changes, max_size=1))))
    return request, known, policy
