"""Access points of every kind that can be saved, for Hypothesis; what a page would post for one of them."""

from __future__ import annotations

from datetime import time

from hypothesis import strategies as st

from access.domain import policy as law
from access.domain.instants import ALL_DAYS, Hours
from access.domain.people import Text
from access.domain.policy import (
    AccessPoint,
    AccessRule,
    AccessType,
    AntiPassback,
    AttendanceTracking,
    BalanceRule,
    Capacity,
    KioskView,
    Mode,
    OfflineRule,
    Window,
)
from server.access_points.choices import Choices
from server.access_points.form import filled, policy_of
from server.access_points.values import Values

__all__ = ["ids", "page_values", "points"]

_YEAR_S = 365 * 86_400
ids = st.text("abcdefghijklmnopqrstuvwxyz0123456789-._", min_size=1, max_size=20)
_modes = st.sampled_from(Mode)
_days = st.sets(st.sampled_from(ALL_DAYS), min_size=1).map(lambda days: tuple(sorted(days)))
_clocks = st.builds(time, st.integers(0, 23), st.integers(0, 59), st.sampled_from([0, 0, 0, 30, 59]))
_hours = st.lists(st.builds(Hours, days=_days, opens=_clocks, closes=_clocks), max_size=3).map(tuple)
_rules = st.builds(
    AccessRule,
    type=st.sampled_from(AccessType),
    chosen=st.lists(ids, unique=True, max_size=3).map(tuple),
    schedule=_hours,
    window=st.builds(Window, st.sampled_from(law.WindowKind), st.integers(0, 10_080)),
)


@st.composite
def _capacities(draw: st.DrawFn) -> Capacity:
    limit = draw(st.none() | st.integers(0, 1_000_000))
    warning_at = draw(st.none() | st.integers(0, 1_000_000 if limit is None else limit))
    return Capacity(limit=limit, warning_at=warning_at, mode=draw(_modes))


@st.composite
def _attendances(draw: st.DrawFn) -> AttendanceTracking:
    has_check_out = draw(st.booleans())
    return AttendanceTracking(
        is_on=draw(st.booleans()),
        has_check_out=has_check_out,
        has_child_pick_up=has_check_out and draw(st.booleans()),
        has_daily_notes=draw(st.booleans()),
    )


points = st.builds(
    AccessPoint,
    id=st.just("draft"),
    name=st.just(Text("draft")),
    facility_id=st.none() | ids,
    direction=st.sampled_from(law.Direction),
    opening_hours=_hours,
    balance=st.builds(
        BalanceRule, mode=_modes, threshold_cents=st.integers(0, 100_000_000), age_days=st.integers(0, 3650)
    ),
    duplicate_window_s=st.integers(0, 86_400),
    capacity=_capacities(),
    anti_passback=st.builds(AntiPassback, mode=st.sampled_from(law.AntiPassbackMode), period_s=st.integers(0, _YEAR_S)),
    missing_picture=_modes,
    kiosk=st.builds(KioskView, has_picture=st.booleans(), name=st.sampled_from(law.NameShown), has_sound=st.booleans()),
    pulse_ms=st.integers(100, 600_000),
    offline=st.builds(OfflineRule, max_cache_age_s=st.integers(0, _YEAR_S), stale=_modes, untrusted_clock=_modes),
    attendance=_attendances(),
    access_rules=st.lists(_rules, max_size=4).map(tuple),
    order=st.permutations(law.DEFAULT_ORDER).map(tuple),
    is_choice_offered=st.booleans(),
    auto_exit_after_h=st.integers(0, 8760),
)


def page_values(document: dict[str, object] | None = None, language: str = "en") -> tuple[Values, Choices]:
    """The form of a settings document as its page shows it, and what it may name."""
    point = policy_of(document or {})
    return filled(point, language), Choices().for_point(point)
