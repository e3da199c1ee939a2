"""The problem document (RFC 9457): every refusal over HTTP is one, and OpenAPI says once what it is."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse

__all__ = ["describe_problems", "problem", "refusals"]

_MEDIA_TYPE: Final = "application/problem+json"
_REF: Final = {"$ref": "#/components/schemas/Problem"}
_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "What was refused and why (RFC 9457); `errors` has one entry for each thing wrong.",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "details"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "details": {"type": "object"},
                },
            },
        },
    },
}


def problem(status: int, code: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """A problem document; what went wrong in words is for the log, not for the wire."""
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code, **more}
    return JSONResponse(document, status, headers, media_type=_MEDIA_TYPE)


def refusals(described: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: these statuses, with what each means, are problem documents."""
    return {
        status: {"description": meaning, "content": {_MEDIA_TYPE: {"schema": _REF}}}
        for status, meaning in described.items()
    }


def describe_problems(app: FastAPI) -> None:
    """Has the description say once what a problem document is: answers of that media type are no models of routes."""
    describe = app.openapi

    def described() -> dict[str, Any]:
        document = describe()
        document["components"]["schemas"]["Problem"] = _SCHEMA
        return document

    app.openapi = described  # type: ignore[method-assign]
