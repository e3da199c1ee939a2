"""Sign-ins at the desk by a clock of the test's own: idle, too old, disabled, and delays that never end for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access.domain.people import Language
from access.domain.staff import DeskPermission, StaffMember
from access.wire.pins import hash_pin
from edge_agent.desk_staff import DeskSessions, PinDelays, WrongPin

DANA = StaffMember(id="s1", name="Dana", may=tuple(DeskPermission), pin_hash=hash_pin("184623", bytes(16)))


class FakeMarks:
    """The ledger's marks."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def marks(self) -> dict[str, str]:
        """All of them."""
        return dict(self.kept)

    def set_marks(self, marks: dict[str, str]) -> None:
        """Sets some."""
        self.kept |= marks


class Pad:
    """A pad with a clock and a staff list that the test changes."""

    def __init__(self, ledger: Any = None) -> None:
        self.ledger: Any = ledger or FakeMarks()
        self.seconds = 0.0
        self.staff = [DANA]
        delays = PinDelays(self.ledger, lambda: datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=self.seconds))
        self.sessions = DeskSessions(lambda: self.staff, delays, lambda: self.seconds)


def test_a_session_ends_when_idle_and_is_kept_alive_by_acts_only() -> None:
    """A page that only listens does not keep it open; an act does, but not for longer than half a day."""
    pad = Pad()
    token, staff = pad.sessions.sign_in("184623", "pool")
    assert (staff.name, staff.language) == ("Dana", Language.EN)
    for _ in range(3):
        pad.seconds += 800
        assert pad.sessions.of(token) is not None
    pad.seconds += 800
    assert pad.sessions.of(token, is_active=False) is not None
    pad.seconds += 200
    assert pad.sessions.of(token) is None
    token, _ = pad.sessions.sign_in("184623", "pool")
    for _ in range(72):
        pad.seconds += 600
        pad.sessions.of(token)
    pad.seconds += 600
    assert pad.sessions.of(token) is None


def test_a_session_ends_with_the_account_and_follows_its_permissions() -> None:
    """What the centre says of a staff member counts at the next act."""
    pad = Pad()
    token, _ = pad.sessions.sign_in("184623", "pool")
    pad.staff = [StaffMember(id="s1", name="Dana", may=("undo",), pin_hash="x")]
    signed_in = pad.sessions.of(token)
    assert signed_in is not None
    assert signed_in.may == {DeskPermission.UNDO}
    pad.staff = []
    assert pad.sessions.of(token) is None
    pad.staff = [DANA]
    assert pad.sessions.of(token) is None


def test_delays_grow_to_ten_minutes_and_outlive_the_door() -> None:
    """And an instant far ahead, of a clock that was wrong, locks nobody out for longer."""
    pad = Pad()
    waits = []
    for _ in range(14):
        with pytest.raises(WrongPin) as refused:
            pad.sessions.sign_in("000000", "pool")
        waits.append(refused.value.retry_in_s)
        pad.seconds += refused.value.retry_in_s
    assert waits == [0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600]
    with pytest.raises(WrongPin):
        pad.sessions.sign_in("000000", "pool")
    again = Pad(pad.ledger)
    assert again.sessions.locked_s() == 600
    again.seconds = pad.seconds + 601
    token, _ = again.sessions.sign_in("184623", "pool")
    assert again.sessions.of(token) is not None
    assert Pad(pad.ledger).sessions.locked_s() == 0
