"""Every decision row of tests/vectors, one test a row; and the rows as a whole leave no reason out."""

import re
import tomllib
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from access.domain.credentials import CredentialKind, CredentialStatus
from access.domain.facts import AccessRequest, ClockTrust, Facts, Presence
from access.domain.instants import Hours
from access.domain.memberships import Cancellation, CancellationState, Membership, MembershipStatus, Pause
from access.domain.multipasses import Effective, Multipass, MultipassStatus, PassUse, Period
from access.domain.people import Account, Memo, Participant
from access.domain.policy import (
    AccessPoint,
    AccessRule,
    AccessType,
    AntiPassback,
    AntiPassbackMode,
    BalanceRule,
    Capacity,
    EntitlementClass,
    Mode,
    OfflineRule,
    Window,
    WindowKind,
)
from access.domain.reasons import Notice, Outcome, Reason
from access.domain.registrations import Activity, ActivityKind, Occurrence, Registration, RegistrationStatus
from access.vectors import RowResult, run_file

FOLDER = Path(__file__).parents[2] / "vectors"
FILES = sorted(FOLDER.glob("*.toml"))
RESULTS = [(file.stem, result) for file in FILES for result in run_file(file)]


def documents() -> dict[str, dict[str, Any]]:
    return {file.stem: tomllib.loads(file.read_text(encoding="utf-8")) for file in FILES}


def expectations() -> list[tuple[str, dict[str, Any]]]:
    return [(stem, row["expect"]) for stem, document in documents().items() for row in document.get("row", [])]


@pytest.mark.parametrize(
    "result",
    [pytest.param(result, id=f"{stem}: {result.name}".encode("ascii", "replace").decode()) for stem, result in RESULTS],
)
def test_row(result: RowResult) -> None:
    """The row holds."""
    assert result.problem is None, result.problem


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_row_that_produces_it_and_one_that_just_misses(reason: Reason) -> None:
    """In one file, so that the two can be read side by side."""
    producing = {stem for stem, expect in expectations() if reason in expect.get("reasons", [])}
    missing = {stem for stem, expect in expectations() if "reasons" in expect and reason not in expect["reasons"]}
    assert producing & missing


@pytest.mark.parametrize("notice", list(Notice))
def test_every_notice_has_a_row(notice: Notice) -> None:
    """And one that says explicitly that there is nothing to notice."""
    listed = [expect["notices"] for _, expect in expectations() if "notices" in expect]
    assert any(notice in each for each in listed)
    assert [] in listed


@pytest.mark.parametrize("stem", [file.stem for file in FILES])
def test_every_file_is_worth_reading(stem: str) -> None:
    """At least ten rows, each named, no name twice, and rows that differ in what they expect."""
    document = documents()[stem]
    rows = document.get("row", []) + document.get("code", [])
    names = [row["name"] for row in rows]
    assert len(rows) >= 10
    assert len(set(names)) == len(names)
    assert len({str(row["expect"]) for row in rows}) >= 2


def test_there_are_enough_rows() -> None:
    """The law is wide: a loss of rows is a loss of law."""
    assert len(RESULTS) >= 440


def test_the_page_about_the_format_is_true(tmp_path: Path) -> None:
    """Its example runs, and it names every word of the vocabularies and every key of a row."""
    page = (FOLDER.parents[1] / "docs" / "vectors.md").read_text(encoding="utf-8")
    example = tmp_path / "example.toml"
    example.write_text(page.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    assert [result.problem for result in run_file(example)] == [None] * 4
    vocabularies: list[type[StrEnum]] = [
        Reason,
        Notice,
        Outcome,
        Mode,
        AccessType,
        EntitlementClass,
        WindowKind,
        AntiPassbackMode,
    ]
    vocabularies += [CredentialStatus, CredentialKind, ClockTrust, MembershipStatus, MultipassStatus, Effective]
    vocabularies += [ActivityKind, RegistrationStatus, CancellationState]
    words = {str(word) for vocabulary in vocabularies for word in vocabulary}
    shapes: list[Any] = [
        Facts,
        AccessRequest,
        Presence,
        Participant,
        Account,
        Memo,
        Membership,
        Pause,
        Cancellation,
        Multipass,
    ]
    shapes += [Period, PassUse, Activity, Occurrence, Registration, AccessPoint, AccessRule, Window, BalanceRule]
    shapes += [Capacity, AntiPassback, OfflineRule, Hours]
    words |= {each.name for shape in shapes for each in fields(shape)}
    assert sorted(word for word in words if not re.search(rf"\b{word}\b", page)) == []
