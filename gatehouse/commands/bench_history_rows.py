"""The rows of a made-up history, as ingest writes them: canonical bodies of the contract, hashed into doors' chains.

The bodies are made once by the contract's own models and filled in by place: ten million are written in minutes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from access.domain.credentials import CredentialKind
from access.domain.facts import ClockTrust
from access.domain.policy import AccessType, Direction
from access.domain.reasons import Outcome, Reason
from access.wire.canonical import canonical_bytes
from access.wire.events import FIRST_PREV, CacheMark, EventKind, PresentedCredential, UsedEntitlement
from access.wire.events import Event as WireEvent

__all__ = ["COLUMNS", "Door", "Happening", "Whose", "event_rows"]

COLUMNS: Final = (
    "id", "organization_id", "site_id", "device_id", "seq", "prev_hash", "access_point_id", "account_id", "person_id",
    "kind", "outcome", "reasons", "pass_type", "pass_id", "pass_name", "credential_kind", "occurred_at", "recorded_at",
    "is_offline", "staff_id", "refers_to", "flags", "is_flagged", "body", "body_hash",
)  # fmt: skip
_LATE_CHANCE: Final = 0.02
_LATE_S: Final = 5_400
_DAY_MS: Final = 86_400_000
_CLOCK: Final = [f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in range(86_400)]
_IN: Final = frozenset({EventKind.CHECKED_IN, EventKind.REVIEW_APPROVED, EventKind.OVERRIDDEN})
# kind, outcome, reasons, how many of a thousand; what is left over is a plain entry.
_KINDS: Final = (
    (EventKind.CHECKED_OUT, Outcome.GRANTED, (), 120),
    (EventKind.DENIED, Outcome.DENIED, (Reason.MEMBERSHIP_EXPIRED,), 18),
    (EventKind.DENIED, Outcome.DENIED, (Reason.MULTIPASS_DEPLETED, Reason.BALANCE_DUE), 12),
    (EventKind.REPEATED, Outcome.GRANTED, (), 20),
    (EventKind.REVIEW_REQUESTED, Outcome.REVIEW, (Reason.BALANCE_DUE,), 15),
    (EventKind.REVIEW_APPROVED, Outcome.GRANTED, (Reason.BALANCE_DUE,), 12),
    (EventKind.UNDONE, Outcome.GRANTED, (), 3),
    (EventKind.OVERRIDDEN, Outcome.GRANTED, (Reason.MULTIPASS_DEPLETED,), 2),
)
_BY_STAFF: Final = frozenset({EventKind.REVIEW_APPROVED, EventKind.UNDONE, EventKind.OVERRIDDEN})
_ID: Final = "01900000-0000-7000-8000-0000000000{:02x}"
_NUMBER: Final = 987_654_321
_AT: Final = datetime(2001, 2, 3, 4, 5, 6, 789_000, UTC)


@dataclass(frozen=True, slots=True)
class Door:
    """A device, where it stands and whose it is."""

    organization_id: str
    site_id: str
    device_id: str
    access_point_id: str


@dataclass(frozen=True, slots=True)
class Whose:
    """Who was at the door; `pass_id` is of a multipass, None for the family's membership."""

    account_id: str
    person_id: str
    pass_id: str | None


@dataclass(frozen=True, slots=True)
class Happening:
    """One event before it is written: `at_ms` since 1970, and the number of its door."""

    at_ms: int
    door: int
    whose: Whose


@dataclass(frozen=True, slots=True)
class _Sort:
    kind: str
    outcome: str
    reasons: str
    is_by_staff: bool
    is_entry: bool
    is_undoing: bool
    body: dict[tuple[bool, bool], str]
    """Of a membership or a multipass, online or offline."""


def event_rows(happenings: Iterator[Happening], doors: list[Door], *, seed: int = 1) -> Iterator[tuple[Any, ...]]:
    """The rows in the order in which things happened, values as `COLUMNS`."""
    chosen = random.Random(seed)
    drawn, sorts = chosen.random, _sorts(chosen)
    plain = sorts[-1]
    seqs, hashes = [0] * len(doors), [FIRST_PREV] * len(doors)
    entered: list[str | None] = [None] * len(doors)
    for number, happening in enumerate(happenings):
        place, whose, at_ms = happening.door, happening.whose, happening.at_ms
        door, sort, chance = doors[place], sorts[int(drawn() * len(sorts))], drawn()
        refers_to = entered[place] if sort.is_undoing else None
        if sort.is_undoing and refers_to is None:
            sort = plain
        seqs[place] = seq = seqs[place] + 1
        is_late = chance < _LATE_CHANCE
        day, clock = _day_of(at_ms), f"{_CLOCK[at_ms % _DAY_MS // 1000]}.{at_ms % 1000:03}"
        told_ms = at_ms + _LATE_S * 1000 if is_late else at_ms + 400
        told = f"{_day_of(told_ms)} {_CLOCK[told_ms % _DAY_MS // 1000]}.{told_ms % 1000:03}000"
        moment = f"{at_ms:012x}"
        id_ = f"{moment[:8]}-{moment[8:]}-7{number % 4096:03x}-8000-{number:012x}"
        pass_id, pass_name, pass_type = whose.pass_id, "Pool multipass", "multipass"
        is_member = pass_id is None
        if is_member:
            pass_id, pass_name, pass_type = f"m{whose.account_id}", "Fitness and pool", "membership"
        body = sort.body[is_member, is_late] % {
            "id": id_,
            "door": door.device_id,
            "point": door.access_point_id,
            "account": whose.account_id,
            "person": whose.person_id,
            "pass": pass_id,
            "card": whose.person_id[-32:].replace("-", "0"),
            "at": f"{day}T{clock}Z",
            "prev": hashes[place],
            "seq": seq,
            "refers_to": refers_to,
        }
        body_hash = sha256(body.encode()).hexdigest()
        flags = '["late", "overdrawn"]' if chance < 0.0005 else '["late"]' if is_late else "[]"
        yield (
            id_, door.organization_id, door.site_id, door.device_id, seq, hashes[place], door.access_point_id,
            whose.account_id, whose.person_id, sort.kind, sort.outcome, sort.reasons, pass_type, pass_id, pass_name,
            "barcode", f"{day} {clock}000", told, is_late, "kim" if sort.is_by_staff else None, refers_to, flags,
            is_late, body, body_hash,
        )  # fmt: skip
        hashes[place] = body_hash
        if sort.is_entry:
            entered[place] = id_


_DAYS: Final[dict[int, str]] = {}


def _day_of(at_ms: int) -> str:
    """The day in UTC, as in the database."""
    number = at_ms // _DAY_MS
    day = _DAYS.get(number)
    if day is None:
        day = _DAYS[number] = (date(1970, 1, 1) + timedelta(days=number)).isoformat()
    return day


def _sorts(chosen: random.Random) -> list[_Sort]:
    """A thousand, in any order; the last is a plain entry."""
    found: list[_Sort] = []
    for kind, outcome, reasons, share in _KINDS:
        found += [_sort(kind, outcome, reasons)] * share
    plain = _sort(EventKind.CHECKED_IN, Outcome.GRANTED, ())
    found += [plain] * (999 - len(found))
    chosen.shuffle(found)
    return [*found, plain]


def _sort(kind: EventKind, outcome: Outcome, reasons: tuple[Reason, ...]) -> _Sort:
    said = ", ".join(f'"{each.value}"' for each in reasons)
    is_by_staff = kind in _BY_STAFF
    bodies = {
        (is_member, is_offline): _body(kind, outcome, reasons, is_member=is_member, is_offline=is_offline)
        for is_member in (True, False)
        for is_offline in (True, False)
    }
    return _Sort(kind.value, outcome.value, f"[{said}]", is_by_staff, kind in _IN, kind is EventKind.UNDONE, bodies)


def _body(kind: EventKind, outcome: Outcome, reasons: tuple[Reason, ...], *, is_member: bool, is_offline: bool) -> str:
    """An event's canonical text with places to fill in."""
    ids = {name: _ID.format(number) for number, name in enumerate(("id", "refers_to", "account", "person", "pass"), 1)}
    model = WireEvent(
        id=ids["id"],
        device="the-device",
        seq=_NUMBER,
        prev="ab" * 32,
        kind=kind,
        occurred_at=_AT,
        boot_id="boot-1",
        monotonic_ms=123_456,
        clock=ClockTrust.TRUSTED,
        cache=CacheMark(epoch="epoch-1", seq=4_321),
        data_as_of=_AT,
        is_offline=is_offline,
        access_point="the-point",
        reader="entrance",
        direction=Direction.OUT if kind is EventKind.CHECKED_OUT else Direction.IN,
        credential=PresentedCredential(kind=CredentialKind.BARCODE, fingerprint="cd" * 16),
        person=ids["person"],
        account=ids["account"],
        outcome=outcome,
        reasons=reasons,
        entitlement=UsedEntitlement(
            type=AccessType.MEMBERSHIP if is_member else AccessType.MULTIPASS,
            id=ids["pass"],
            name="Fitness and pool" if is_member else "Pool multipass",
            remaining=None if is_member else 3,
        ),
        refers_to=ids["refers_to"] if kind is EventKind.UNDONE else None,
        staff="kim" if kind in _BY_STAFF else None,
    )
    text = canonical_bytes(model.document()).decode().replace("%", "%%")
    instead = {
        **{value: f"%({name})s" for name, value in ids.items()},
        "the-device": "%(door)s",
        "the-point": "%(point)s",
        "ab" * 32: "%(prev)s",
        "cd" * 16: "%(card)s",
        f'"seq":{_NUMBER}': '"seq":%(seq)d',
        "2001-02-03T04:05:06.789Z": "%(at)s",
    }
    for said, place in instead.items():
        text = text.replace(said, place)
    return text
