"""Pictures through the API: the intake of the office, its history, and a scope of their own."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable

import pytest
from fastapi import FastAPI
from PIL import Image
from sqlalchemy import select

from server.models import Person, PictureVersion
from server.pictures.repository import staff_names, versions_of
from tests.component.server.api.conftest import Program, picture

Make = Callable[..., Program]
BOTH = "/people/home-emile/pictures"
ACCESS, PROFILE = f"{BOTH}/access", f"{BOTH}/profile"


def test_a_picture_is_drawn_anew_and_verified_by_nobody(program: Make, app: FastAPI) -> None:
    """What comes back is another file than what was sent, known by its hash; the history names the token."""
    asking = program()
    assert asking("GET", ACCESS).status_code == 404
    put = asking("PUT", ACCESS, content=picture("teal"))
    assert put.status_code == 200, put.text
    held = put.json()["access"]
    assert (put.json()["profile"], held["verified_on"], held["verified_by"]) == (None, None, None)
    got = asking("GET", ACCESS)
    assert (got.headers["content-type"], got.headers["etag"]) == ("image/jpeg", f'"{held["sha256"]}"')
    assert hashlib.sha256(got.content).hexdigest() == held["sha256"]
    assert Image.open(io.BytesIO(got.content)).format == "JPEG"
    assert asking("GET", ACCESS, headers={"If-None-Match": got.headers["etag"]}).status_code == 304
    assert asking("PUT", ACCESS, content=picture("teal")).json() == put.json()
    with app.state.database.read() as session:
        versions = versions_of(session, session.get_one(Person, "home-emile"))
        assert [(each.role, each.source) for each in versions] == [("access", "upload")]
        assert staff_names(session, "home", {versions[0].changed_by}) == {versions[0].changed_by: "test"}


def test_the_first_profile_picture_is_the_access_picture_too(program: Make) -> None:
    """As in the office; another one later is not, and taking one away leaves the other."""
    asking = program()
    first = asking("PUT", PROFILE, content=picture("teal")).json()
    assert first["access"]["sha256"] == first["profile"]["sha256"]
    second = asking("PUT", PROFILE, content=picture("maroon")).json()
    assert second["access"] == first["access"] != second["profile"]
    gone = asking("DELETE", PROFILE)
    assert (gone.status_code, gone.json()) == (200, {"profile": None, "access": first["access"]})
    assert asking("GET", BOTH).json() == gone.json()
    assert asking("GET", PROFILE).status_code == 404


def test_a_new_access_picture_is_not_the_one_that_was_verified(program: Make, app: FastAPI) -> None:
    """Staff compared the old one."""
    asking = program()
    asking("PUT", ACCESS, content=picture("teal"))
    with app.state.database.write() as session:
        person = session.get_one(Person, "home-emile")
        person.access_picture_verified_by, person.access_picture_verified_on = "alex", person.created_at.date()
    assert asking("GET", BOTH).json()["access"]["verified_by"] == "alex"
    assert asking("PUT", ACCESS, content=picture("maroon")).json()["access"]["verified_by"] is None


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"no picture", (422, "picture_not_a_picture")),
        (picture("teal")[:60], (422, "picture_cannot_be_decoded")),
        (b"\xff\xd8\xff" + bytes(5 * 1024 * 1024), (413, "picture_too_large")),
    ],
)
def test_what_is_no_picture_changes_nothing(
    program: Make, app: FastAPI, content: bytes, expected: tuple[int, str]
) -> None:
    """Refused as in the office, with its code."""
    asking = program()
    refused = asking("PUT", ACCESS, content=content)
    assert (refused.status_code, refused.json()["code"]) == expected
    with app.state.database.read() as session:
        assert session.scalars(select(PictureVersion)).all() == []


def test_a_picture_that_changed_meanwhile_stays(program: Make) -> None:
    """The condition is about both pictures."""
    asking = program()
    seen = asking("GET", BOTH).headers["etag"]
    asking("PUT", ACCESS, content=picture("teal"))
    assert asking("PUT", ACCESS, content=picture("maroon"), headers={"If-Match": seen}).status_code == 412
    assert asking("DELETE", ACCESS, headers={"If-Match": seen}).status_code == 412
    now = asking("GET", BOTH).headers["etag"]
    assert asking("DELETE", ACCESS, headers={"If-Match": now}).json()["access"] is None
