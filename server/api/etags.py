"""ETags (RFC 9110): the digest of what is shown. They save an answer that is known, and an update that would be lost.

They are strong: what `If-Match` names must be exactly what a GET shows now, in the transaction that changes it.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from fastapi import Response
from pydantic import BaseModel

from server.api.errors import PreconditionFailed

__all__ = ["KNOWN", "TAGGED", "check_match", "etag_of", "is_known", "shown"]

TAGGED: Final[dict[str, Any]] = {"ETag": {"schema": {"type": "string"}, "description": "For `If-Match`"}}
"""For OpenAPI: the header of an answer that shows one thing."""
KNOWN: Final[dict[int | str, dict[str, Any]]] = {
    200: {"headers": TAGGED},
    304: {"description": "It is as the asker knows it", "headers": TAGGED},
}
"""For OpenAPI: what reading one thing answers."""


def etag_of(view: BaseModel) -> str:
    """The ETag of what is shown."""
    return f'"{hashlib.sha256(view.model_dump_json().encode()).hexdigest()[:32]}"'


def is_known(given: str | None, etag: str) -> bool:
    """Whether `If-None-Match` names it."""
    return given is not None and bool({"*", etag} & {each.removeprefix("W/") for each in _listed(given)})


def check_match(given: str | None, view: BaseModel | None) -> None:
    """Raises PreconditionFailed when `If-Match` names something else than what is shown now."""
    if given is None:
        return
    if view is None or not {"*", etag_of(view)} & set(_listed(given)):
        raise PreconditionFailed("it is not what the asker saw")


def shown(response: Response, view: BaseModel, if_none_match: str | None = None) -> Any:
    """The view with its ETag on the response, or 304."""
    etag = etag_of(view)
    if is_known(if_none_match, etag):
        return Response(status_code=304, headers={"ETag": etag})
    response.headers["ETag"] = etag
    return view


def _listed(given: str) -> list[str]:
    return [each.strip() for each in given.split(",")]
