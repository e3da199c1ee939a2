"""The pictures of a person in the back office: changed, verified, brought back, and who may do what."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest
from PIL import Image
from sqlalchemy import select

from server.db import Database
from server.models import AllowedAdult, FeedEntry, Person, PictureVersion
from server.pictures import service
from server.pictures.service import PictureRole, PictureSource
from tests.component.server_web.browser import Browser
from tests.component.server_web.sample import Sample

PICTURES = "/admin/accounts/home-account/pictures/home-emile"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def drawn(colour: str, size: tuple[int, int] = (60, 80)) -> bytes:
    """A picture."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def bring(browser: Browser, role: str, raw: bytes, **fields: str) -> httpx.Response:
    """Sends a picture as the page's script does."""
    found = re.search(r'name="csrftoken" value="([^"]+)"', browser.get(PICTURES).text)
    assert found is not None
    headers = {"X-CSRFToken": found[1], "Content-Type": "application/octet-stream"}
    return browser.send("POST", f"{PICTURES}/{role}/new", content=raw, params=fields, headers=headers)


def emile(database: Database) -> Person:
    """As he is now."""
    with database.read() as session:
        return session.get_one(Person, "home-emile")


def history(database: Database, role: str) -> list[tuple[str, str | None]]:
    """Sources and who, oldest first."""
    with database.read() as session:
        wanted = select(PictureVersion).where(PictureVersion.person_id == "home-emile", PictureVersion.role == role)
        return [(each.source, each.changed_by) for each in session.scalars(wanted.order_by(PictureVersion.id))]


def test_an_access_picture_comes_verified_later_by_somebody(admin: Browser, database: Database) -> None:
    """A new one is verified by nobody; the history says who brought it; the doors are told in the same transaction."""
    assert bring(admin, "access", drawn("green"), source="webcam").status_code == 204
    person = emile(database)
    assert person.access_picture is not None
    assert person.access_picture_verified_on is None
    ((source, by),) = history(database, "access")
    assert source == "webcam"
    with database.read() as session:
        told = session.scalars(select(FeedEntry).order_by(FeedEntry.seq.desc())).first()
        assert told is not None
        assert person.access_picture in str(told.body)
    assert admin.post(f"{PICTURES}/access/verify", seen=person.access_picture).status_code == 303
    verified = emile(database)
    assert verified.access_picture_verified_by == by
    assert verified.access_picture_verified_on is not None
    assert "Verified by Alex Admin" in admin.get(PICTURES).text
    bring(admin, "access", drawn("red"))
    assert emile(database).access_picture_verified_by is None


def test_only_the_picture_that_was_looked_at_is_verified(admin: Browser, database: Database) -> None:
    """Somebody else may have changed it while the page was open."""
    bring(admin, "access", drawn("green"))
    assert admin.post(f"{PICTURES}/access/verify", seen="0" * 64).status_code == 404
    assert emile(database).access_picture_verified_on is None


def test_it_is_taken_away_brought_back_and_copied(admin: Browser, database: Database) -> None:
    """The history keeps all of it, and everything in it can still be seen."""
    bring(admin, "access", drawn("green"))
    first = emile(database).access_picture
    bring(admin, "profile", drawn("blue"))
    admin.post(f"{PICTURES}/access/copy")
    assert emile(database).access_picture == emile(database).profile_picture != first
    admin.post(f"{PICTURES}/access/remove")
    assert emile(database).access_picture is None
    with database.read() as session:
        wanted = select(PictureVersion.id).where(PictureVersion.picture == first)
        version = session.scalars(wanted).one()
    admin.post(f"{PICTURES}/access/restore", version=version)
    assert emile(database).access_picture == first
    assert [source for source, _ in history(database, "access")] == ["upload", "copy", "removed", "restored"]
    assert admin.get(f"/admin/pictures/{emile(database).profile_picture}").status_code == 200


def test_a_new_clients_access_picture_starts_as_a_copy(admin: Browser, database: Database) -> None:
    """Unverified, and once: one that was taken away does not come back by itself."""
    bring(admin, "profile", drawn("blue"))
    assert emile(database).access_picture == emile(database).profile_picture
    assert history(database, "access") == [("started", None)]
    admin.post(f"{PICTURES}/access/remove")
    bring(admin, "profile", drawn("red"))
    assert emile(database).access_picture is None


def test_the_profile_picture_is_every_organizations(admin: Browser, database: Database) -> None:
    """With a line in each one's history that names nobody of another organization."""
    with database.write() as session:
        for person_id in ("home-emile", "elsewhere-emile"):
            session.get_one(Person, person_id).identity_id = "emile"
    bring(admin, "profile", drawn("blue"))
    with database.read() as session:
        assert session.get_one(Person, "elsewhere-emile").profile_picture == emile(database).profile_picture
        wanted = select(PictureVersion).where(PictureVersion.organization_id == "elsewhere")
        assert {each.changed_by for each in session.scalars(wanted)} == {None}


def test_the_picture_of_an_adult_who_picks_up_follows(admin: Browser, database: Database) -> None:
    """Doors compare the face with it."""
    with database.write() as session:
        session.add(
            AllowedAdult(
                organization_id="home",
                account_id="home-account",
                child_id="home-zoe",
                adult_person_id="home-emile",
                name="Émile",
            )
        )
    bring(admin, "access", drawn("green"))
    with database.read() as session:
        assert session.scalars(select(AllowedAdult.picture)).one() == emile(database).access_picture


@pytest.mark.parametrize(
    ("raw", "status", "said"),
    [
        (b"", 422, "no JPEG, PNG or WebP"),
        (b"<svg/>", 422, "no JPEG, PNG or WebP"),
        (drawn("red")[:60], 422, "damaged"),
        (drawn("red", (5001, 5000)), 413, "25 megapixels"),
        (b"\xff\xd8\xff" + b"\0" * (5 * 1024 * 1024), 413, "larger than 5 MB"),
    ],
)
def test_what_is_wrong_is_said_beside_the_picture(
    admin: Browser, database: Database, raw: bytes, status: int, said: str
) -> None:
    """And nothing is changed."""
    answer = bring(admin, "access", raw)
    assert answer.status_code == status
    assert said in answer.text
    assert history(database, "access") == []


def test_who_may_look_may_not_change(log_in: Callable[[str], Browser]) -> None:
    """The forms are not there either."""
    viewer = log_in("viewer")
    page = viewer.get(PICTURES)
    assert page.status_code == 200
    assert "data-picture-form" not in page.text
    for path in ("access/remove", "access/verify", "access/copy", "profile/remove"):
        assert viewer.post(f"{PICTURES}/{path}").status_code == 403


def test_the_camera_is_open_to_this_page_only(admin: Browser) -> None:
    """By the Permissions-Policy header."""
    assert admin.get(PICTURES).headers["permissions-policy"].startswith("camera=(self)")
    for elsewhere in ("/admin/", "/admin/accounts/home-account", "/admin/accounts/home-account/cards"):
        assert admin.get(elsewhere).headers["permissions-policy"].startswith("camera=()")


def test_pictures_of_others_are_not_there(admin: Browser, sample: Sample, log_in: Callable[[str], Browser]) -> None:
    """Neither the page nor the bytes, neither present nor past."""
    assert admin.get("/admin/accounts/elsewhere-account/pictures/elsewhere-emile").status_code == 404
    bring(admin, "profile", drawn("blue"))
    assert log_in("other").get(f"/admin/pictures/{sample.picture}").status_code == 404


def test_the_same_picture_again_is_no_change(database: Database) -> None:
    """No line in the history, and a verified picture stays verified."""
    with database.write() as session:
        zoe = session.get_one(Person, "home-zoe")
        service.verify(zoe, seen=zoe.access_picture or "", by="somebody", on=NOW.date())
        same = zoe.access_picture
        upload, access = PictureSource.UPLOAD, PictureRole.ACCESS
        assert not service.change(session, zoe, access, same, source=upload, by="x", now=NOW)
        assert zoe.access_picture_verified_by == "somebody"
