"""What staff change of their own account: name, password, second factor, sessions. Throttled like a login."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from server.audit.hook import note
from server.db import Database
from server.models import Staff, StaffSession
from server.staff import repository, second_factor
from server.staff.errors import LoginDelayed, LoginRefused, StaffError, WrongCode
from server.staff.passwords import hash_password, verify_password
from server.staff.service import SignedIn, put_password
from server.staff.throttle import LoginThrottle

__all__ = [
    "CodeAttempt",
    "change_password",
    "end_other_sessions",
    "enrol",
    "enrolment",
    "give_code",
    "rename",
    "renew_recovery_codes",
    "turn_off",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeAttempt:
    """A code that somebody gives for their own second factor, and what it is checked with."""

    database: Database
    throttle: LoginThrottle
    who: SignedIn
    server_key: str
    code: str
    monotonic_s: float
    now: datetime

    @contextmanager
    def on_own_row(self) -> Iterator[tuple[Session, Staff]]:
        """Their own row, locked, in a transaction of its own; a wrong code in it counts as a failed login."""
        with (
            _throttled(self.throttle, f"code:{self.who.staff_id}", self.monotonic_s),
            self.database.write() as session,
        ):
            yield session, _own(session, self.who, is_locked=True)


def rename(session: Session, who: SignedIn, name: str) -> None:
    """Another name; an empty one changes nothing."""
    if name.strip():
        _own(session, who).name = name.strip()[:200]


def change_password(
    database: Database, throttle: LoginThrottle, who: SignedIn, *, old: str, new: str, monotonic_s: float
) -> None:
    """A new password, if the old one is right; every other session ends. Raises `LoginRefused`, `LoginDelayed`,
    `WeakPassword`."""
    with database.read() as session:
        kept = _own(session, who).password_hash
    with _throttled(throttle, f"password:{who.staff_id}", monotonic_s):
        if not verify_password(kept, old):
            raise LoginRefused
    hashed = hash_password(new)
    with database.write() as session:
        put_password(_own(session, who), hashed)
        repository.delete_sessions(session, staff_id=who.staff_id, but=who.token_hash)


def end_other_sessions(session: Session, who: SignedIn) -> None:
    """Signs out everywhere else."""
    repository.delete_sessions(session, staff_id=who.staff_id, but=who.token_hash)


def enrolment(session: Session, who: SignedIn, server_key: str) -> tuple[str, str]:
    """What an authenticator app is given, as the text of a QR code and as typed; made at the first look."""
    staff = _own(session, who)
    second_factor.begin(staff, server_key)
    return second_factor.provisioning_uri(staff, server_key, who.organization_name), second_factor.secret_text(
        staff, server_key
    )


def enrol(attempt: CodeAttempt) -> list[str]:
    """Turns the second factor on and answers the recovery codes, this once. Raises `WrongCode`, `LoginDelayed`."""
    who = attempt.who
    with attempt.on_own_row() as (session, staff):
        codes = second_factor.confirm(staff, attempt.server_key, attempt.code, now=attempt.now)
        _session_of(session, who).second_factor_at = attempt.now
        repository.delete_sessions(session, staff_id=who.staff_id, but=who.token_hash)
    return codes


def give_code(attempt: CodeAttempt) -> None:
    """Ends a login with the code of the second factor. Raises `WrongCode`, `LoginDelayed`."""
    with attempt.on_own_row() as (session, staff):
        second_factor.accept(staff, attempt.server_key, attempt.code, now=attempt.now)
        _session_of(session, attempt.who).second_factor_at = attempt.now


def renew_recovery_codes(attempt: CodeAttempt) -> list[str]:
    """New recovery codes against a code. Raises `WrongCode`, `LoginDelayed`."""
    with attempt.on_own_row() as (_, staff):
        second_factor.accept(staff, attempt.server_key, attempt.code, now=attempt.now)
        return second_factor.new_recovery_codes(staff, attempt.server_key)


def turn_off(attempt: CodeAttempt) -> None:
    """Turns the second factor off against a code. Raises `WrongCode`, `LoginDelayed`."""
    with attempt.on_own_row() as (session, staff):
        second_factor.accept(staff, attempt.server_key, attempt.code, now=attempt.now)
        second_factor.turn_off(staff)
        note(
            session,
            entity="staff",
            entity_id=staff.id,
            what="second_factor_off",
            organization_id=attempt.who.organization_id,
        )


@contextmanager
def _throttled(throttle: LoginThrottle, key: str, monotonic_s: float) -> Iterator[None]:
    """Growing delays after failures of the block."""
    if wait_s := throttle.take(key, now=monotonic_s):
        raise LoginDelayed(wait_s)
    try:
        yield
    except (WrongCode, LoginRefused):
        raise
    except BaseException:
        throttle.give_back(key)
        raise
    throttle.succeeded(key)


def _own(session: Session, who: SignedIn, *, is_locked: bool = False) -> Staff:
    staff = repository.staff_member(session, who.organization_id, who.staff_id, is_locked=is_locked)
    if staff is None:
        raise StaffError("the staff member is gone")
    return staff


def _session_of(session: Session, who: SignedIn) -> StaffSession:
    return session.get_one(StaffSession, who.token_hash)
