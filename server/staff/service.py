"""Staff accounts and logins. A login makes a new session token; only its SHA-256 is stored.

A session ends at its expiry, after an idle time, at log-out, or when its staff member is disabled.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from access.domain.people import Language, Text
from access.domain.staff import DeskPermission
from server.db import Database
from server.mail.addresses import checked
from server.models import Staff, StaffRole, StaffSession
from server.secrets import token_digest
from server.staff import repository, second_factor
from server.staff.errors import EmailTaken, InvalidEmail, LoginDelayed, LoginRefused, UnknownRole, WhichOne
from server.staff.passwords import hash_password, verify_password
from server.staff.permissions import (
    ADMINISTERING,
    Permission,
    desk_permissions_of_staff,
    permissions_of_staff,
)
from server.staff.throttle import LoginThrottle

__all__ = [
    "IDLE_LIMIT",
    "LOGIN_LIMIT",
    "SESSION_LIMIT",
    "SignedIn",
    "canonical_email",
    "create_staff",
    "disable_staff",
    "enter",
    "is_email",
    "is_email_taken",
    "is_open",
    "log_in",
    "log_out",
    "put_password",
    "seen",
    "set_language",
    "set_password",
    "signed_in",
    "start_session",
]

SESSION_LIMIT: Final = timedelta(hours=12)
IDLE_LIMIT: Final = timedelta(hours=2)
LOGIN_LIMIT: Final = timedelta(minutes=10)
"""How long a login may wait for its second factor."""
_EMAIL_WAIT_S: Final = 2.0
_MOST_ORGANIZATIONS: Final = 10
_SEEN_EVERY: Final = timedelta(minutes=1)
_EMAIL: Final = re.compile(r"[^@\s,;<>\"()]+@[^@\s,;<>\"()]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who is at the keyboard: everything a page needs to know of them, read once a request.

    `role_name` is that of an own role of the organization. `missing` says what a login still lacks: `code` of the
    second factor, or `enrol` where one is required; with anything missing nobody is let in.
    """

    staff_id: str
    name: str
    email: str
    role: str
    language: str
    organization_id: str
    organization: Text
    time_zone: str
    permissions: frozenset[Permission]
    token_hash: str
    currency: str = "CAD"
    role_name: str = ""
    desk_permissions: frozenset[DeskPermission] = frozenset()
    missing: str = ""

    @property
    def zone(self) -> ZoneInfo:
        """The organization's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def organization_name(self) -> str:
        """The organization's name in this staff member's language."""
        return self.organization.in_language(self.language)

    def may(self, permission: Permission) -> bool:
        """Whether the role grants the permission."""
        return permission in self.permissions


def canonical_email(email: str) -> str:
    """The form in which an e-mail address signs in: trimmed, in small letters, as a browser sends its domain."""
    address = email.strip().lower()
    return address if address.isascii() else checked(address) or address


def is_email(text: str) -> bool:
    """Whether it could be an e-mail address."""
    return len(text) <= 254 and _EMAIL.fullmatch(text) is not None


def create_staff(
    session: Session,
    *,
    organization_id: str,
    email: str,
    name: str,
    password: str,
    role: str = StaffRole.DESK,
    language: str = Language.EN,
) -> Staff:
    """A new staff member; the caller commits. Raises `InvalidEmail`, `EmailTaken`, `UnknownRole` or `WeakPassword`."""
    address = canonical_email(email)
    if not is_email(address):
        raise InvalidEmail("an e-mail address looks like name@example.org")
    if repository.staff_by_email(session, organization_id, address) is not None:
        raise EmailTaken("a staff member has this e-mail address already")
    if role not in list(StaffRole):
        raise UnknownRole(f"the roles are {', '.join(StaffRole)}")
    staff = Staff(
        organization_id=organization_id,
        email=address,
        name=name.strip() or address,
        password_hash=hash_password(password),
        role=StaffRole(role),
        language=Language(language),
    )
    session.add(staff)
    session.flush()
    return staff


def is_email_taken(session: Session, organization_id: str, email: str) -> bool:
    """Whether a staff member of the organization signs in with this address."""
    return repository.staff_by_email(session, organization_id, canonical_email(email)) is not None


def set_password(session: Session, staff: Staff, password: str) -> None:
    """Changes the password and ends every session. Raises `WeakPassword`."""
    put_password(staff, hash_password(password))
    repository.delete_sessions(session, staff_id=staff.id)


def put_password(staff: Staff, hashed: str) -> None:
    """Another password's hash. What a login with the old one had begun ends with it."""
    staff.password_hash = hashed
    second_factor.forget_pending(staff)


def disable_staff(session: Session, staff: Staff) -> None:
    """Shuts the account and ends every session at once."""
    staff.is_active = False
    repository.delete_sessions(session, staff_id=staff.id)


def set_language(session: Session, token_hash: str, language: str) -> None:
    """Remembers the language of the staff member of a session."""
    found = repository.session_by_hash(session, token_hash)
    if found is not None:
        found.staff.language = Language(language)


def log_in(
    database: Database,
    throttle: LoginThrottle,
    *,
    email: str,
    password: str,
    address: str,
    monotonic_s: float,
    now: datetime,
) -> str:
    """Checks a login and starts a session; returns the token for the cookie.

    Raises `LoginDelayed` while the e-mail or the network address has to wait, `LoginRefused` for anything wrong, and
    `WhichOne` when it is right in several organizations.
    """
    name = canonical_email(email)
    # For the e-mail alone only moments: failures that somebody else makes elsewhere must not lock a person out.
    both, here, name_key = f"both:{address} {name}", f"address:{address}", f"email:{name}"
    if wait_s := throttle.take(both, here, name_key, now=monotonic_s, most_s={name_key: _EMAIL_WAIT_S}):
        raise LoginDelayed(wait_s)
    with database.read() as session:
        known = repository.with_email(session, name, limit=_MOST_ORGANIZATIONS)
    # Verified outside any transaction: it takes long on purpose, and doors are waiting to record.
    right = [staff for staff in known if verify_password(staff.password_hash, password)]
    if not known:
        verify_password(None, password)
    if not right:
        raise LoginRefused
    throttle.succeeded(both, name_key)
    throttle.give_back(here)
    if len(right) > 1:
        raise WhichOne(tuple((each.id, each.organization.name) for each in right), tuple(map(_proven, right)))
    return enter(database, *_proven(right[0]), now=now)


def enter(database: Database, staff_id: str, proof: str, *, now: datetime) -> str:
    """Starts a session with what `log_in` proved; returns its token.

    Raises `LoginRefused` when the password was changed, or the account disabled, since.
    """
    with database.write() as session:
        staff = session.get(Staff, staff_id, with_for_update={"key_share": True})
        if staff is None or not staff.is_active or _proven(staff) != (staff_id, proof):
            raise LoginRefused
        return start_session(session, staff_id, now=now)


def _proven(staff: Staff) -> tuple[str, str]:
    return staff.id, token_digest(staff.password_hash)


def start_session(session: Session, staff_id: str, *, now: datetime) -> str:
    """A new session; its token is returned and stored nowhere. Sessions long over are swept away."""
    token = secrets.token_urlsafe(32)
    repository.delete_sessions(session, staff_id=staff_id, expired_before=now - SESSION_LIMIT)
    session.add(
        StaffSession(
            token_hash=token_digest(token),
            staff_id=staff_id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + SESSION_LIMIT,
        )
    )
    return token


def signed_in(session: Session, token: str, *, now: datetime) -> tuple[SignedIn, bool] | None:
    """Who holds the token, and whether it is time to call `seen`; None when it opens nothing (any more)."""
    found = repository.session_by_hash(session, token_digest(token))
    if found is None or not is_open(found, now=now):
        return None
    staff = found.staff
    if not staff.is_active:
        return None
    who = SignedIn(
        staff_id=staff.id,
        name=staff.name,
        email=staff.email,
        role=str(staff.role),
        language=str(staff.language),
        organization_id=staff.organization_id,
        organization=staff.organization.name,
        time_zone=staff.organization.time_zone,
        permissions=permissions_of_staff(staff),
        token_hash=found.token_hash,
        currency=staff.organization.currency,
        role_name=staff.own_role.name if staff.own_role is not None else "",
        desk_permissions=desk_permissions_of_staff(staff),
        missing=_missing(found),
    )
    if who.missing and found.created_at + LOGIN_LIMIT <= now:
        return None
    return who, found.last_seen_at + _SEEN_EVERY <= now


def is_open(found: StaffSession, *, now: datetime) -> bool:
    """Whether a session still opens something."""
    return found.expires_at > now and found.last_seen_at + IDLE_LIMIT > now


def _missing(found: StaffSession) -> str:
    staff = found.staff
    if second_factor.is_on(staff):
        return "" if found.second_factor_at is not None else "code"
    is_required = staff.organization.requires_second_factor
    return "enrol" if is_required and permissions_of_staff(staff) & ADMINISTERING else ""


def seen(session: Session, token_hash: str, *, now: datetime) -> None:
    """Puts off the idle expiry of a session."""
    found = session.get(StaffSession, token_hash)
    if found is not None:
        found.last_seen_at = now


def log_out(session: Session, token_hash: str) -> None:
    """Ends one session."""
    found = session.get(StaffSession, token_hash)
    if found is not None:
        session.delete(found)
