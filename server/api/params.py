"""What the routes of the API take in the same way: ids, pages, instants and the conditions of RFC 9110."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Header, Path, Query
from pydantic import AfterValidator, AwareDatetime, BaseModel

__all__ = [
    "TEXT",
    "After",
    "ChangedSince",
    "ExternalId",
    "Id",
    "IfMatch",
    "IfNoneMatch",
    "Limit",
    "Moment",
    "Page",
    "ref",
]

_T = TypeVar("_T", bound=BaseModel)
TEXT = r"^[^\u0000-\u001f\u007f]+$"
_ETAGS = r"^[\u0020-\u007e]+$"

Id = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._~-]+$", description="The id here.")]
ExternalId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=64,
        pattern=r"^[^\u0000-\u0020\u007f-\u00a0/\\]+$",
        description="The key in another system.",
    ),
]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
After = Annotated[
    str | None, Query(min_length=1, max_length=200, pattern=TEXT, description="The `next` of the page before.")
]


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("before the year 1 or after 9999 in UTC") from error


_Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Moment = Annotated[_Instant | None, Query(description="With its offset from UTC; a plus sign is %2B.")]
ChangedSince = Annotated[
    _Instant | None,
    Query(
        description="Only what was added or changed since; some that changed up to a minute before may be among them. "
        "With its offset from UTC; a plus sign is %2B."
    ),
]
IfNoneMatch = Annotated[
    str | None, Header(max_length=1000, pattern=_ETAGS, description="ETags that are known: answered with 304.")
]
IfMatch = Annotated[
    str | None,
    Header(
        max_length=1000,
        pattern=_ETAGS,
        description="Only while this is still its ETag; else 412, and nothing is changed.",
    ),
]


def ref(description: str) -> Any:
    """For a query that may name something by its id here."""
    return Query(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._~-]+$", description=description)


class Page(BaseModel, Generic[_T]):
    """Some of them, and where to go on; `next` null says that these are the last."""

    items: list[_T]
    next: str | None
