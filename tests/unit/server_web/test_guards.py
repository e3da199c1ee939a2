"""The login throttle, the password hashing, the content policy, initials, masks."""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from jinja2 import DictLoader, Environment

from server.admin.frame import initials
from server.admin.say import masked
from server.admin.security import NonceLoader, content_policy
from server.staff.errors import WeakPassword
from server.staff.passwords import hash_password, verify_password
from server.staff.throttle import LoginThrottle


def test_delays_grow_and_are_forgotten_after_a_success() -> None:
    """Three failures are free, then 1, 2, 4 ... seconds up to the limit; who has to wait is not counted."""
    throttle, now, waits = LoginThrottle(free=3, max_wait_s=60), 100.0, []
    assert [throttle.take("k", now=now) for _ in range(4)] == [0] * 4
    for _ in range(8):
        waits.append(throttle.take("k", now=now))
        assert throttle.take("k", "other", now=now) == waits[-1]
        now += waits[-1]
        assert throttle.take("k", now=now) == 0
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert throttle.take("k", now=now + 29.5) == 31
    assert [throttle.take("other", now=now) for _ in range(5)] == [0, 0, 0, 0, 1]
    throttle.succeeded("k")
    assert throttle.take("k", now=now) == 0


def test_what_was_right_is_given_back_and_the_failures_before_it_are_not() -> None:
    """Many people behind one address who know their passwords wait for nobody."""
    throttle = LoginThrottle(free=3, max_wait_s=60)
    for _ in range(20):
        assert throttle.take("k", now=0.0) == 0
        throttle.give_back("k")
    assert [throttle.take("k", now=0.0) for _ in range(6)] == [0, 0, 0, 0, 1, 1]
    assert throttle.take("k", now=1.0) == 0
    throttle.give_back("k")
    assert throttle.take("k", now=1.0) == 0
    assert throttle.take("k", now=1.0) == 2
    throttle.give_back("nobody")


def test_a_key_may_have_a_limit_of_its_own() -> None:
    """The longest wait of all keys counts."""
    throttle = LoginThrottle(free=0, max_wait_s=60)
    now = 0.0
    for _ in range(5):
        assert throttle.take("long", "short", now=now, most_s={"short": 2.0}) == 0
        now += 100
    assert throttle.take("short", now=now - 100) == 2
    assert throttle.take("long", "short", now=now - 100) == 16


def test_many_attempts_at_once_are_no_more_than_one_after_the_other() -> None:
    """An attempt counts before it is looked at."""
    throttle, begin = LoginThrottle(free=3), Barrier(50)

    def guess(_number: int) -> bool:
        begin.wait()
        return throttle.take("k", now=0.0) == 0

    with ThreadPoolExecutor(50) as threads:
        assert sum(threads.map(guess, range(50))) == 4


def test_the_throttle_stays_small() -> None:
    """A flood of names forgets the oldest ones."""
    throttle = LoginThrottle(free=0, max_keys=10)
    for number in range(50):
        assert throttle.take(str(number), now=0.0) == 0
    assert throttle.take("0", now=0.0) == 0
    assert throttle.take("49", now=0.0) == 1


def test_passwords_are_argon2id_and_never_right_without_an_account() -> None:
    """The work is done all the same."""
    stored = hash_password("correct horse battery")
    assert stored.startswith("$argon2id$")
    assert verify_password(stored, "correct horse battery")
    assert not verify_password(stored, "wrong")
    assert not verify_password(None, "correct horse battery")
    assert not verify_password("no hash at all", "x")
    for weak in ("short", "x" * 257):
        with pytest.raises(WeakPassword):
            hash_password(weak)


def test_every_script_tag_gets_the_nonce() -> None:
    """And nothing else does."""
    loader = NonceLoader(DictLoader({"page": "<script>a</script><script src='x'></script><scripty>"}))
    source, _, _ = loader.get_source(Environment(autoescape=True), "page")
    assert source.count('nonce="{{ csp_nonce() }}"') == 2
    assert "<scripty>" in source


def test_the_policy_names_exactly_the_frames_inline_handlers() -> None:
    """A new version with another handler shows here, not as a dead button."""
    folder = importlib.resources.files("starlette_admin") / "templates"
    handlers: set[str] = set()

    def read(place: importlib.resources.abc.Traversable) -> None:
        for each in place.iterdir():
            if each.is_dir():
                read(each)
            elif each.name.endswith(".html"):
                handlers.update(re.findall(r"\son(?:click|change|submit|input)=\"([^\"]+)\"", each.read_text("utf-8")))

    read(folder)
    policy = content_policy("n")
    for handler in handlers:
        assert base64.b64encode(hashlib.sha256(handler.encode()).digest()).decode() in policy, handler
    assert "unsafe-eval" not in policy
    assert "http" not in policy


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Zoé Tremblay", "ZT"),
        ("Maya", "M"),
        ("", "?"),
        ("<img src=x>", "S"),
        ("\u202eRTL x", "X"),
        ("Jean de la Tour", "JT"),
    ],
)
def test_initials(name: str, expected: str) -> None:
    """One or two letters, whatever the name."""
    assert initials(name) == expected


@pytest.mark.parametrize(("value", "expected"), [("04A224B2C35280", "••••••••5280"), ("12", "••"), ("12345", "••••5")])
def test_masked(value: str, expected: str) -> None:
    """Never more than a third, never more than four characters."""
    assert masked(value) == expected
