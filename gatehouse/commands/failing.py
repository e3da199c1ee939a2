"""How a command ends when it cannot go on: one clear message on stderr and exit status 2."""

from __future__ import annotations

from typing import NoReturn

import typer
from rich.console import Console
from rich.markup import escape

__all__ = ["fail"]


def fail(message: str, *, hint: str = "") -> NoReturn:
    """Prints what happened and what to do next, then ends the command."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[red]error[/] {escape(message)}")
    if hint:
        console.print(f"      {escape(hint)}")
    raise typer.Exit(2)
