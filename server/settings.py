"""The centre's settings: a TOML file, then `GATEHOUSE_SERVER_...` in the environment, then what the caller says.

Secrets are never settings: they are made at the first start and kept in the data directory, readable by the owner.
"""

from __future__ import annotations

import os
import secrets
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from access.wire.sealing import CentreKey
from server.mail.addresses import checked

__all__ = ["ServerSettings", "load_settings"]


class ServerSettings(BaseSettings):
    """Where the centre keeps its data, where it listens, and which broker it uses.

    `mqtt_url` None means the embedded broker; otherwise `mqtt://host:port` or `mqtts://...`, several separated by
    commas. `mosquitto_dir` is where its Mosquitto's password file and access list are kept up to date, and
    `mosquitto_pid_file` whom to tell. `public_url` and `public_mqtt_url` are what doors and browsers are told; by
    default what is listened on. `api_requests_per_minute` is a limit per API token. `webhooks_may_reach_private` lets
    webhooks go to private addresses and over plain HTTP; by default they go to public ones over HTTPS only.

    Without `smtp_host` e-mails wait. `smtp_security`: `starttls` (port 587 unless given), `tls` (465) or `none` (25),
    the last without a password. `smtp_from` is the address that e-mails come from, under the organization's name.
    """

    model_config = SettingsConfigDict(env_prefix="GATEHOUSE_SERVER_", extra="forbid")

    data_dir: Path = Path("data")
    database_url: str | None = None
    http_host: str = "127.0.0.1"
    http_port: int = 8600
    public_url: str | None = None
    mqtt_url: str | None = None
    mqtt_username: str | None = None
    mqtt_password: str | None = None
    broker_host: str = "127.0.0.1"
    broker_port: int = 1883
    broker_max_connections: int = Field(default=500, ge=1)
    public_mqtt_url: str | None = None
    mosquitto_dir: Path | None = None
    mosquitto_pid_file: Path | None = None
    api_requests_per_minute: int = Field(default=600, ge=1)
    webhooks_may_reach_private: bool = False
    smtp_host: str | None = None
    smtp_port: int | None = Field(default=None, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_username: str | None = None
    smtp_password: str | None = None
    smtp_from: str | None = None
    smtp_reply_to: str | None = None
    smtp_ca_file: Path | None = None

    @model_validator(mode="after")
    def _mosquitto_knows_the_centre(self) -> Self:
        if self.mosquitto_dir and not (self.mqtt_url and self.mqtt_username and self.mqtt_password):
            raise ValueError("mosquitto_dir needs mqtt_url, mqtt_username and mqtt_password")
        return self

    @model_validator(mode="after")
    def _mail_has_what_it_needs(self) -> Self:
        if self.smtp_host and not self.smtp_from:
            raise ValueError("smtp_host needs smtp_from")
        if bool(self.smtp_username) != bool(self.smtp_password):
            raise ValueError("smtp_username and smtp_password go together")
        if self.smtp_password and self.smtp_security == "none":
            raise ValueError("smtp_password needs smtp_security starttls or tls: it would be sent for all to read")
        for address in filter(None, (self.smtp_from, self.smtp_reply_to)):
            if checked(address) is None:
                raise ValueError(f"{address!r} is no e-mail address")
        return self

    @property
    def effective_database_url(self) -> str:
        """The database's URL; without one, the SQLite file `centre.db` of the data directory."""
        return self.database_url or f"sqlite:///{self.data_dir / 'centre.db'}"

    @property
    def door_mqtt_url(self) -> str:
        """The broker as doors are told of it at their enrolment."""
        return self.public_mqtt_url or self.mqtt_url or f"mqtt://{self.broker_host}:{self.broker_port}"

    @property
    def browser_url(self) -> str:
        """The address people type, without a slash at its end."""
        return (self.public_url or f"http://{self.http_host}:{self.http_port}").rstrip("/")

    @cached_property
    def secret_key(self) -> str:
        """The key that signs cookies: 64 hexadecimal digits, made at first use."""
        return _kept_secret(self.data_dir / "secret.key").hex()

    @cached_property
    def centre_key(self) -> CentreKey:
        """The key that signs what doors apply, made at first use."""
        return CentreKey(_kept_secret(self.data_dir / "centre.key"))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Caller, then environment, then the TOML file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(toml: Path | None = None, **given: Any) -> ServerSettings:
    """The settings, with those of a TOML file underneath. Raises pydantic's ValidationError, OSError."""
    if toml is None:
        return ServerSettings(**given)
    if not toml.is_file():
        raise FileNotFoundError(f"no settings file at {toml}")

    class FromFile(ServerSettings):
        model_config = SettingsConfigDict(toml_file=toml)

    return FromFile(**given)


def _kept_secret(path: Path) -> bytes:
    """32 random bytes kept in a file of mode 0600; whoever comes second reads what the first one wrote."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    if not path.exists():
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    kept = path.read_bytes()
    if len(kept) != 32:
        raise ValueError(f"{path} does not hold the 32 bytes it should; restore it from a backup")
    return kept
