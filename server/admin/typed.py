"""What people typed, without the characters that nobody types (`server.written`): every form of the back office."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final
from urllib.parse import urlencode

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser

from server.written import cleaned

__all__ = ["cleaned_form", "is_form"]

_EXACT: Final = frozenset({"password", "old", "new", "number"})
"""Passwords, and the code on a card: only NUL goes, what else is in them is theirs."""
_TYPED: Final = b"application/x-www-form-urlencoded"
_PARTS: Final = b"multipart/form-data"


def is_form(headers: Headers) -> bool:
    """Whether what comes is read as a form."""
    return parse_options_header(headers.get("content-type"))[0] in (_TYPED, _PARTS)


async def cleaned_form(headers: Headers, body: bytes) -> bytes:
    """The same form, with its texts cleaned and its files as they were. Raises MultiPartException for what is none."""
    kind, options = parse_options_header(headers.get("content-type"))
    if kind == _TYPED:
        sent = [(name, str(value)) for name, value in (await FormParser(headers, _all_of(body)).parse()).multi_items()]
        kept = [(cleaned(name), _value(name, value)) for name, value in sent]
        return body if kept == sent else urlencode(kept).encode()
    # Without a boundary there are no parts: whoever reads the form says so.
    boundary = options.get(b"boundary")
    if not boundary:
        return body
    if options.get(b"charset", b"utf-8").lower() not in (b"utf-8", b"us-ascii"):
        raise MultiPartException("a form of ours is in UTF-8")
    form = await MultiPartParser(headers, _all_of(body)).parse()
    try:
        return await _joined(form, boundary)
    finally:
        await form.close()


async def _all_of(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


def _value(name: str, value: str) -> str:
    return value.replace("\x00", "") if name in _EXACT else cleaned(value)


async def _joined(form: FormData, boundary: bytes) -> bytes:
    """The parts again (RFC 7578)."""
    lines: list[bytes] = []
    for name, value in form.multi_items():
        said = f'form-data; name="{_quoted(name)}"'
        held, kind = b"", ""
        if isinstance(value, UploadFile):
            said += f'; filename="{_quoted(value.filename or "")}"'
            held, kind = await value.read(), _line(value.content_type or "")
        else:
            held = _value(name, value).encode()
            if boundary in held:
                raise MultiPartException("a text holds the boundary")
        lines += [b"--" + boundary, f"Content-Disposition: {said}".encode()]
        lines += [f"Content-Type: {kind}".encode()] if kind else []
        lines += [b"", held]
    return b"\r\n".join([*lines, b"--" + boundary + b"--", b""])


def _line(text: str) -> str:
    return " ".join(cleaned(text).split())


def _quoted(text: str) -> str:
    return _line(text).replace("\\", "\\\\").replace('"', '\\"')
