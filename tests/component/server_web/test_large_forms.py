"""Forms with more in them than anybody types: an answer with its status, never a failure of the server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator

import httpx
import pytest
from sqlalchemy import select
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartParser

from server.admin.typed import cleaned_form
from server.db import Database
from server.models import Tag
from tests.component.server_web.browser import Browser

HUGE = "x" * 2_000_000
OPEN = ["/admin/login", "/admin/preferences"]
INSIDE = [
    "/admin/devices/enrol",
    "/admin/access-point/create",
    "/admin/access-point/edit?pk=home-pool",
    "/admin/logout",
]


@pytest.mark.parametrize("path", OPEN)
def test_a_stranger_s_huge_field_is_refused(anonymous: Browser, path: str) -> None:
    """As a form, in parts, and without saying beforehand how much comes."""
    assert anonymous.post(path, email="a@example.org", password=HUGE).status_code == 413
    assert anonymous.send("POST", path, files={"password": (None, HUGE)}).status_code == 413
    assert anonymous.send("POST", path, content=_drip(), headers=FORM).status_code == 413


FORM = {"content-type": "application/x-www-form-urlencoded"}


async def _drip():  # type: ignore[no-untyped-def]
    for _ in range(30):
        yield b"password=" + b"x" * 100_000 + b"&"


@pytest.mark.parametrize("path", [*OPEN, *INSIDE])
def test_a_huge_or_broken_form_is_refused(admin: Browser, path: str) -> None:
    """By every form of the back office."""
    assert admin.post(path, name=HUGE).status_code in (400, 413)
    assert admin.send("POST", path, content=_drip(), headers=FORM).status_code in (400, 403, 413)
    assert admin.send("POST", path, files={"name": (None, HUGE)}).status_code in (400, 413)
    many = "&".join(f"a{number}=1" for number in range(5_000))
    assert admin.send("POST", path, content=many, headers=FORM).status_code in (400, 403, 413)
    parts = {"content-type": "multipart/form-data; boundary=x"}
    for body in (b"--x\r\nnonsense", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--", b"--y--"):
        assert admin.send("POST", path, content=body, headers=parts).status_code in (400, 403)
    assert admin.send("POST", path, content=b"x", headers={"content-type": "multipart/form-data"}).status_code < 500


def test_a_long_password_is_only_wrong(anonymous: Browser) -> None:
    """What somebody could paste is looked at."""
    assert anonymous.post("/admin/login", email="admin@example.org", password="x" * 3000).status_code == 401


def test_nul_reaches_no_query(admin: Browser, database: Database) -> None:
    """PostgreSQL refuses it in every text: it is dropped from what is typed, however the bytes come; no path has it."""
    found = re.search(r'name="csrftoken" value="([^"]+)"', admin.get("/admin/").text)
    assert found is not None

    async def bits():  # type: ignore[no-untyped-def]
        for each in (b"csrftoken=" + found[1].encode(), b"&name=a%", b"0", b"0b%0%00", b"0c%&colour=blue"):
            yield each

    assert admin.post("/admin/tags/new", name="x\x00y", colour="blue").status_code == 303
    assert admin.send("POST", "/admin/tags/new", content=bits(), headers=FORM).status_code == 303
    with database.read() as session:
        names = set(session.scalars(select(Tag.name).where(Tag.organization_id == "home")))
    assert {"xy", "ab%00c%"} <= names
    assert not any("\x00" in each for each in names)
    for path in ("accounts/a%00b", "tags/%00", "person/list%00"):
        assert admin.get(f"/admin/{path}").status_code == 404
    assert admin.get("/admin/accounts/found?q=%00tremblay").status_code == 200


ODD = "\x00\x07\x1b[31mé\x85\u202etxt\u2066.\u2069 \u200d\u200e\tz"


def test_what_nobody_types_is_dropped_from_every_form(admin: Browser, database: Database) -> None:
    """In parts as well as in one: controls and what turns a text round. Joiners, marks and tabs are typed."""
    token = re.search(r'name="csrftoken" value="([^"]+)"', admin.get("/admin/").text)
    assert token is not None
    sent = {"csrftoken": (None, token[1]), "colour": (None, "blue"), "name": (None, f"parts{ODD}")}
    assert admin.send("POST", "/admin/tags/new", files=sent).status_code == 303
    assert admin.post("/admin/tags/new", name=f"whole{ODD}", colour="blue").status_code == 303
    with database.read() as session:
        names = set(session.scalars(select(Tag.name).where(Tag.organization_id == "home")))
    assert {f"{each}[31métxt. \u200d\u200e z" for each in ("parts", "whole")} <= names


def test_a_file_passes_as_it_is() -> None:
    """Whatever bytes are in it; its name is cleaned."""
    content = bytes(range(256)) * 9

    async def sent() -> FormData:
        request = httpx.Request(
            "POST", "http://a/", data={"note": ODD, "password": ODD}, files={"file": ('a"b\\\u202ec', content, "a/b")}
        )
        headers = Headers(dict(request.headers))
        body = await cleaned_form(headers, await request.aread())
        return await MultiPartParser(headers, _whole(body)).parse()

    form = asyncio.run(sent())
    held = form["file"]
    assert isinstance(held, UploadFile)
    assert (held.filename, held.content_type, held.file.read()) == ("a%22b\\c", "a/b", content)
    assert (form["note"], form["password"]) == ("[31métxt. \u200d\u200e\tz", ODD.removeprefix("\x00"))
    held.file.close()


async def _whole(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


def test_a_form_in_other_letters_is_refused(admin: Browser) -> None:
    """What says how to read its bytes could hold anything."""
    parts = {"content-type": "multipart/form-data; boundary=x; charset=utf-7"}
    body = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n+AAA-\r\n--x--\r\n'
    assert admin.send("POST", "/admin/tags/new", content=body, headers=parts).status_code == 400
