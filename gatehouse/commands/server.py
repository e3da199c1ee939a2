"""`gatehouse server`: runs the centre."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from gatehouse.commands.failing import fail
from server.app import run_server
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
    raise typer.Exit(run_server(server_settings(config)))
