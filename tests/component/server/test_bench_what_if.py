"""`gatehouse bench what-if`: a small run of it, whole."""

from __future__ import annotations

import json
from pathlib import Path

import typer
from typer.testing import CliRunner

from gatehouse.commands.bench_what_if import what_if


def test_it_ends_with_one_json_object_and_leaves_nothing(tmp_path: Path) -> None:
    """Every scan replayed, those of who owes turned, figures of the what-if and of its baseline."""
    app = typer.Typer()
    app.command()(what_if)
    result = CliRunner().invoke(app, ["--scans", "160", "--people", "80", "--dir", str(tmp_path)])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout.splitlines()[-1])
    assert figures["scans"] == 160
    assert 0 < figures["turned"] < 160
    assert all(figures[each] > 0 for each in ("what_if_s", "decide_s", "what_if_scans_per_s", "decide_scans_per_s"))
    assert list(tmp_path.iterdir()) == []
