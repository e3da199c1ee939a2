"""The sample organization as data: made-up families, what they hold, their cards, and what each door must answer.

The expected answers are written here by hand, from the rules of the two access points; nothing computes them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

__all__ = ["DOORS", "SAMPLE", "SampleAccount", "SamplePerson", "by_key", "membership_types", "multipass_types"]

DOORS = ("pool", "gym")


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePerson:
    """One made-up person. `pool` and `gym` are "outcome" or "outcome reason" of a first scan there today.

    `chooses` names the pass that is used at the pool, which asks whoever holds several; it is never the default one.
    """

    key: str
    first: str
    last: str
    pool: str = "granted"
    gym: str = "granted"
    age: str = "adult"
    has_birthday: bool = False
    language: str = "en"
    has_picture: bool = True
    has_beard: bool = False
    symbology: str = "Code128"
    is_blocked: bool = False
    memo: str = ""
    is_card_revoked: bool = False
    story: str = ""
    chooses: str = ""

    @property
    def member_id(self) -> str:
        """The number on the printed card, with its leading zero: made from the key, so it never changes."""
        return f"0{10_000_000 + int(hashlib.sha256(self.key.encode()).hexdigest()[:6], 16) % 90_000_000}"

    @property
    def uid(self) -> bytes:
        """The seven bytes of the person's NFC card (NXP's manufacturer byte first)."""
        return b"\x04" + hashlib.sha256(b"uid" + self.key.encode()).digest()[:6]

    @property
    def full_name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleAccount:
    """One family. `memberships` and `multipasses` name their people by key; days are counted from today.

    `pick_up` lists the adults who may fetch a child.
    """

    key: str
    people: tuple[SamplePerson, ...]
    balance_cents: int = 0
    memberships: tuple[dict[str, Any], ...] = ()
    multipasses: tuple[dict[str, Any], ...] = ()
    registrations: tuple[dict[str, Any], ...] = ()
    pick_up: tuple[dict[str, str], ...] = ()


membership_types = {
    "family": ("Family membership", "Adhésion familiale"),
    "adult": ("Adult membership", "Adhésion adulte"),
    "monthly": ("Monthly membership", "Adhésion mensuelle"),
}
multipass_types: dict[str, dict[str, Any]] = {
    "pool-10": {"name_en": "Pool 10 visits", "name_fr": "Piscine 10 visites", "total": 10, "is_family": True},
    "pool-5": {"name_en": "Pool 5 visits", "name_fr": "Piscine 5 visites", "total": 5},
    "pool-20": {"name_en": "Pool 20 visits", "name_fr": "Piscine 20 visites", "total": 20, "is_strict": True},
    "pool-month": {"name_en": "Pool month pass", "name_fr": "Laissez-passer mensuel piscine"},
    "gym-unlimited": {"name_en": "Gym unlimited", "name_fr": "Gym illimité"},
}

_NO_GYM = "denied no_eligible_access"


def _family(
    key: str, last: str, *firsts: tuple[str, str], language: str = "en", type_: str = "family"
) -> SampleAccount:
    people = tuple(
        SamplePerson(
            key=f"{key}-{number}",
            first=first,
            last=last,
            age=age,
            language=language,
            symbology="QRCode" if number % 2 else "Code128",
            story="family membership",
        )
        for number, (first, age) in enumerate(firsts)
    )
    return SampleAccount(
        key=key,
        people=people,
        memberships=({"type": type_, "people": [each.key for each in people], "starts": -200, "ends": 190},),
    )


def _one(person: SamplePerson, **held: Any) -> SampleAccount:
    return SampleAccount(key=f"account-{person.key}", people=(person,), **held)


def _own(key: str, type_: str = "adult", **dates: Any) -> tuple[dict[str, Any], ...]:
    return ({"type": type_, "people": [key], "starts": -120, **dates},)


SAMPLE: tuple[SampleAccount, ...] = (
    SampleAccount(
        key="tremblay",
        people=(
            SamplePerson(key="maya", first="Maya", last="Tremblay", language="fr", story="family membership"),
            SamplePerson(
                key="noah",
                first="Noah",
                last="Tremblay",
                language="fr",
                age="teen",
                symbology="QRCode",
                story="family membership",
            ),
            SamplePerson(
                key="lea",
                first="Léa",
                last="Tremblay",
                language="fr",
                age="child",
                has_birthday=True,
                story="birthday today",
            ),
        ),
        memberships=({"type": "family", "people": ["maya", "noah", "lea"], "starts": -200, "ends": 190},),
    ),
    SampleAccount(
        key="haddad",
        people=(
            SamplePerson(
                key="omar", first="Omar", last="Haddad", has_beard=True, gym=_NO_GYM, story="family multipass, 4 left"
            ),
            SamplePerson(
                key="samira",
                first="Samira",
                last="Haddad",
                gym=_NO_GYM,
                symbology="QRCode",
                story="is asked: family multipass or her own",
                chooses="Pool 10 visits",
            ),
            SamplePerson(
                key="yusuf", first="Yusuf", last="Haddad", gym=_NO_GYM, age="child", story="same family multipass"
            ),
        ),
        multipasses=(
            {"type": "pool-10", "total": 10, "used": 6, "person": None},
            {"type": "pool-5", "total": 5, "used": 2, "person": "samira", "expires": 30},
        ),
    ),
    _one(
        SamplePerson(
            key="nadia",
            first="Nadia",
            last="Rahman",
            gym=_NO_GYM,
            symbology="QRCode",
            story="strict multipass, 12 left: no door opens by it alone",
        ),
        multipasses=({"type": "pool-20", "total": 20, "used": 8, "person": "nadia"},),
    ),
    _family("nguyen", "Nguyen", ("Linh", "adult"), ("Minh", "adult"), ("An", "child"), ("Kim", "teen")),
    _family("lavoie", "Lavoie", ("Camille", "adult"), ("Étienne", "adult"), ("Jade", "child"), language="fr"),
    _family("smith", "Smith", ("Harriet", "adult"), ("Georgia", "teen"), ("Ben", "child")),
    _one(
        SamplePerson(
            key="zoe",
            first="Zoé",
            last="Bélanger",
            language="fr",
            story="membership on pause",
            pool="denied membership_on_pause",
            gym="denied membership_on_pause",
        ),
        memberships=_own("zoe", ends=300, pause=(-5, 20)),
    ),
    _one(
        SamplePerson(
            key="luc", first="Luc", last="Bélanger", language="fr", symbology="QRCode", story="recurring billing"
        ),
        memberships=_own("luc", "monthly"),
    ),
    _one(
        SamplePerson(key="priya", first="Priya", last="Nair", gym=_NO_GYM, story="one visit left"),
        multipasses=({"type": "pool-5", "total": 5, "used": 4, "person": "priya", "expires": 60},),
    ),
    _one(
        SamplePerson(
            key="hugo",
            first="Hugo",
            last="Pelletier",
            language="fr",
            symbology="QRCode",
            pool="denied multipass_depleted",
            gym=_NO_GYM,
            story="multipass used up",
        ),
        multipasses=({"type": "pool-5", "total": 5, "used": 5, "person": "hugo"},),
    ),
    _one(
        SamplePerson(
            key="bruno",
            first="Bruno",
            last="Costa",
            has_beard=True,
            pool="denied multipass_depleted",
            gym=_NO_GYM,
            story="multipass overdrawn by one",
        ),
        multipasses=({"type": "pool-5", "total": 5, "used": 6, "person": "bruno"},),
    ),
    _one(
        SamplePerson(
            key="jeanluc",
            first="Jean-Luc",
            last="Picot",
            language="fr",
            story="membership expired yesterday",
            pool="denied membership_expired",
            gym="denied membership_expired",
        ),
        memberships=_own("jeanluc", ends=-1),
    ),
    _one(
        SamplePerson(
            key="ana",
            first="Ana",
            last="Souza",
            gym="review balance_due",
            story="owes 45.00 for a month: reviewed at the gym",
        ),
        balance_cents=4500,
        memberships=_own("ana", ends=90),
    ),
    _one(
        SamplePerson(
            key="wei",
            first="Wei",
            last="Chen",
            is_blocked=True,
            symbology="QRCode",
            story="blocked by an admin",
            pool="denied entry_blocked",
            gym="denied entry_blocked",
        ),
        memberships=_own("wei", ends=90),
    ),
    _one(
        SamplePerson(
            key="camille",
            first="Camille",
            last="Roy",
            language="fr",
            story="membership starts in ten days",
            pool="denied membership_not_started",
            gym="denied membership_not_started",
        ),
        memberships=_own("camille", starts=10, ends=375),
    ),
    _one(
        SamplePerson(
            key="tom", first="Tom", last="Okafor", has_beard=True, gym=_NO_GYM, story="multipass activates on first use"
        ),
        multipasses=({"type": "pool-month", "total": None, "person": "tom", "first_use_days": 30},),
    ),
    _one(
        SamplePerson(key="grace", first="Grace", last="O’Neil", symbology="QRCode", story="pause begins in a week"),
        memberships=_own("grace", ends=200, pause=(7, 30)),
    ),
    _one(
        SamplePerson(key="sam", first="Sam", last="Lee", has_picture=False, pool="granted", story="no access picture"),
        memberships=_own("sam", "monthly"),
        multipasses=({"type": "gym-unlimited", "total": None, "person": "sam"},),
    ),
    _one(
        SamplePerson(
            key="ewa",
            first="Ewa",
            last="Kowalski",
            memo="Peanut allergy: ask whether she has her pen.",
            pool="review notify_staff",
            gym="review notify_staff",
            story="starred memo: needs review",
        ),
        memberships=_own("ewa", ends=120),
    ),
    _one(
        SamplePerson(
            key="antoine",
            first="Antoine",
            last="Dubois",
            language="fr",
            symbology="QRCode",
            story="upcoming cancellation",
        ),
        memberships=_own("antoine", "monthly", cancels=("scheduled", 12)),
    ),
    _one(
        SamplePerson(key="ruth", first="Ruth", last="Abrams", story="cancellation requested"),
        memberships=_own("ruth", "monthly", cancels=("requested", None)),
    ),
    _one(
        SamplePerson(
            key="ines",
            first="Inès",
            last="Gagnon",
            language="fr",
            age="child",
            gym=_NO_GYM,
            story="session starts in ten minutes; two adults may pick her up",
        ),
        registrations=({"activity": "swim-3", "person": "ines"},),
        pick_up=(
            {"child": "ines", "name": "Carole Gagnon", "en": "mother", "fr": "mère"},
            {"child": "ines", "name": "Paul Gagnon", "en": "grandfather", "fr": "grand-père", "beard": "yes"},
        ),
    ),
    _one(
        SamplePerson(
            key="alice",
            first="Alice",
            last="Moreau",
            language="fr",
            age="child",
            symbology="QRCode",
            pool="denied outside_activity_window",
            gym=_NO_GYM,
            story="session tomorrow: too early",
        ),
        registrations=({"activity": "swim-1", "person": "alice"},),
    ),
    _one(
        SamplePerson(
            key="marc",
            first="Marc",
            last="Fortin",
            language="fr",
            story="holds nothing",
            pool="denied not_registered",
            gym=_NO_GYM,
        ),
    ),
    _one(
        SamplePerson(
            key="dana",
            first="Dana",
            last="Weiss",
            is_card_revoked=True,
            story="card reported lost: revoked",
            pool="denied card_revoked",
            gym="denied card_revoked",
        ),
        memberships=_own("dana", ends=90),
    ),
    _one(
        SamplePerson(
            key="marie",
            first="Marie-Antoinette",
            last="Desrochers-Beauchamp",
            language="fr",
            symbology="QRCode",
            story="a long name",
        ),
        memberships=_own("marie", ends=31),
    ),
)


def by_key() -> dict[str, SamplePerson]:
    """Everyone, by key."""
    return {person.key: person for account in SAMPLE for person in account.people}


def day(offset: int | None, today: date) -> date | None:
    """The day so many days from today."""
    return None if offset is None else today + timedelta(days=offset)
