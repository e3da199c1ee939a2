"""An agent's configuration: a TOML file, over which `GATEHOUSE_AGENT_...` variables win.

A reader's table is the driver's own, plus `access_point` and an optional `direction`; a relay's, plus `access_point`;
a barrier's, plus `access_point` and an optional `passage_s`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from access.domain.policy import Direction
from edge_agent.errors import SettingsError

__all__ = ["AgentSettings", "BarrierBinding", "Binding"]

_PASSAGE_S = 8.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Binding:
    """A device's table and where it is: `config` is what the hardware loader takes."""

    name: str
    access_point: str
    direction: Direction | None
    config: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class BarrierBinding:
    """A barrier's table, where it is, and how many seconds somebody has to go through."""

    name: str
    access_point: str
    passage_s: float
    config: Mapping[str, object]


class AgentSettings(BaseSettings):
    """Everything one agent needs to be told. Build it with `load` to get errors a person can act on."""

    model_config = SettingsConfigDict(env_prefix="GATEHOUSE_AGENT_", extra="forbid", frozen=True)

    data_dir: Path
    centre_url: str
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8700, ge=0, le=65535)
    readers: list[dict[str, Any]] = []
    relays: list[dict[str, Any]] = []
    barriers: list[dict[str, Any]] = []
    mqtt_url: str | None = None
    uplink: Literal["mqtt", "http"] = "mqtt"
    http_fallback_after_s: float = Field(default=20.0, ge=0)
    picture_store_mb: int = Field(default=500, ge=0)
    retention_days: int = Field(default=90, ge=1)
    ask_budget_s: float = Field(default=0.4, ge=0, le=5)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file."""
        return env_settings, init_settings

    @classmethod
    def load(cls, path: Path) -> Self:
        """From a TOML file. Raises `SettingsError`."""
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError(f"cannot read {path}: {error.strerror or error}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path} is not TOML: {error}") from error
        return cls.of(values, source=str(path))

    @classmethod
    def of(cls, values: Mapping[str, Any], *, source: str = "the settings") -> Self:
        """From values already read; checks the tables of the devices too. Raises `SettingsError`."""
        try:
            settings = cls(**values)
        except ValidationError as error:
            raise SettingsError(f"{source}: {_explain(error)}") from error
        settings.reader_bindings()
        settings.relay_bindings()
        settings.barrier_bindings()
        return settings

    @field_validator("centre_url")
    @classmethod
    def _centre_url_is_http(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError('write the centre\'s address, such as centre_url = "http://192.168.1.10:8000"')
        return value.rstrip("/")

    @field_validator("mqtt_url")
    @classmethod
    def _mqtt_urls_are_mqtt(cls, value: str | None) -> str | None:
        for url in (value or "").split(","):
            if value and not url.strip().startswith(("mqtt://", "mqtts://")):
                raise ValueError('write mqtt_url = "mqtt://host:1883" (several with commas), or leave it out')
        return value

    def reader_bindings(self) -> list[Binding]:
        """The readers with their access points. Raises `SettingsError`."""
        return _bindings("reader", self.readers)

    def relay_bindings(self) -> list[Binding]:
        """The relays with their access points. Raises `SettingsError`."""
        return _bindings("relay", self.relays)

    def barrier_bindings(self) -> list[BarrierBinding]:
        """The barriers with their access points, one each at most. Raises `SettingsError`."""
        tables = [{key: value for key, value in each.items() if key != "passage_s"} for each in self.barriers]
        bound = [
            BarrierBinding(each.name, each.access_point, _passage_s(each.name, table), each.config)
            for each, table in zip(_bindings("barrier", tables), self.barriers, strict=True)
        ]
        points = [each.access_point for each in bound]
        if twice := {point for point in points if points.count(point) > 1}:
            raise SettingsError(f"access point {sorted(twice)[0]!r} has two barriers; bind one of them to another")
        return bound


def _passage_s(name: str, table: Mapping[str, Any]) -> float:
    value = table.get("passage_s", _PASSAGE_S)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= 120:
        raise SettingsError(f"barrier {name!r}: passage_s is {value!r}; write seconds from 1 to 120, or leave it out")
    return float(value)


def _bindings(kind: str, tables: list[dict[str, Any]]) -> list[Binding]:
    bound = [_binding(kind, table, number) for number, table in enumerate(tables, 1)]
    names = [each.name for each in bound]
    if twice := {name for name in names if names.count(name) > 1}:
        raise SettingsError(f"two {kind}s are called {sorted(twice)[0]!r}; give each a name of its own")
    return bound


def _binding(kind: str, table: Mapping[str, Any], number: int) -> Binding:
    config = dict(table)
    point, direction = config.pop("access_point", None), config.pop("direction", None)
    name = config.get("name")
    label = f"{kind} {name!r}" if isinstance(name, str) and name else f"{kind} number {number}"
    if not isinstance(name, str) or not name:
        raise SettingsError(f'{label} has no name; write name = "front" in its [[{kind}s]] table')
    if not _NAME.fullmatch(name):
        raise SettingsError(f"{label}: a name has letters, digits, dots, hyphens and underscores, 64 at most")
    if not isinstance(point, str) or not point:
        raise SettingsError(f'{label} is bound to no access point; write access_point = "<id from the back office>"')
    if direction not in (None, Direction.IN, Direction.OUT):
        raise SettingsError(f'{label}: direction is {direction!r}; write "in" or "out", or leave it out')
    if kind != "reader" and direction is not None:
        raise SettingsError(f"{label}: a {kind} has no direction; leave it out")
    return Binding(name, point, Direction(direction) if direction else None, config)


def _explain(error: ValidationError) -> str:
    lines = []
    for each in error.errors(include_url=False, include_input=False):
        field = ".".join(str(part) for part in each["loc"])
        if each["type"] == "missing":
            lines.append(f"{field} is missing; write {_EXAMPLES.get(field, field + ' = ...')}")
        elif each["type"] == "extra_forbidden":
            lines.append(f"{field} is not a setting; known are {', '.join(AgentSettings.model_fields)}")
        else:
            lines.append(f"{field}: {each['msg'].removeprefix('Value error, ')}")
    return "; ".join(lines)


_EXAMPLES = {"data_dir": 'data_dir = "/var/lib/gatehouse"', "centre_url": 'centre_url = "http://192.168.1.10:8000"'}
