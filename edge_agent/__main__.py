"""`python -m edge_agent --config FILE`: the agent alone, for a supervisor that wants no command-line front."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from edge_agent.agent import run_agent
from edge_agent.errors import SettingsError
from edge_agent.settings import AgentSettings


def main() -> int:
    """Runs the agent; returns its exit status."""
    parser = argparse.ArgumentParser(prog="edge_agent")
    parser.add_argument("--config", type=Path, required=True)
    try:
        return run_agent(AgentSettings.load(parser.parse_args().config))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
