"""Between doors, whatever happens: strict passes are never over-admitted, lenient excess is bounded, found and flagged.

Histories of 3 to 5 doors with partitions, crashes at any statement, duplicates, other orders, lost and late leases,
undos and wrong clocks; 10,000 of them with GATEHOUSE_FAULTS=full.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import structlog
from sqlalchemy.orm import Session

from server.db import Database
from server.models import AccessPoint, Account, Device, Multipass, MultipassType, Organization, Person, Site
from tests.faults import between_doors
from tests.faults.between_doors import DOORS, PASSES, PEOPLE, Plan

IS_FULL = os.environ.get("GATEHOUSE_FAULTS") == "full"
CHUNKS, HISTORIES = (20, 500) if IS_FULL else (1, 120)
TO_NOTICE = 2_000


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A centre with a family and two passes; each history is rolled back, so all begin alike."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('centre') / 'centre.db'}")
    database.migrate()
    with database.write() as session:
        session.add(Organization(id="club", name_en="Club", time_zone="America/Toronto"))
        session.flush()
        session.add_all(
            [Site(id="main", organization_id="club", name_en="Main"), Account(id="family", organization_id="club")]
        )
        session.flush()
        for name in DOORS:
            own = {"organization_id": "club", "site_id": "main"}
            session.add(AccessPoint(id=f"at-{name}", name_en=name, **own))
            session.add(Device(id=name, name=name, secret_hash="x", **own))
        for name in PEOPLE:
            session.add(Person(id=name, organization_id="club", account_id="family", first_name=name))
        for name in PASSES:
            session.add(MultipassType(id=name, organization_id="club", name_en=name))
            session.flush()
            own = {"organization_id": "club", "account_id": "family", "type_id": name}
            is_strict = name == "strict"
            session.add(Multipass(id=name, purchased_on=date(2026, 1, 1), total=1, is_strict=is_strict, **own))
    yield database
    database.close()


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    structlog.configure(processors=[_drop])
    yield
    structlog.reset_defaults()


def _drop(*_: object) -> str:
    raise structlog.DropEvent


def plan_of(seed: int) -> Plan:
    """Every third history is parted once, with one use left: there the bound is the partitions minus one."""
    draw = random.Random(seed)
    is_parted_once = seed % 3 == 0
    totals = {"strict": draw.randint(1, 7), "lenient": 1 if is_parted_once else draw.randint(1, 3)}
    return Plan(doors=draw.randint(3, 5), totals=totals, is_parted_once=is_parted_once, steps=draw.randint(10, 40))


def run_history(database: Database, seed: int, plan: Plan | None = None) -> between_doors.Site:
    """One history from its seed. Raises AssertionError with its story."""
    plan = plan or plan_of(seed)
    with Session(database.write_engine, expire_on_commit=False) as session:
        session.begin()
        for pass_id, total in plan.totals.items():
            session.get_one(Multipass, pass_id).total = total
        site = between_doors.Site(session, plan, random.Random(seed))
        try:
            site.run()
        except AssertionError as error:
            raise AssertionError(f"history {seed}: {error}") from error
        finally:
            site.close()
            session.rollback()
    return site


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_whatever_happens_between_doors(database: Database, chunk: int) -> None:
    """And the histories are not empty: uses were taken, leases spent, passes overdrawn."""
    strict = lenient = overdrawn = spent = 0
    for seed in range(chunk * HISTORIES, (chunk + 1) * HISTORIES):
        site = run_history(database, seed)
        strict += site.admissions("strict")
        lenient += site.admissions("lenient")
        overdrawn += site.admissions("lenient") > site.plan.totals["lenient"]
        spent += site.admissions("strict") == site.plan.totals["strict"]
    assert min(strict, lenient) > HISTORIES // 2
    assert min(overdrawn, spent) > HISTORIES // 20


MUTATIONS = {
    "a lease comes back when the centre's clock says that it is over": "over",
    "a lease comes back before every event is known": "gaps",
    "a lease comes back at the next question": "at_once",
}


def _slow(mutation: str) -> list[Any]:
    return [pytest.mark.skipif(not IS_FULL, reason="takes half a minute: make faults")] if mutation == "gaps" else []


@pytest.mark.parametrize(
    "mutation", [pytest.param(mutation, id=name, marks=_slow(mutation)) for name, mutation in MUTATIONS.items()]
)
def test_the_histories_would_notice(database: Database, monkeypatch: pytest.MonkeyPatch, mutation: str) -> None:
    """Take a lease back too early, and some history lets too many in."""

    def too_early(lent: Any, word: Any, *, through_seq: int, parked: Any) -> bool:
        if mutation == "gaps":
            return word is not None and bool(lent.lease.is_over(word.floor))
        return mutation == "at_once" or bool(lent.lease.is_over(clock()))

    monkeypatch.setattr("server.leases.service.has_come_back", too_early)
    clock = _clock_of_the_centre(monkeypatch)
    with pytest.raises(AssertionError, match="strict: "):
        _run_histories(database, TO_NOTICE)


def _run_histories(database: Database, how_many: int) -> None:
    """Histories about one use of one strict pass, where too early shows soonest."""
    plan = Plan(doors=3, totals={"strict": 1, "lenient": 1}, steps=60, presented=("strict",))
    for seed in range(how_many):
        run_history(database, seed, plan)


def _clock_of_the_centre(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The instant of the site that is running."""
    running: list[between_doors.Site] = []
    begin = between_doors.Site.begin

    def noted(site: between_doors.Site) -> None:
        running[:] = [site]
        begin(site)

    monkeypatch.setattr(between_doors.Site, "begin", noted)
    return lambda: running[0].now
