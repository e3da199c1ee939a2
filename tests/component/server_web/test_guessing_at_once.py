"""Many guesses at the same time get no more looks than one after the other, whatever is guessed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from server.creating import logins
from server.creating.errors import SignInRefused
from server.db import Database
from server.errors import TooManyAttempts
from server.models import ClientLogin, Person, Staff, utc_now
from server.staff import own_account, passwords, second_factor, service
from server.staff.errors import LoginDelayed, LoginRefused, WrongCode
from server.staff.own_account import CodeAttempt
from server.staff.passwords import hash_password, verify_password
from server.staff.service import SignedIn
from server.staff.throttle import LoginThrottle
from tests.component.server_web.sample import PASSWORD

_AT_ONCE = 50
_FREE = 3
KEY = "ab" * 32
Guess = Callable[[LoginThrottle], object]


@pytest.fixture
def who(database: Database) -> SignedIn:
    """The sample's admin, signed in and with a second factor."""
    with database.write() as session:
        staff = session.scalars(select(Staff).where(Staff.email == "admin@example.org")).one()
        second_factor.begin(staff, KEY)
        staff.totp_confirmed_at = utc_now()
        token = service.start_session(session, staff.id, now=utc_now())
    with database.read() as session:
        found = service.signed_in(session, token, now=utc_now())
    assert found is not None
    return found[0]


@pytest.fixture
def guesses(database: Database, who: SignedIn) -> dict[str, Guess]:
    """A wrong guess of each kind."""
    with database.write() as session:
        session.get_one(Person, "home-zoe").identity_id = "zoe"
        session.add(ClientLogin(identity_id="zoe", username="zoe", password_hash=hash_password(PASSWORD)))
    times: dict[str, Any] = {"monotonic_s": 100.0, "now": utc_now()}
    client = logins.Client("zoe", "zoe", "hash", None)
    wrong = {"password": "wrong wrong wrong", "address": "192.0.2.1", **times}
    attempt = {"database": database, "who": who, "server_key": KEY, "code": "000000", **times}
    return {
        "staff": lambda throttle: service.log_in(database, throttle, email=who.email, **wrong),
        "client": lambda throttle: logins.log_in(database, throttle, username="zoe", **wrong),
        "own password": lambda throttle: own_account.change_password(
            database, throttle, who, old="wrong", new=PASSWORD, monotonic_s=100.0
        ),
        "client's password": lambda throttle: logins.change_password(
            database, throttle, client, old="wrong", new=PASSWORD, **times
        ),
        "code": lambda throttle: own_account.give_code(CodeAttempt(throttle=throttle, **attempt)),
        "code to turn it off": lambda throttle: own_account.turn_off(CodeAttempt(throttle=throttle, **attempt)),
    }


@pytest.mark.parametrize(
    "kind", ["staff", "client", "own password", "client's password", "code", "code to turn it off"]
)
def test_as_many_looks_as_one_after_the_other(guesses: dict[str, Guess], kind: str) -> None:
    """Three are free and the fourth brings the first wait: all others are told to wait, and nothing is looked at."""
    throttle, begin = LoginThrottle(free=_FREE), Barrier(_AT_ONCE)

    def guess(_number: int) -> str:
        begin.wait()
        try:
            guesses[kind](throttle)
        except (LoginRefused, SignInRefused, WrongCode):
            return "looked at"
        except (LoginDelayed, TooManyAttempts):
            return "waits"
        return "in"

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        said = list(threads.map(guess, range(_AT_ONCE)))
    assert (said.count("looked at"), said.count("waits")) == (_FREE + 1, _AT_ONCE - _FREE - 1)


def test_the_right_password_of_many_behind_one_address_waits_for_nobody(database: Database) -> None:
    """What was right counts no longer against the address."""
    throttle = LoginThrottle(free=_FREE)
    for name in ("admin", "desk", "viewer", "admin", "desk"):
        given: dict[str, Any] = {"email": f"{name}@example.org", "address": "192.0.2.1", "monotonic_s": 100.0}
        assert service.log_in(database, throttle, password=PASSWORD, now=utc_now(), **given)


class _Crowd:
    """Argon2 with less memory, in the place of the real one: it notes how many are at it."""

    def __init__(self) -> None:
        self._now, self.most, self._lock = 0, 0, Lock()
        self._real = PasswordHasher(memory_cost=16 * 1024)

    def _counted(self, work: Callable[[], Any]) -> Any:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            return work()
        finally:
            with self._lock:
                self._now -= 1

    def hash(self, password: str) -> str:
        """Makes one."""
        return str(self._counted(lambda: self._real.hash(password)))

    def verify(self, stored: str, password: str) -> bool:
        """Checks one."""
        return bool(self._counted(lambda: self._real.verify(stored, password)))


def test_no_crowd_takes_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each hash takes 64 MiB: two at a time are made or checked, also the one of nobody."""
    crowd, begin = _Crowd(), Barrier(6)
    monkeypatch.setattr(passwords, "_HASHER", crowd)
    monkeypatch.setattr(passwords, "_nobodys_hash", passwords._nobodys_hash.__wrapped__)

    def work(number: int) -> object:
        begin.wait()
        return hash_password(PASSWORD) if number % 2 else verify_password(None, PASSWORD)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(work, range(6)))
    assert crowd.most == 2
