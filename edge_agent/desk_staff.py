"""Who is at the desk: PINs checked against the staff that the centre told of, growing delays, and sessions.

Delays outlive a restart (ledger marks); sessions do not, and end when idle, too old, or their staff member has left.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from access.domain.people import Language
from access.domain.staff import DeskPermission, StaffMember
from access.wire.pins import is_plain_pin, who_has_pin
from edge_agent.ledger import SqliteLedger

__all__ = ["IDLE_LOCK_S", "DeskSessions", "DeskStaff", "PinDelays", "WrongPin"]

IDLE_LOCK_S: Final = 600
"""After so many seconds without a touch the page locks itself."""

_IDLE_LIMIT_S: Final = IDLE_LOCK_S * 1.5
_SESSION_LIMIT_S: Final = 12 * 3600.0
_MAX_SESSIONS: Final = 50
_FREE_TRIES, _MAX_WAIT_S = 3, 600
_MARK: Final = "desk_failures"
_log = structlog.get_logger(__name__)


class WrongPin(Exception):
    """The PIN is nobody's, or it is not listened to now; `retry_in_s` seconds are to wait."""

    def __init__(self, problem: str, retry_in_s: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.retry_in_s = retry_in_s


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskStaff:
    """Someone signed in at a desk of this door."""

    id: str
    name: str
    language: Language
    may: frozenset[DeskPermission]
    access_point: str


class PinDelays:
    """After three wrong PINs each further one doubles the wait, from a second to ten minutes, for the whole door.

    Kept in the ledger: pulling the plug starts nothing anew. Raises `LedgerFault`.
    """

    def __init__(self, ledger: SqliteLedger, now: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._now = now
        kept = json.loads(ledger.marks().get(_MARK, "null")) or {}
        self._count = int(kept.get("count", 0))
        until = kept.get("until")
        self._until = datetime.fromisoformat(until) if until else None

    def wait_s(self) -> int:
        """Whole seconds until a PIN is listened to again; never more than the longest delay, whatever the clock did."""
        left = (self._until - self._now()).total_seconds() if self._until else 0
        return min(_MAX_WAIT_S, max(0, int(-(-left // 1))))

    def failed(self) -> int:
        """Counts a wrong PIN, durably; returns the seconds to wait now."""
        self._count += 1
        extra = self._count - _FREE_TRIES
        wait_s = min(2 ** min(extra - 1, 20), _MAX_WAIT_S) if extra > 0 else 0
        self._until = self._now() + timedelta(seconds=wait_s)
        self._keep()
        if extra > 0:
            _log.warning("desk_pin_refused", alarm=True, tries=self._count, wait_s=wait_s)
        return wait_s

    def succeeded(self) -> None:
        """Forgets the failures."""
        if self._count:
            self._count, self._until = 0, None
            self._keep()

    def _keep(self) -> None:
        until = self._until.isoformat() if self._until else None
        self._ledger.set_marks({_MARK: json.dumps({"count": self._count, "until": until})})


@dataclass(slots=True)
class _Session:
    staff: DeskStaff
    started_s: float
    seen_s: float


class DeskSessions:
    """Sign-ins by a random token of which only the hash is kept. Thread-safe.

    `staff` lists the staff members that the centre told of (they may raise `CacheFault`), `monotonic` is in seconds.
    """

    def __init__(
        self, staff: Callable[[], list[StaffMember]], delays: PinDelays, monotonic: Callable[[], float]
    ) -> None:
        self._staff = staff
        self._delays = delays
        self._monotonic = monotonic
        self._sessions: dict[str, _Session] = {}
        self._lock = threading.Lock()
        self._checking = threading.Lock()

    def locked_s(self) -> int:
        """How long the pad refuses by now."""
        return self._delays.wait_s()

    def sign_in(self, pin: str, access_point: str) -> tuple[str, DeskStaff]:
        """A new session and its token. Raises `WrongPin`. Takes tens of milliseconds; one at a time."""
        with self._checking:
            if wait_s := self._delays.wait_s():
                raise WrongPin("locked", wait_s)
            known = {each.id: each for each in self._staff() if each.is_active and each.permissions}
            hashes = [(each.id, each.pin_hash) for each in known.values()]
            found = who_has_pin(pin, hashes) if is_plain_pin(pin) else None
            if found is None:
                raise WrongPin("wrong_pin", self._delays.failed())
            self._delays.succeeded()
        staff = _signed_in(known[found], access_point)
        token = secrets.token_urlsafe(32)
        now = self._monotonic()
        with self._lock:
            self._sweep(now)
            self._sessions[_hash(token)] = _Session(staff, now, now)
        _log.info("desk_signed_in", staff=staff.id, access_point=access_point)
        return token, staff

    def of(self, token: str, *, is_active: bool = True) -> DeskStaff | None:
        """Whose session it is, with the permissions of now; None when it has ended. `is_active` puts off its end."""
        now, key = self._monotonic(), _hash(token)
        with self._lock:
            session = self._sessions.get(key)
            if session is None:
                return None
            if now - session.seen_s > _IDLE_LIMIT_S or now - session.started_s > _SESSION_LIMIT_S:
                del self._sessions[key]
                return None
            if is_active:
                session.seen_s = now
        member = next((each for each in self._staff() if each.id == session.staff.id and each.is_active), None)
        if member is None or not member.permissions or not member.pin_hash:
            self.sign_out(token)
            return None
        return replace(session.staff, name=member.name, may=member.permissions)

    def set_language(self, token: str, language: Language) -> None:
        """The language of this sign-in from now on."""
        with self._lock:
            session = self._sessions.get(_hash(token))
            if session is not None:
                session.staff = replace(session.staff, language=language)

    def sign_out(self, token: str) -> None:
        """Ends a session."""
        with self._lock:
            self._sessions.pop(_hash(token), None)

    def _sweep(self, now: float) -> None:
        over = [key for key, each in self._sessions.items() if now - each.seen_s > _IDLE_LIMIT_S]
        oldest = sorted(self._sessions, key=lambda key: self._sessions[key].seen_s)
        crowd = oldest[: max(0, len(self._sessions) - len(over) - _MAX_SESSIONS + 1)]
        for key in {*over, *crowd}:
            self._sessions.pop(key, None)


def _signed_in(member: StaffMember, access_point: str) -> DeskStaff:
    return DeskStaff(
        id=member.id,
        name=member.name,
        language=member.language,
        may=member.permissions,
        access_point=access_point,
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
