"""Guessing enrolment codes: it gets slower and slower, and staff hear of it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import select

from access.wire.enrolment import ENROLL_PATH, EnrolmentRequest
from server.devices.guesses import ALARM_AFTER, ALARM_WITHIN_S, EnrolmentGuesses
from server.devices.service import create_enrolment_code, raise_guessing_alarm
from server.errors import TooManyAttempts
from server.models import Alarm, Organization


def test_an_address_waits_longer_and_longer() -> None:
    """Five are free, then 1, 2, 4 seconds up to a minute; other addresses do not wait."""
    guesses, now, waits = EnrolmentGuesses(), 0, []
    for _ in range(6):
        guesses.take("a", now=now)
    for _ in range(8):
        with pytest.raises(TooManyAttempts) as error:
            guesses.take("a", now=now)
        waits.append(error.value.wait_s)
        now += waits[-1]
        guesses.take("a", now=now)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    guesses.take("b", now=now)
    guesses.was_right("a")
    guesses.take("a", now=now)


def test_many_from_many_addresses_are_an_alarm() -> None:
    """Twenty within ten minutes; fewer, or slower, are not."""
    guesses = EnrolmentGuesses()
    assert [guesses.was_wrong(now=n) for n in range(ALARM_AFTER)] == [False] * (ALARM_AFTER - 1) + [True]
    step = ALARM_WITHIN_S / (ALARM_AFTER - 1) + 1
    assert not any(guesses.was_wrong(now=10_000 + n * step) for n in range(3 * ALARM_AFTER))


def test_over_http(embedded_venue: Any) -> None:
    """429 with how long to wait, also for a right code; the log names the address, never the code."""
    centre = embedded_venue.centre

    def ask(code: str) -> httpx.Response:
        return httpx.post(centre.url + ENROLL_PATH, content=EnrolmentRequest(code=code).to_bytes())

    with centre.database.write() as session:
        right = create_enrolment_code(session, "club", "main", "D", ["entrance"])
    assert [ask("AAAA-AAAA").status_code for _ in range(6)] == [403] * 6
    answer = ask(right)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
    assert int(answer.headers["retry-after"]) >= 1


def test_who_has_an_open_code_hears_of_it_once(embedded_venue: Any) -> None:
    """Every organization that could be meant, and no other."""
    database = embedded_venue.database
    with database.write() as session:
        session.add(Organization(id="rival", name_en="Rival"))
        create_enrolment_code(session, "club", "main", "D", ["entrance"])
    for address in ("192.0.2.1", "192.0.2.2"):
        with database.write() as session:
            raise_guessing_alarm(session, address)
    with database.read() as session:
        found = [(each.organization_id, each.kind, each.subject) for each in session.scalars(select(Alarm))]
    assert found == [("club", "enrolment_guessing", "192.0.2.1")]


def test_the_bare_address_leads_to_the_back_office(embedded_venue: Any) -> None:
    """Nobody types /admin."""
    answer = httpx.get(embedded_venue.centre.url + "/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/")
