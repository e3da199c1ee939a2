"""What every page of the back office stands on: the database, the settings, the clocks, and who is signed in."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from anyio.to_thread import run_sync
from starlette.requests import HTTPConnection

from server.admin.say import Say
from server.clients.service import Scope
from server.db import Database
from server.models import utc_now
from server.pictures.store import PictureStore
from server.settings import ServerSettings
from server.staff.own_account import CodeAttempt
from server.staff.permissions import Permission
from server.staff.service import SignedIn
from server.staff.throttle import LoginThrottle

__all__ = ["Office", "in_thread", "may", "signed_in_staff", "whose"]

_T = TypeVar("_T")


@dataclass(frozen=True)
class Office:
    """Made once, by `mount_admin`."""

    database: Database
    settings: ServerSettings
    throttle: LoginThrottle = field(default_factory=LoginThrottle)
    now: Callable[[], datetime] = utc_now
    monotonic_s: Callable[[], float] = time.monotonic

    @cached_property
    def pictures(self) -> PictureStore:
        """Where the bytes of pictures are."""
        return PictureStore(self.settings.data_dir / "pictures")

    def say(self, staff: SignedIn) -> Say:
        """How to speak to this staff member, now."""
        return Say(staff.language, staff.zone, self.now(), staff.currency)

    def scope(self, staff: SignedIn) -> Scope:
        """Whose clients this staff member sees, on today's date there."""
        return Scope(staff.organization_id, self.say(staff).today, staff.zone)

    def code_attempt(self, who: SignedIn, code: str) -> CodeAttempt:
        """A code that somebody gives now for their own second factor."""
        return CodeAttempt(
            database=self.database,
            throttle=self.throttle,
            who=who,
            server_key=self.settings.secret_key,
            code=code[:40],
            monotonic_s=self.monotonic_s(),
            now=self.now(),
        )


def signed_in_staff(connection: HTTPConnection) -> SignedIn:
    """Who is signed in. Only for pages that the gate lets nobody else reach."""
    staff = connection.state.staff
    if not isinstance(staff, SignedIn):
        raise TypeError("a page that needs a login was reached without one")
    return staff


def whose(connection: HTTPConnection, part: str) -> tuple[str, str]:
    """The organization of who is signed in, and the id that the path names."""
    return signed_in_staff(connection).organization_id, connection.path_params[part]


def may(connection: HTTPConnection, permission: Permission | None) -> bool:
    """Whether the signed-in staff member may do this; nobody may do anything without a login."""
    staff = getattr(connection.state, "staff", None)
    return isinstance(staff, SignedIn) and (permission is None or staff.may(permission))


async def in_thread(work: Callable[[], _T]) -> _T:
    """Runs blocking work (queries, hashing) in a worker thread."""
    return await run_sync(work)
