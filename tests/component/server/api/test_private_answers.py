"""What says something of people is kept by nobody on the way, nor taken for another kind of file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_no_answer_is_kept(program: Callable[..., Any]) -> None:
    """Lists and refusals are not stored; what has an ETag is asked about each time."""
    asking = program()
    for answer in (
        asking("GET", "/people"),
        asking("GET", "/people/nobody"),
        asking("GET", "/nothing"),
        asking("POST", "/people", content=b"{"),
        program(is_bare=True)("GET", "/people"),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
    one = asking("GET", "/people/home-zoe")
    assert one.status_code == 200
    assert one.headers["cache-control"] == ("private, no-cache" if "etag" in one.headers else "no-store")
