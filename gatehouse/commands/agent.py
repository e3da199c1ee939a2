"""`gatehouse agent`: runs a door."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edge_agent.errors import SettingsError
from edge_agent.settings import AgentSettings
from gatehouse.commands.failing import fail

__all__ = ["agent", "agent_settings"]


def agent_settings(config: Path) -> AgentSettings:
    """The door's settings; ends the command with a clear message when they are wrong."""
    try:
        return AgentSettings.load(config)
    except SettingsError as error:
        fail(str(error), hint="docs/operations.md has a file to start from.")


def agent(
    config: Annotated[Path, typer.Option(help="A TOML file of settings (docs/operations.md).")],
) -> None:
    """Run a door: readers, decisions, events and the kiosk page. Enrol it first (gatehouse enroll)."""
    from edge_agent.agent import run_agent

    raise typer.Exit(run_agent(agent_settings(config)))
