"""A file is sent, checked and looked at in a real browser, with the server's own task behind it; nothing is started."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import faint_texts, resize
from tests.e2e.back_office.conftest import Office

pytestmark = pytest.mark.browser
FILE = "Member #;Prénom;Date de naissance;Truc\n000901;Maya;1985-04-30;x\n000902;Zoé;03/04/2015;y\n000901;Max;;z\n"


def test_a_file_is_checked_and_its_problems_are_shown(admin: Page, office: Office, tmp_path: Path) -> None:
    """From the file to the problems, without a reload; readable on a telephone and in both schemes."""
    file = tmp_path / "members.csv"
    file.write_bytes(FILE.encode("cp1252"))
    admin.goto(f"{office.url}/admin/imports")
    admin.get_by_label("File", exact=True).set_input_files(file)
    admin.get_by_role("button", name="Send and look at it").click()
    expect(admin.get_by_role("heading", name="members.csv")).to_be_visible()
    expect(admin.get_by_label("Prénom")).to_have_value("first_name")
    expect(admin.get_by_label("Truc")).to_have_value("")
    admin.get_by_role("button", name="Check the file").click()
    expect(admin.locator("[data-state=checked]")).to_be_visible()
    expect(admin.get_by_text("The same is in row 2 already.")).to_be_visible()
    expect(admin.get_by_text("This could be two different days.")).to_be_visible()
    expect(admin.get_by_role("button", name="Bring them in (1)", exact=True)).to_be_visible()
    resize(admin, 390, 844)
    assert admin.evaluate("document.documentElement.scrollWidth") <= 390
    for scheme in ("light", "dark"):
        assert faint_texts(admin, scheme) == []


def test_integrations_are_readable(admin: Page, office: Office) -> None:
    """In both schemes and on a telephone."""
    admin.goto(f"{office.url}/admin/integrations")
    expect(admin.get_by_role("heading", name="Webhooks")).to_be_visible()
    resize(admin, 390, 844)
    assert admin.evaluate("document.documentElement.scrollWidth") <= 390
    for scheme in ("light", "dark"):
        assert faint_texts(admin, scheme) == []
