"""The reasons of refusals and reviews are counted from the index of those: no row of a year is fetched for them.

PostgreSQL keeps them beside that index's columns; SQLite has no such thing, and gets an index that ends with them.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One index anew, or one more."""
    refused = sa.text("kind IN ('denied', 'review_refused', 'review_requested')")
    if op.get_bind().dialect.name == "sqlite":
        counted = ["organization_id", "occurred_at", "kind", "access_point_id", "pass_type", "is_offline"]
        op.create_index("ix_event_reasons", "event", [*counted, "reasons"], sqlite_where=refused)
        return
    newest: list[str | sa.TextClause] = [sa.text("occurred_at DESC"), sa.text("id DESC")]
    columns = ["organization_id", *newest, "kind", "person_id", "access_point_id", "pass_type", "is_offline"]
    op.drop_index("ix_event_refused", "event")
    op.create_index("ix_event_refused", "event", columns, postgresql_where=refused, postgresql_include=["reasons"])
