"""`gatehouse server`: runs the centre."""

from __future__ import annotations

import socket
import tomllib
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from sqlalchemy import text

from gatehouse.commands.failing import fail
from server.app import run_server
from server.centre import sole_user
from server.db import Database
from server.errors import InUse
from server.settings import ServerSettings, load_settings

__all__ = ["server", "server_settings"]


def server_settings(config: Path | None) -> ServerSettings:
    """The centre's settings; ends the command with a clear message when they are wrong."""
    try:
        return load_settings(config)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name, where = ".".join(map(str, first["loc"])), config or "the environment"
        if first["type"] == "extra_forbidden":
            fail(f"{where}: {name} is not a setting.", hint="docs/operations.md has them all.")
        fail(f"{where}: {name}: {first['msg']}" if name else f"{where}: {first['msg']}")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        fail(f"{config} is not TOML: {error}.", hint="docs/operations.md has a file to start from.")
    except OSError as error:
        fail(str(error), hint="Give --config a TOML file; docs/operations.md has one to start from.")


def server(
    config: Annotated[Path | None, typer.Option(help="A TOML file of settings (docs/operations.md).")] = None,
) -> None:
    """Run the centre: back office, feed, ingest and (unless an mqtt_url is set) the embedded broker."""
    settings = server_settings(config)
    _check_free(settings.http_host, settings.http_port, "http")
    if settings.mqtt_url is None:
        _check_free(settings.broker_host, settings.broker_port, "broker")
    if settings.database_url is not None or (settings.data_dir / "centre.db").exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        try:
            with sole_user(settings.data_dir):
                _check_database(settings)
        except InUse as error:
            fail(f"{error}.", hint="Only one may: stop it, or give this one another data_dir.")
    raise typer.Exit(run_server(settings))


def _check_database(settings: ServerSettings) -> None:
    """Raises sqlalchemy's errors, which the command tells, where the database cannot be used at all."""
    database = Database(settings.effective_database_url)
    try:
        with database.write_engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    finally:
        database.close()


def _check_free(host: str, port: int, what: str) -> None:
    """Ends the command where the server could not listen: half started, it would say so in many lines."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        hint = f"Is a centre running already? Else set {what}_host and {what}_port in the settings."
        fail(f"Cannot listen on {host}:{port}: {error.strerror}.", hint=hint)
