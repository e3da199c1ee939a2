"""The login throttle, the password hashing, the content policy, initials, masks."""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
import re

import pytest
from jinja2 import DictLoader, Environment

from server.admin.frame import initials
from server.admin.say import masked
from server.admin.security import NonceLoader, content_policy
from server.staff.errors import WeakPassword
from server.staff.passwords import hash_password, verify_password
from server.staff.throttle import LoginThrottle


def test_delays_grow_and_are_forgotten_after_a_success() -> None:
    """Three failures are free, then 1, 2, 4 ... seconds up to the limit."""
    throttle = LoginThrottle(free=3, max_wait_s=60)
    waits = []
    for _ in range(12):
        throttle.failed("k", now=100.0)
        waits.append(throttle.wait_s("k", now=100.0))
    assert waits == [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert throttle.wait_s("k", now=130.5) == 30
    assert throttle.wait_s("k", now=200.0) == 0
    assert throttle.wait_s("other", now=100.0) == 0
    throttle.succeeded("k")
    assert throttle.wait_s("k", now=100.0) == 0


def test_the_throttle_stays_small() -> None:
    """A flood of names forgets the oldest ones."""
    throttle = LoginThrottle(free=0, max_keys=10)
    for number in range(50):
        throttle.failed(str(number), now=0.0)
    assert throttle.wait_s("0", now=0.0) == 0
    assert throttle.wait_s("49", now=0.0) == 1


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
