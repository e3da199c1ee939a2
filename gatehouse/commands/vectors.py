"""`gatehouse vectors PATH...`: runs files of decision rows and reports row by row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from access.vectors import RowResult, VectorFileError, find_files, run_file
from gatehouse.commands.printing import escaped

__all__ = ["vectors"]


def vectors(
    paths: Annotated[list[Path], typer.Argument(help="Files of rows (.toml), or folders that hold some.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a row, then one with the totals.")] = False,
    is_quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only rows that do not hold.")] = False,
) -> None:
    """Run decision rows through the law and say of each whether it holds (the format: docs/vectors.md).

    Exit status: 0 when every row holds, 1 when some do not, 2 when a file cannot be read.
    """
    console = Console(highlight=False, soft_wrap=True)
    results: list[RowResult] = []
    unreadable: list[str] = []
    for path in paths:
        try:
            for file in find_files(path):
                results += _run(file, unreadable)
        except VectorFileError as error:
            unreadable.append(str(error))
    counts = {status: sum(each.status == status for each in results) for status in ("pass", "fail", "invalid")}
    for result in results:
        if as_json:
            row = {"file": result.file, "row": result.name, "status": result.status, "problem": result.problem}
            print(json.dumps(row, ensure_ascii=False))
        elif result.problem or not is_quiet:
            _show(console, result)
    for problem in unreadable:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"[red]error[/] {_plain(problem)}")
    if as_json:
        print(json.dumps({"rows": len(results), **counts, "unreadable_files": len(unreadable)}))
    else:
        total = f"{len(results)} rows: {counts['pass']} hold, {counts['fail']} do not"
        console.print(f"[bold]{total}" + (f", {counts['invalid']} are not valid rows" if counts["invalid"] else ""))
    raise typer.Exit(2 if unreadable else 1 if counts["fail"] or counts["invalid"] else 0)


def _run(file: Path, unreadable: list[str]) -> list[RowResult]:
    try:
        return run_file(file)
    except VectorFileError as error:
        unreadable.append(str(error))
        return []


def _show(console: Console, result: RowResult) -> None:
    mark = {"pass": "[green]pass   [/]", "fail": "[red]FAIL   [/]", "invalid": "[red]INVALID[/]"}[result.status]
    console.print(f"{mark} {_plain(Path(result.file).name)}: {_plain(result.name)}")
    if result.problem:
        console.print(f"        {_plain(result.problem)}")


def _plain(text: str) -> str:
    """A file's own words: no control character and no markup of theirs reaches the terminal."""
    return escape(escaped(text))
