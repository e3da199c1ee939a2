"""SQLite's full-text index of people is written by `server.clients.indexing` a batch at a time, not by triggers.

A trigger's statement makes FTS5 write out what it had gathered, once for every row: 14 times the work of one batch.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The triggers go."""
    if op.get_bind().dialect.name == "sqlite":
        for name in ("added", "removed", "changed"):
            op.execute(f"DROP TRIGGER person_search_{name}")
