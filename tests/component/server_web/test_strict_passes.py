"""Strict or lenient: said on a multipass type's form, kept by every pass that is sold afterwards."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from server.db import Database
from server.models import Multipass, MultipassType, Staff
from tests.component.server_web.browser import Browser

HELP = {"en": "For passes sold from now on. Strict:", "fr": "Pour les laissez-passer vendus à partir de maintenant."}


def change_type(admin: Browser, **said: str) -> None:
    """Saves the swim pass type's form; a box that is not named is not ticked."""
    form = {"name_en": "Swim pass", "name_fr": "", "total": "5", "effective": "on_purchase", **said}
    answer = admin.post("/admin/multipass-type/edit?pk=home-swim", **form)
    assert answer.status_code == 303, answer.text


def sell(admin: Browser, database: Database) -> Multipass:
    """Sells a swim pass to Zoé and reads it back."""
    with database.read() as session:
        before = set(session.scalars(select(Multipass.id)))
    path = "/admin/accounts/home-account/sell/multipass"
    seen = re.search(r'name="seen" value="(\w+)"', admin.get(path).text)
    assert seen is not None
    given = {"type": "home-swim", "person": "home-zoe", "purchased_on": "2026-11-01", "seen": seen[1]}
    answer = admin.post(path, **given)
    assert answer.status_code == 303, answer.text
    with database.read() as session:
        sold = session.scalars(select(Multipass).where(Multipass.id.not_in(before))).one()
        session.expunge(sold)
    return sold


@pytest.fixture(autouse=True)
def _type(database: Database) -> None:
    with database.write() as session:
        swim = MultipassType(
            id="home-swim", organization_id="home", name_en="Swim pass", total=5, expires_after_days=90
        )
        session.add(swim)


def test_a_pass_takes_its_type_s_rules_when_it_is_sold(admin: Browser, database: Database) -> None:
    """And keeps them: a later change of the type holds for later passes."""
    assert not sell(admin, database).is_strict
    change_type(admin, is_strict="on", is_one_use_a_day="on")
    strict = sell(admin, database)
    assert (strict.is_strict, strict.is_one_use_a_day, strict.expires_after_days) == (True, True, 90)
    change_type(admin)
    assert not sell(admin, database).is_strict
    with database.read() as session:
        assert session.get_one(Multipass, strict.id).is_strict


def test_one_pass_can_be_made_lenient_again(admin: Browser, database: Database) -> None:
    """On its own form."""
    change_type(admin, is_strict="on")
    strict = sell(admin, database)
    form = {"purchased_on": "2026-11-01", "effective": "on_purchase"}
    assert admin.post(f"/admin/multipass/edit?pk={strict.id}", **form).status_code == 303
    with database.read() as session:
        assert not session.get_one(Multipass, strict.id).is_strict


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_form_says_what_strict_means(admin: Browser, database: Database, language: str) -> None:
    """In both languages, at the type and at the pass; a pass being sold takes it from its type and asks nothing."""
    with database.write() as session:
        session.scalars(select(Staff).where(Staff.email == "admin@example.org")).one().language = language  # type: ignore[assignment]
    assert HELP[language] in admin.get("/admin/multipass-type/edit?pk=home-swim").text
    assert 'name="is_strict"' in admin.get("/admin/multipass/edit?pk=home-pass").text
    assert 'name="is_strict"' not in admin.get("/admin/accounts/home-account/sell/multipass").text
