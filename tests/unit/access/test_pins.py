"""Desk PINs: which ones are taken, and whose a typed one is."""

import pytest

from access.domain.staff import DeskPermission, StaffMember
from access.wire.pins import hash_pin, is_plain_pin, is_trivial_pin, who_has_pin

SALT = bytes(range(16))


@pytest.mark.parametrize("pin", ["000000", "111211", "123456", "098765", "654321", "121212", "123123", "12341234"])
def test_a_pin_that_is_tried_first_is_trivial(pin: str) -> None:
    """Few different digits, runs, and blocks that repeat."""
    assert is_trivial_pin(pin)


@pytest.mark.parametrize("pin", ["184623", "908172", "135792", "00420917"])
def test_any_other_is_not(pin: str) -> None:
    """These one may have."""
    assert not is_trivial_pin(pin)


@pytest.mark.parametrize("pin", ["", "18462", "1846231846231", "18462a", "１８４６２３", "18 4623"])
def test_a_pin_has_six_to_twelve_plain_digits(pin: str) -> None:
    """Digits of other scripts are none."""
    assert not is_plain_pin(pin)
    assert is_plain_pin("184623")


def test_a_pin_finds_its_owner_and_nobody_else() -> None:
    """One salt for the organization; what is no hash is passed over, another salt is calculated too."""
    hashes = [
        ("dana", hash_pin("184623", SALT)),
        ("lea", hash_pin("908172", SALT)),
        ("new", hash_pin("184624", bytes(16))),
        ("none", ""),
        ("odd", "$argon2id$v=19$m=99999999,t=99,p=1$AAAAAAAAAAAAAAAA$AAAA"),
    ]
    assert [who_has_pin(pin, hashes) for pin in ("184623", "908172", "184624", "184625", "")] == [
        "dana",
        "lea",
        "new",
        None,
        None,
    ]
    assert hashes[0][1].startswith("$argon2id$v=19$m=65536,t=3,p=1$")


def test_a_permission_of_a_newer_centre_hides_no_other() -> None:
    """Unknown words are passed over."""
    assert StaffMember(id="s", name="Dana", may=("undo", "fly")).permissions == {DeskPermission.UNDO}
