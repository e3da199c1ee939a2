"""The whole product, unattended: three technologies, an outage of the centre, a killed door, nothing lost."""

from __future__ import annotations

import json
import subprocess
import sys


def test_the_demo_runs_unattended_and_loses_nothing() -> None:
    """`gatehouse demo --once` ends with status 0 and the figures as its last line."""
    shown = subprocess.run(
        [sys.executable, "-m", "gatehouse", "demo", "--once"], capture_output=True, text=True, timeout=900, check=False
    )
    assert shown.returncode == 0, shown.stdout[-6000:] + shown.stderr[-3000:]
    figures = json.loads(shown.stdout.splitlines()[-1])
    assert figures["scans"] >= 60
    assert figures["scans"] == figures["recorded"] == sum(figures[each] for each in ("granted", "review", "denied"))
    assert (figures["lost"], figures["duplicated"], figures["unexpected"]) == (0, 0, 0)
    assert figures["offline_scans"] > 0
    assert figures["chosen"] == 1
    for measure in ("scan_to_record_ms", "scan_to_screen_ms"):
        assert 0 < figures[measure]["p50"] <= figures[measure]["p99"]
