"""`gatehouse contracts FOLDER`: writes the descriptions of both network sides from the code."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from access.wire.asyncapi import describe
from gatehouse import __version__
from server.app import create_app
from server.settings import ServerSettings

__all__ = ["contracts", "documents"]


def documents() -> dict[str, dict[str, Any]]:
    """File name and document of each description."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(ServerSettings(data_dir=Path(folder)))
        return {"openapi.json": app.openapi(), "asyncapi.json": describe(__version__)}


def contracts(
    folder: Annotated[Path, typer.Argument(help="Where to write openapi.json and asyncapi.json.")] = Path("docs"),
) -> None:
    """Write the OpenAPI (HTTP) and AsyncAPI (MQTT) descriptions from the code."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in documents().items():
        text = json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True)
        (folder / name).write_text(text + "\n", encoding="utf-8")
        print(f"wrote {folder / name}")
