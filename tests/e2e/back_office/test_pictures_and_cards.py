"""What needs a device in Chromium: a picture by the camera and its crop, a card that is held to a door's reader."""

from __future__ import annotations

import io
import json
import re

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select

from server.models import Credential, Event, Person, PictureVersion, utc_now
from server.pictures.store import PictureStore
from tests.chromium import settle
from tests.component.server_web.sample import event
from tests.e2e.back_office.conftest import Office

pytestmark = pytest.mark.browser
HOME = "/admin/accounts/home-account"
MARK = "c" * 32


def test_a_picture_is_taken_framed_and_kept(admin: Page, office: Office) -> None:
    """By keyboard and by pointer; what is kept is three by four, unverified, and said to come from the camera."""
    admin.context.grant_permissions(["camera"], origin=office.url)
    admin.goto(f"{office.url}{HOME}/pictures/home-emile")
    access = admin.get_by_role("region", name="Access picture")
    access.get_by_role("button", name="Use the camera").press("Enter")
    take = access.get_by_role("button", name="Take the picture")
    expect(access.locator("[data-camera]")).to_have_attribute("data-ready", "")
    expect(take).to_be_focused()
    take.press("Enter")
    canvas = access.locator("canvas")
    expect(canvas).to_be_focused()
    expect(canvas).to_have_attribute("data-crop", "0 0 1 0")
    for key, crop in (
        ("ArrowRight", "12 0 1 0"),
        ("+", "13.2 0 1.1 0"),
        ("ArrowUp", "13.2 -12 1.1 0"),
        ("0", "0 0 1 0"),
    ):
        admin.keyboard.press(key)
        expect(canvas).to_have_attribute("data-crop", crop)
    canvas.scroll_into_view_if_needed()
    settle(admin)
    box = canvas.bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    admin.mouse.move(*middle)
    admin.mouse.down()
    admin.mouse.move(middle[0] - 20, middle[1], steps=2)
    admin.mouse.up()
    expect(canvas).to_have_attribute("data-crop", re.compile(r"^-\d+(\.\d+)? 0 1 0$"))
    access.get_by_role("button", name="Turn").click()
    expect(canvas).to_have_attribute("data-crop", re.compile(r" 1$"))
    access.get_by_role("button", name="Keep this picture").click()
    expect(access.get_by_role("listitem").first).to_contain_text("taken with the camera")
    expect(access).to_contain_text("Not verified")
    with office.database.read() as session:
        made = session.scalars(select(PictureVersion).where(PictureVersion.person_id == "home-emile")).one()
        assert (made.source, made.role) == ("webcam", "access")
        kept = session.get_one(Person, "home-emile").access_picture
    assert made.picture == kept is not None
    image = Image.open(io.BytesIO(PictureStore(office.settings.data_dir / "pictures").path(kept).read_bytes()))
    assert image.width * 4 == image.height * 3


def test_a_card_held_to_a_door_is_given_to_somebody(admin: Page, office: Office) -> None:
    """The page that waits hears of it: whose a known card is, and whom an unknown one may be given to."""
    with office.database.read() as session:
        known = session.scalars(select(Credential).where(Credential.person_id == "home-zoe")).first()
        assert known is not None
    admin.goto(f"{office.url}{HOME}/cards")
    admin.get_by_role("link", name="Scan at a door").press("Enter")
    admin.get_by_label("For").select_option("Émile Tremblay")
    admin.get_by_label("Access point").select_option("Pool")
    admin.get_by_role("button", name="Wait for a card").press("Enter")
    expect(admin.get_by_role("status").filter(has_text="Waiting for a card at Pool")).to_be_visible()
    try:
        _refused(office, known.kind.value, known.fingerprint)
        expect(admin.get_by_role("alert").filter(has_text="Zoé Tremblay")).to_be_visible()
        _refused(office, "nfc", MARK)
        give = admin.get_by_role("button", name="Give it to Émile Tremblay")
        expect(give).to_be_focused()
        expect(admin.get_by_role("alert")).to_have_count(0)
        give.press("Enter")
        expect(admin.get_by_role("row").filter(has_text="Émile").filter(has_text="NFC card")).to_be_visible()
        with office.database.read() as session:
            assert (
                session.scalars(select(Credential).where(Credential.fingerprint == MARK)).one().person_id
                == "home-emile"
            )
    finally:
        with office.database.write() as session:
            session.execute(delete(Event))
            for card in session.scalars(select(Credential).where(Credential.fingerprint == MARK)):
                session.delete(card)


def _refused(office: Office, kind: str, mark: str) -> None:
    """The pool's door refuses a card, now."""
    with office.database.write() as session:
        made = event(
            session,
            occurred_at=utc_now(),
            kind="denied",
            outcome="denied",
            reasons=["unknown_card"],
            person_id=None,
            account_id=None,
        )
        made.body = json.dumps({"credential": {"kind": kind, "fingerprint": mark, "length": None}})
