"""Bodies of requests: read and bounded by us, so their schemas are written out in place for OpenAPI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from server.api.errors import RecordRefused
from server.imports.mapping import problems_of

__all__ = ["body_schema", "read_body"]

_T = TypeVar("_T", bound=BaseModel)


def read_body(model: type[_T], raw: bytes) -> _T:
    """The document that a body holds, read strictly. Raises RecordRefused."""
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise RecordRefused(problems_of(error)) from error


def body_schema(model: type[BaseModel], example: Mapping[str, Any]) -> dict[str, Any]:
    """For `openapi_extra`."""
    schema = model.model_json_schema()
    inlined = _inlined(schema, schema.pop("$defs", {}))
    content = {"application/json": {"schema": inlined, "example": dict(example)}}
    return {"requestBody": {"required": True, "content": content}}


def _inlined(part: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(part, dict):
        if "$ref" in part:
            target = _inlined(definitions[part["$ref"].removeprefix("#/$defs/")], definitions)
            return {**target, **{name: value for name, value in part.items() if name != "$ref"}}
        return {name: _inlined(value, definitions) for name, value in part.items()}
    return [_inlined(each, definitions) for each in part] if isinstance(part, list) else part
