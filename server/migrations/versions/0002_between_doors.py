"""Strict multipasses, what is lent of them, and the doors' word on it.

Revision: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table of leases, and the columns beside it."""
    for table in ("multipass", "multipass_type"):
        op.add_column(table, sa.Column("is_strict", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("pass_use", sa.Column("lease_id", sa.String(length=64), nullable=True))
    op.add_column("device", sa.Column("written_off_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("device_mark", sa.Column("lease_floor", sa.DateTime(timezone=True), nullable=True))
    op.add_column("device_mark", sa.Column("lease_floor_seq", sa.BigInteger(), nullable=True))
    op.create_table(
        "pass_lease",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("multipass_id", sa.String(length=64), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("ledger", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("after_seq", sa.BigInteger(), nullable=False),
        sa.Column("lent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_pass_lease_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(["multipass_id"], ["multipass.id"], name=op.f("fk_pass_lease_multipass_id_multipass")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_pass_lease_device_id_device")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pass_lease")),
    )
    op.create_index("ix_pass_lease_multipass", "pass_lease", ["multipass_id", "returned_at"], unique=False)
    op.create_index(op.f("ix_pass_lease_device_id"), "pass_lease", ["device_id"], unique=False)
