"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The first tables."""

    op.create_table(
        "organization",
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("name_fr", sa.String(length=200), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("language", sa.Enum("en", "fr", name="language", native_enum=False, length=40), nullable=False),
        sa.Column("fingerprint_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("pin_salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization")),
    )
    op.create_table(
        "quarantined_message",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.String(length=400), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("body_hash", sa.String(length=64), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("payload_size", sa.Integer(), nullable=False),
        sa.Column("payload_hash", sa.String(length=64), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantined_message")),
        sa.UniqueConstraint("device_id", "payload_hash", name="uq_quarantined_message_payload"),
    )
    op.create_index(
        op.f("ix_quarantined_message_organization_id"), "quarantined_message", ["organization_id"], unique=False
    )
    op.create_table(
        "account",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=True),
        sa.Column("balance_cents", sa.BigInteger(), nullable=False),
        sa.Column("due_since", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_account_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
    )
    op.create_index(op.f("ix_account_organization_id"), "account", ["organization_id"], unique=False)
    op.create_table(
        "alarm",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=64), nullable=True),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_alarm_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
    )
    op.create_index("ix_alarm_subject", "alarm", ["organization_id", "kind", "subject"], unique=False)
    op.create_table(
        "event",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("access_point_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=True),
        sa.Column("person_id", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("pass_type", sa.String(length=40), nullable=True),
        sa.Column("pass_id", sa.String(length=64), nullable=True),
        sa.Column("pass_name", sa.String(length=200), nullable=True),
        sa.Column("credential_kind", sa.String(length=40), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_offline", sa.Boolean(), nullable=False),
        sa.Column("staff_id", sa.String(length=64), nullable=True),
        sa.Column("refers_to", sa.String(length=64), nullable=True),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_event_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("device_id", "seq", name="uq_event_device_seq"),
    )
    op.create_index(
        "ix_event_account_activity",
        "event",
        ["organization_id", "account_id", sa.literal_column("occurred_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_event_day",
        "event",
        ["organization_id", sa.literal_column("occurred_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_event_overview",
        "event",
        ["organization_id", "access_point_id", sa.literal_column("occurred_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_event_person",
        "event",
        ["organization_id", "person_id", sa.literal_column("occurred_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index("ix_event_refers_to", "event", ["refers_to"], unique=False)
    op.create_table(
        "feed_entry",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("entity_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=True),
        sa.Column("site_id", sa.String(length=64), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_feed_entry_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("organization_id", "seq", name=op.f("pk_feed_entry")),
    )
    op.create_index("ix_feed_entry_entity", "feed_entry", ["organization_id", "kind", "entity_id"], unique=False)
    op.create_table(
        "feed_head",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("trimmed_through", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_feed_head_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_feed_head")),
    )
    op.create_table(
        "membership_type",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("name_fr", sa.String(length=200), nullable=False),
        sa.Column("makes_cards", sa.Boolean(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_membership_type_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership_type")),
    )
    op.create_index(op.f("ix_membership_type_organization_id"), "membership_type", ["organization_id"], unique=False)
    op.create_table(
        "multipass_type",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("name_fr", sa.String(length=200), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column(
            "effective",
            sa.Enum("on_purchase", "on_date", "on_first_use", name="effective", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("expires_after_days", sa.Integer(), nullable=True),
        sa.Column("expires_after_months", sa.Integer(), nullable=True),
        sa.Column("is_one_use_a_day", sa.Boolean(), nullable=False),
        sa.Column("is_family", sa.Boolean(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_multipass_type_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_multipass_type")),
    )
    op.create_index(op.f("ix_multipass_type_organization_id"), "multipass_type", ["organization_id"], unique=False)
    op.create_table(
        "pass_use",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("multipass_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=True),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_undone", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_pass_use_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pass_use")),
    )
    op.create_index("ix_pass_use_multipass", "pass_use", ["organization_id", "multipass_id"], unique=False)
    op.create_table(
        "site",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("name_fr", sa.String(length=200), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_site_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
    )
    op.create_index(op.f("ix_site_organization_id"), "site", ["organization_id"], unique=False)
    op.create_table(
        "staff",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("pin_hash", sa.String(length=200), nullable=False),
        sa.Column(
            "role", sa.Enum("admin", "desk", "viewer", name="staffrole", native_enum=False, length=40), nullable=False
        ),
        sa.Column("language", sa.Enum("en", "fr", name="language", native_enum=False, length=40), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_staff_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("organization_id", "email", name="uq_staff_email"),
    )
    op.create_index(op.f("ix_staff_email"), "staff", ["email"], unique=False)
    op.create_index(op.f("ix_staff_organization_id"), "staff", ["organization_id"], unique=False)
    op.create_table(
        "access_point",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("name_fr", sa.String(length=200), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_access_point_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_access_point_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_point")),
    )
    op.create_index(op.f("ix_access_point_organization_id"), "access_point", ["organization_id"], unique=False)
    op.create_index(op.f("ix_access_point_site_id"), "access_point", ["site_id"], unique=False)
    op.create_table(
        "device",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("broker_password", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_state", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_device_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_device_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
    )
    op.create_index("ix_device_site", "device", ["organization_id", "site_id"], unique=False)
    op.create_table(
        "facility",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=True),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("name_fr", sa.String(length=200), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_facility_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_facility_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facility")),
    )
    op.create_index(op.f("ix_facility_organization_id"), "facility", ["organization_id"], unique=False)
    op.create_table(
        "membership",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("type_id", sa.String(length=64), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column(
            "cancellation_state",
            sa.Enum("requested", "scheduled", name="cancellationstate", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("cancellation_ends_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_membership_account_id_account")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_membership_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(
            ["type_id"], ["membership_type.id"], name=op.f("fk_membership_type_id_membership_type")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
    )
    op.create_index(op.f("ix_membership_account_id"), "membership", ["account_id"], unique=False)
    op.create_index(op.f("ix_membership_organization_id"), "membership", ["organization_id"], unique=False)
    op.create_index(op.f("ix_membership_type_id"), "membership", ["type_id"], unique=False)
    op.create_table(
        "person",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("first_name", sa.String(length=200), nullable=False),
        sa.Column("last_name", sa.String(length=200), nullable=False),
        sa.Column("date_of_birth", sa.Date(), nullable=True),
        sa.Column("language", sa.Enum("en", "fr", name="language", native_enum=False, length=40), nullable=True),
        sa.Column("member_id", sa.String(length=64), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("profile_picture", sa.String(length=64), nullable=True),
        sa.Column("access_picture", sa.String(length=64), nullable=True),
        sa.Column("access_picture_verified_on", sa.Date(), nullable=True),
        sa.Column("access_picture_verified_by", sa.String(length=64), nullable=True),
        sa.Column("is_blocked", sa.Boolean(), nullable=False),
        sa.Column("has_notify_flag", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_person_account_id_account")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_person_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("organization_id", "member_id", name="uq_person_member_id"),
    )
    op.create_index(op.f("ix_person_account_id"), "person", ["account_id"], unique=False)
    op.create_index("ix_person_access_picture", "person", ["organization_id", "access_picture"], unique=False)
    op.create_index("ix_person_email", "person", ["organization_id", "email"], unique=False)
    op.create_index("ix_person_name", "person", ["organization_id", "last_name", "first_name"], unique=False)
    op.create_table(
        "staff_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_session_staff_id_staff")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_staff_session")),
    )
    op.create_index(op.f("ix_staff_session_staff_id"), "staff_session", ["staff_id"], unique=False)
    op.create_table(
        "activity",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "session",
                "drop_in",
                "private_lesson",
                "facility_booking",
                name="activitykind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("name_fr", sa.String(length=200), nullable=False),
        sa.Column("facility_id", sa.String(length=64), nullable=True),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("fk_activity_facility_id_facility")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_activity_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
    )
    op.create_index(op.f("ix_activity_organization_id"), "activity", ["organization_id"], unique=False)
    op.create_table(
        "credential",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column(
            "kind", sa.Enum("barcode", "qr", "nfc", name="credentialkind", native_enum=False, length=40), nullable=False
        ),
        sa.Column("value", sa.String(length=512), nullable=False),
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_credential_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_credential_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credential")),
        sa.UniqueConstraint("organization_id", "fingerprint", name="uq_credential_fingerprint"),
    )
    op.create_index(op.f("ix_credential_person_id"), "credential", ["person_id"], unique=False)
    op.create_table(
        "device_access_point",
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("access_point_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["access_point_id"], ["access_point.id"], name=op.f("fk_device_access_point_access_point_id_access_point")
        ),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_access_point_device_id_device")),
        sa.PrimaryKeyConstraint("device_id", "access_point_id", name=op.f("pk_device_access_point")),
    )
    op.create_index(
        op.f("ix_device_access_point_access_point_id"), "device_access_point", ["access_point_id"], unique=False
    )
    op.create_table(
        "device_mark",
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("through_seq", sa.BigInteger(), nullable=False),
        sa.Column("max_seq", sa.BigInteger(), nullable=False),
        sa.Column("ranges", sa.JSON(), nullable=False),
        sa.Column("parked", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_mark_device_id_device")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_mark")),
    )
    op.create_table(
        "enrolment_code",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("access_point_ids", sa.JSON(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("device_id", sa.String(length=64), nullable=True),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_enrolment_code_device_id_device")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_enrolment_code_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_enrolment_code_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_enrolment_code_code_hash")),
    )
    op.create_index(op.f("ix_enrolment_code_organization_id"), "enrolment_code", ["organization_id"], unique=False)
    op.create_table(
        "membership_pause",
        sa.Column("membership_id", sa.String(length=64), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_membership_pause_membership_id_membership")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership_pause")),
    )
    op.create_index(op.f("ix_membership_pause_membership_id"), "membership_pause", ["membership_id"], unique=False)
    op.create_table(
        "membership_person",
        sa.Column("membership_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_membership_person_membership_id_membership")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_person_id_person")),
        sa.PrimaryKeyConstraint("membership_id", "person_id", name=op.f("pk_membership_person")),
    )
    op.create_index(op.f("ix_membership_person_person_id"), "membership_person", ["person_id"], unique=False)
    op.create_table(
        "allowed_adult",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("child_id", sa.String(length=64), nullable=False),
        sa.Column("adult_person_id", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("relation_en", sa.String(length=100), nullable=False),
        sa.Column("relation_fr", sa.String(length=100), nullable=False),
        sa.Column("picture", sa.String(length=64), nullable=True),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_allowed_adult_account_id_account")),
        sa.ForeignKeyConstraint(["child_id"], ["person.id"], name=op.f("fk_allowed_adult_child_id_person")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_allowed_adult_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allowed_adult")),
    )
    op.create_index(op.f("ix_allowed_adult_account_id"), "allowed_adult", ["account_id"], unique=False)
    op.create_index(op.f("ix_allowed_adult_child_id"), "allowed_adult", ["child_id"], unique=False)
    op.create_index("ix_allowed_adult_picture", "allowed_adult", ["organization_id", "picture"], unique=False)
    op.create_table(
        "memo",
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("is_starred", sa.Boolean(), nullable=False),
        sa.Column("is_allergy", sa.Boolean(), nullable=False),
        sa.Column("written_by", sa.String(length=64), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_memo_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memo")),
    )
    op.create_index(op.f("ix_memo_person_id"), "memo", ["person_id"], unique=False)
    op.create_table(
        "multipass",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("type_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=True),
        sa.Column("purchased_on", sa.Date(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column(
            "effective",
            sa.Enum("on_purchase", "on_date", "on_first_use", name="effective", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("first_used_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("expires_after_days", sa.Integer(), nullable=True),
        sa.Column("expires_after_months", sa.Integer(), nullable=True),
        sa.Column("is_one_use_a_day", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_multipass_account_id_account")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_multipass_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_multipass_person_id_person")),
        sa.ForeignKeyConstraint(["type_id"], ["multipass_type.id"], name=op.f("fk_multipass_type_id_multipass_type")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_multipass")),
    )
    op.create_index(op.f("ix_multipass_account_id"), "multipass", ["account_id"], unique=False)
    op.create_index(op.f("ix_multipass_organization_id"), "multipass", ["organization_id"], unique=False)
    op.create_index(op.f("ix_multipass_person_id"), "multipass", ["person_id"], unique=False)
    op.create_index(op.f("ix_multipass_type_id"), "multipass", ["type_id"], unique=False)
    op.create_table(
        "occurrence",
        sa.Column("activity_id", sa.String(length=64), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_cancelled", sa.Boolean(), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_occurrence_activity_id_activity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occurrence")),
    )
    op.create_index(op.f("ix_occurrence_activity_id"), "occurrence", ["activity_id"], unique=False)
    op.create_index(op.f("ix_occurrence_starts_at"), "occurrence", ["starts_at"], unique=False)
    op.create_table(
        "registration",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("activity_id", sa.String(length=64), nullable=False),
        sa.Column(
            "status",
            sa.Enum("registered", "waiting", "cancelled", name="registrationstatus", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("occurrence_ids", sa.JSON(), nullable=False),
        sa.Column("has_invoice", sa.Boolean(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_registration_account_id_account")),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_registration_activity_id_activity")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_registration_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_registration_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration")),
    )
    op.create_index(op.f("ix_registration_account_id"), "registration", ["account_id"], unique=False)
    op.create_index(op.f("ix_registration_activity_id"), "registration", ["activity_id"], unique=False)
    op.create_index(op.f("ix_registration_organization_id"), "registration", ["organization_id"], unique=False)
    op.create_index(op.f("ix_registration_person_id"), "registration", ["person_id"], unique=False)
