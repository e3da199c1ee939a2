"""What the back office shows of the sample organization beside the doors' business: addresses, tags, skills, bills.

Nothing here changes what a door answers: no memo is starred, no amount is old enough, and the session
of today is hours away. What an organization writes in one language only (tags, levels, choices, relations) is in
words of both, or in both: the sample is a bilingual one.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from access.domain.people import Language
from access.domain.registrations import ActivityKind, RegistrationStatus
from access.domain.staff import DeskPermission
from gatehouse.demo.people import SAMPLE
from gatehouse.demo.portraits import portrait_jpeg
from server.accounts.balance import EntryKind, EntrySource, enter
from server.accounts.pick_up import may_pick_up
from server.activities.rows import add_activity, add_occurrence, add_registration
from server.cards.layout import CardLayout
from server.models import (
    AccessPoint,
    Account,
    CardTemplate,
    Contact,
    ExtraAnswer,
    ExtraQuestion,
    MembershipType,
    Memo,
    MultipassType,
    Organization,
    Person,
    PersonSkill,
    Role,
    Skill,
    StaffRole,
    Tag,
)
from server.staff.permissions import Permission
from server.staff.service import create_staff

__all__ = ["furnish"]

_STREETS = ("rue des Érables", "Mill Street", "chemin du Lac", "River Road", "rue Principale", "Station Street")
_PRICES = {"family": 42_000, "adult": 26_500, "monthly": 3_900}
_PASS_PRICES = {"pool-10": 5_500, "pool-5": 3_000, "pool-20": 9_800, "pool-month": 4_500, "gym-unlimited": 18_000}
_TAGS = (
    ("Aquaclub", "blue", ("lea", "noah", "alice", "smith-1")),
    ("Mentor", "green", ("maya", "nguyen-0", "grace")),
    ("Assistance", "orange", ("smith-2", "ruth")),
    ("2026", "purple", ("tom", "camille", "priya")),
)
_MEMOS = (
    ("maya", "Préfère qu’on lui écrive en français."),
    ("lea", "Ses lunettes de natation sont aux objets trouvés."),
    ("omar", "Asked about group prices for his company; called back."),
)
_SKILLS = (
    ("swimming", "Swimming", "Natation", ("1", "2", "3", "4", "Bronze")),
    ("climbing", "Climbing wall", "Mur d’escalade", ("5.7", "5.9")),
)
_REACHED = (
    ("lea", "swimming", "1", 400),
    ("lea", "swimming", "2", 180),
    ("noah", "swimming", "Bronze", 90),
    ("maya", "climbing", "5.7", 60),
    ("ines", "swimming", "2", 120),
)
_QUESTIONS: tuple[dict[str, Any], ...] = (
    {
        "id": "emergency",
        "label_en": "Who should be called in an emergency?",
        "label_fr": "Qui appeler en cas d’urgence ?",
        "kind": "text",
        "is_required": True,
    },
    {
        "id": "swims",
        "label_en": "Swims 25 metres without help",
        "label_fr": "Nage 25 mètres sans aide",
        "kind": "yes_no",
    },
    {
        "id": "heard",
        "label_en": "How did you hear of us?",
        "label_fr": "Comment nous avez-vous connus ?",
        "kind": "choice",
        "choices": ["Facebook", "Radio", "Web"],
    },
)
_ANSWERS = (
    ("maya", "emergency", "Jeanne Tremblay, 555-0142"),
    ("maya", "swims", "yes"),
    ("maya", "heard", "Radio"),
    ("noah", "emergency", "Maya Tremblay"),
    ("noah", "swims", "yes"),
    ("omar", "emergency", "Samira Haddad"),
    ("ines", "emergency", "Carole Gagnon"),
)
_PARENTS = (("account-ines", "Carole", "Gagnon"), ("account-alice", "Sophie", "Moreau"))
_CAPACITIES = {"swim-club": 12, "lifesaving": 8, "family-swim": 40, "swim-2": 2}
_WAITING = ("nguyen-2", "smith-2", "lea")
"""Children in the order in which they were put on the waitlist."""


def furnish(
    session: Session, organization: Organization, *, now: datetime, put_picture: Callable[[bytes], str]
) -> None:
    """Adds it all to the sample organization."""
    today = now.astimezone(ZoneInfo(organization.time_zone)).date()
    _add_prices(session)
    _add_parents(session, organization)
    _add_marc_again(session, organization)
    _add_addresses(session)
    _add_words(session, organization, now, today)
    _add_activities(session, organization, now, today)
    _add_contacts(session, organization, put_picture)
    _add_bills(session, organization, now, today)
    _add_settings(session, organization, now)
    session.flush()


def _person(session: Session, key: str) -> Person:
    person = session.get(Person, key)
    assert person is not None, key
    return person


def _add_prices(session: Session) -> None:
    for id_, cents in _PRICES.items():
        if (membership := session.get(MembershipType, id_)) is not None:
            membership.price_cents = cents
    for id_, cents in _PASS_PRICES.items():
        if (multipass := session.get(MultipassType, id_)) is not None:
            multipass.price_cents = cents


def _add_parents(session: Session, organization: Organization) -> None:
    """Children who come alone belong to an adult, who has no card."""
    for account_id, first_name, last_name in _PARENTS:
        account = session.get(Account, account_id)
        assert account is not None, account_id
        parent = Person(
            id=f"{account_id}-parent",
            organization_id=organization.id,
            first_name=first_name,
            last_name=last_name,
            language=Language.FR,
            date_of_birth=date(1985, 4, 12),
            phone="819-555-0160",
            email=f"{first_name.lower()}@mail.example",
        )
        account.people.append(parent)
        account.owner_id, account.name = parent.id, parent.full_name
    session.flush()


def _add_marc_again(session: Session, organization: Organization) -> None:
    """Marc Fortin was entered a second time: a duplicate to merge."""
    marc = _person(session, "marc")
    account = Account(id="account-marc-again", organization_id=organization.id, owner_id="marc-again")
    again = Person(
        id="marc-again",
        organization_id=organization.id,
        first_name=marc.first_name,
        last_name=marc.last_name,
        date_of_birth=marc.date_of_birth,
        email="marc.fortin@mail.example",
    )
    account.people.append(again)
    account.name = again.full_name
    session.add(account)
    session.flush()


def _add_addresses(session: Session) -> None:
    """A family lives together; its adults have an e-mail address and a phone, all of them nobody's."""
    for account in SAMPLE:
        digest = hashlib.sha256(b"address" + account.key.encode()).digest()
        for sample in account.people:
            person = _person(session, sample.key)
            person.address_line_1 = f"{digest[0] + 1} {_STREETS[digest[1] % len(_STREETS)]}"
            person.city, person.province, person.country = "Rivière-Nord", "QC", "CA"
            person.postal_code = f"J{digest[2] % 10}X {digest[3] % 10}A{digest[4] % 10}"
            if sample.age != "child":
                person.phone = f"819-555-{100 + int(hashlib.sha256(sample.key.encode()).hexdigest()[:4], 16) % 100:04}"
            if sample.age == "adult" and sample.key != "marc":
                person.email = f"{sample.key}@mail.example"
                person.wants_email = digest[5] % 2 == 0


def _add_words(session: Session, organization: Organization, now: datetime, today: date) -> None:
    """Tags, memos, skills, and what is asked about everybody: Léa's required answer is missing."""
    own = {"organization_id": organization.id}
    for name, colour, keys in _TAGS:
        tag = Tag(name=name, colour=colour, **own)
        session.add(tag)
        for key in keys:
            person = _person(session, key)
            person.tags.append(tag)
    for number, (key, text) in enumerate(_MEMOS):
        person = _person(session, key)
        person.memos.append(Memo(text=text, written_at=now - timedelta(days=4 + 9 * number)))
    for position, (id_, english, french, levels) in enumerate(_SKILLS):
        session.add(Skill(id=id_, name_en=english, name_fr=french, levels=list(levels), position=position, **own))
    for position, question in enumerate(_QUESTIONS):
        session.add(ExtraQuestion(position=position, **question, **own))
    session.flush()
    for key, skill, level, days in _REACHED:
        achieved_on = today - timedelta(days=days)
        session.add(PersonSkill(person_id=key, skill_id=skill, level=level, achieved_on=achieved_on, **own))
    for key, question_id, value in _ANSWERS:
        session.add(ExtraAnswer(person_id=key, question_id=question_id, value=value))


def _add_activities(session: Session, organization: Organization, now: datetime, today: date) -> None:
    """A session of today, one that meets in three days, a drop-in, and a full course with its waitlist."""
    zone = ZoneInfo(organization.time_zone)
    later = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=5)
    if later.astimezone(zone).date() > today:
        later -= timedelta(hours=9)

    def at_hour(days: int, hour: int) -> datetime:
        return datetime.combine(today + timedelta(days=days), time(hour), tzinfo=zone)

    for id_, kind, english, french, starts_at in (
        ("swim-club", ActivityKind.SESSION, "Swim club training", "Entraînement du club de natation", later),
        ("lifesaving", ActivityKind.SESSION, "Junior lifesaving", "Jeunes sauveteurs", at_hour(3, 18)),
        ("family-swim", ActivityKind.DROP_IN, "Family swim", "Bain familial", at_hour(2, 10)),
        ("swim-2", ActivityKind.SESSION, "Swim level 2", "Natation niveau 2", at_hour(4, 9)),
    ):
        add_activity(
            session,
            organization.id,
            id=id_,
            kind=kind,
            name_en=english,
            name_fr=french,
            code=id_.upper(),
            facility_id="pool-hall",
            capacity=_CAPACITIES[id_],
        )
        session.flush()
        for week in range(6):
            at = starts_at + timedelta(weeks=week)
            add_occurrence(session, id_, at, at + timedelta(hours=1), id=f"{id_}-{week}")
    places = [(person_id, "swim-club") for person_id in ("lea", "noah", "smith-1", "nguyen-2", "nguyen-3")]
    places += [("noah", "lifesaving"), ("smith-1", "lifesaving"), ("maya", "family-swim"), ("lea", "family-swim")]
    places += [("smith-1", "swim-2"), ("nguyen-3", "swim-2")]
    for person_id, activity_id in places:
        _register(session, person_id, activity_id, now - timedelta(days=20))
    for number, person_id in enumerate(_WAITING):
        _register(session, person_id, "swim-2", now - timedelta(days=9 - number), RegistrationStatus.WAITING)


def _register(
    session: Session,
    person_id: str,
    activity_id: str,
    registered_at: datetime,
    status: RegistrationStatus = RegistrationStatus.REGISTERED,
) -> None:
    add_registration(
        session,
        _person(session, person_id),
        activity_id,
        id=f"{person_id}-{activity_id}",
        registered_at=registered_at,
        status=status,
    )


def _add_contacts(session: Session, organization: Organization, put_picture: Callable[[bytes], str]) -> None:
    """Léa's grandmother may pick her up; the neighbour is called in an emergency."""
    own = {"organization_id": organization.id, "account_id": "tremblay"}
    grandmother = Contact(
        first_name="Jeanne",
        last_name="Tremblay",
        relation="Grand-mère · Grandmother",
        phone="819-555-0142",
        email="jeanne@mail.example",
        picture=put_picture(portrait_jpeg("Jeanne Tremblay")),
        is_emergency=True,
        **own,
    )
    session.add(grandmother)
    session.add(
        Contact(first_name="Paul", last_name="Gervais", relation="Voisin · Neighbour", phone="819-555-0177", **own)
    )
    session.flush()
    may_pick_up(session, grandmother, ("lea",), relation=grandmother.relation)


def _add_bills(session: Session, organization: Organization, now: datetime, today: date) -> None:
    """Entries of three accounts: owing a little since this week, settled, and in credit."""
    for account_id, kind, cents, days, description in (
        ("tremblay", EntryKind.CHARGE, 42_000, 60, "Adhésion · Membership"),
        ("tremblay", EntryKind.PAYMENT, -42_000, 58, "Visa"),
        ("tremblay", EntryKind.CHARGE, 1_800, 2, "Casier · Locker 42"),
        ("haddad", EntryKind.CHARGE, 5_500, 45, "Piscine · Pool 10"),
        ("haddad", EntryKind.PAYMENT, -5_500, 45, "Interac"),
        ("smith", EntryKind.CREDIT, -1_200, 12, "Leçon annulée · Cancelled lesson"),
    ):
        enter(
            session,
            organization.id,
            account_id,
            kind=kind,
            amount_cents=cents,
            source=EntrySource.HAND,
            now=now - timedelta(days=days),
            due_on=today - timedelta(days=days) if cents > 0 else None,
            description=description,
        )


def _add_settings(session: Session, organization: Organization, now: datetime) -> None:
    """A role of their own with somebody who has it, colleagues without a PIN, how cards look, and a draft of rules."""
    own = {"organization_id": organization.id}
    role = Role(
        id="lifeguard",
        name="Sauveteur · Lifeguard",
        permissions=sorted([Permission.VIEW_ACCOUNTS, Permission.ATTENDANCE]),
        desk_permissions=sorted([DeskPermission.LOOK_UP, DeskPermission.ATTENDANCE, DeskPermission.INSIDE]),
        **own,
    )
    session.add(role)
    for name, wanted, role_id in (
        ("Dominique Roy", StaffRole.DESK, None),
        ("Sasha Martin", StaffRole.VIEWER, role.id),
        ("Robin Lambert", StaffRole.ADMIN, None),
    ):
        colleague = create_staff(
            session,
            organization_id=organization.id,
            email=f"{name.split()[0].lower()}@north-river.example",
            name=name,
            password=secrets.token_urlsafe(24),
            role=wanted,
        )
        colleague.role_id = role_id
    layout = CardLayout(
        back_en="Found this card? Please bring it to the desk of the North River Recreation Centre.",
        back_fr="Carte trouvée ? Merci de la rapporter à l’accueil du Centre récréatif Rivière-Nord.",
    )
    session.add(CardTemplate(name="Standard", layout=layout.model_dump(mode="json"), is_default=True, **own))
    gym = session.get(AccessPoint, "gym")
    assert gym is not None
    settings = {**gym.settings, "balance": {**gym.settings["balance"], "mode": "deny"}}
    gym.draft = {"name_en": gym.name_en, "name_fr": gym.name_fr, "site_id": gym.site_id, "settings": settings}
    gym.draft_by, gym.draft_at = colleague.id, now - timedelta(hours=20)
