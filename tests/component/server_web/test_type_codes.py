"""The codes by which files and other systems name types: set in their forms, one of a kind, empty is none."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from server.db import Database
from server.models import MembershipType, MultipassType
from tests.component.server_web.browser import Browser


@pytest.mark.parametrize(("key", "model"), [("membership-type", MembershipType), ("multipass-type", MultipassType)])
def test_a_code_is_set_and_is_one_of_a_kind(
    admin: Browser, database: Database, key: str, model: type[MembershipType] | type[MultipassType]
) -> None:
    """A second type with it is refused with a remark; types without one do not collide."""

    def made(name: str, code: str) -> int:
        given = {"name_en": name, "name_fr": name, "code": code, "effective": "on_purchase"}
        return admin.post(f"/admin/{key}/create", **given).status_code

    assert [made("First", "FAM-A"), made("None", ""), made("None too", " ")] == [303, 303, 303]
    assert made("Second", "FAM-A") == 422
    with database.read() as session:
        codes = {each.name_en: each.code for each in session.scalars(select(model))}
    assert (codes["First"], codes["None"], codes["None too"]) == ("FAM-A", None, None)
    assert "Second" not in codes
