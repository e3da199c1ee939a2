"""The schema of a request's body for OpenAPI: written out in place, because the body is read and bounded by us."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

__all__ = ["body_schema"]


def body_schema(model: type[BaseModel]) -> dict[str, Any]:
    """For `openapi_extra`."""
    schema = model.model_json_schema()
    inlined = _inlined(schema, schema.pop("$defs", {}))
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": inlined}}}}


def _inlined(part: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(part, dict):
        if "$ref" in part:
            target = _inlined(definitions[part["$ref"].removeprefix("#/$defs/")], definitions)
            return {**target, **{name: value for name, value in part.items() if name != "$ref"}}
        return {name: _inlined(value, definitions) for name, value in part.items()}
    return [_inlined(each, definitions) for each in part] if isinstance(part, list) else part
