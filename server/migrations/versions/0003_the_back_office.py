"""The back office: what it keeps about clients, cards, money, staff and doors, and who changed it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_FULL_TEXT = {
    "sqlite": (
        "CREATE VIRTUAL TABLE person_word USING fts5(words, content='person_search', content_rowid='no', "
        "tokenize='ascii', detail=none, columnsize=0, prefix='5 6 7')",
        "CREATE TRIGGER person_search_added AFTER INSERT ON person_search BEGIN "
        "INSERT INTO person_word(rowid, words) VALUES (new.no, new.words); END",
        "CREATE TRIGGER person_search_removed AFTER DELETE ON person_search BEGIN "
        "INSERT INTO person_word(person_word, rowid, words) VALUES ('delete', old.no, old.words); END",
        "CREATE TRIGGER person_search_changed AFTER UPDATE OF words ON person_search BEGIN "
        "INSERT INTO person_word(person_word, rowid, words) VALUES ('delete', old.no, old.words); "
        "INSERT INTO person_word(rowid, words) VALUES (new.no, new.words); END",
    ),
    "postgresql": (
        "CREATE INDEX ix_person_search_words ON person_search "
        "USING gin (array_to_tsvector(string_to_array(words, ' '))) WITH (fastupdate = off)",
    ),
}
# Every word begins with four letters of its organization: the prefixes are of one, two and three letters after them.


def upgrade() -> None:
    """Every area."""
    _organizations()
    _people()
    _passes()
    _clients()
    _search()
    _billing()
    _activity()
    _reports()
    _desk()
    _audit()
    _api()
    _devices()
    _staff()
    _privacy()


def _organizations() -> None:
    """Currency, retention and the numbering of members; drafts and published versions of access points."""
    op.create_table(
        "access_point_version",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("access_point_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("name_fr", sa.String(length=200), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("published_by", sa.String(length=64), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["access_point_id"], ["access_point.id"], name=op.f("fk_access_point_version_access_point_id_access_point")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_access_point_version_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_point_version")),
        sa.UniqueConstraint("access_point_id", "number", name="uq_access_point_version_number"),
    )
    op.create_index(
        op.f("ix_access_point_version_organization_id"), "access_point_version", ["organization_id"], unique=False
    )
    op.add_column("access_point", sa.Column("draft", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("access_point", sa.Column("draft_by", sa.String(length=64), nullable=True))
    op.add_column("access_point", sa.Column("draft_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("organization", sa.Column("currency", sa.String(length=3), server_default="CAD", nullable=False))
    op.add_column(
        "organization", sa.Column("requires_second_factor", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("organization", sa.Column("retention", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("organization", sa.Column("next_member_number", sa.BigInteger(), server_default="1", nullable=False))


def _people() -> None:
    """Shared identities, addresses, communications, contacts, tags, and what cards remember."""
    op.create_table(
        "tag",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("colour", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_tag_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
        sa.UniqueConstraint("organization_id", "name", name="uq_tag_name"),
    )
    op.create_table(
        "contact",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("first_name", sa.String(length=200), nullable=False),
        sa.Column("last_name", sa.String(length=200), nullable=False),
        sa.Column("relation", sa.String(length=100), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("picture", sa.String(length=64), nullable=True),
        sa.Column("is_emergency", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_contact_account_id_account")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_contact_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index(op.f("ix_contact_account_id"), "contact", ["account_id"], unique=False)
    op.create_index(op.f("ix_contact_organization_id"), "contact", ["organization_id"], unique=False)
    op.create_table(
        "person_tag",
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("tag_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_tag_person_id_person")),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_person_tag_tag_id_tag")),
        sa.PrimaryKeyConstraint("person_id", "tag_id", name=op.f("pk_person_tag")),
    )
    op.create_index(op.f("ix_person_tag_tag_id"), "person_tag", ["tag_id"], unique=False)
    op.add_column("account", sa.Column("external_id", sa.String(length=64), nullable=True))
    op.add_column("account", sa.Column("merged_into", sa.String(length=64), nullable=True))
    op.add_column("account", sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("uq_account_external_id", "account", ["organization_id", "external_id"], unique=True)
    op.add_column("allowed_adult", sa.Column("contact_id", sa.String(length=64), nullable=True))
    op.create_index(op.f("ix_allowed_adult_adult_person_id"), "allowed_adult", ["adult_person_id"], unique=False)
    op.create_index(op.f("ix_allowed_adult_contact_id"), "allowed_adult", ["contact_id"], unique=False)
    op.add_column("credential", sa.Column("issued_by", sa.String(length=64), nullable=True))
    op.add_column("credential", sa.Column("printed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("credential", sa.Column("revoked_by", sa.String(length=64), nullable=True))
    op.add_column("credential", sa.Column("revoked_because", sa.String(length=40), server_default="", nullable=False))
    op.add_column("credential", sa.Column("replaces_id", sa.String(length=64), nullable=True))
    op.add_column("person", sa.Column("identity_id", sa.String(length=64), nullable=True))
    op.add_column("person", sa.Column("external_id", sa.String(length=64), nullable=True))
    op.add_column("person", sa.Column("gender", sa.String(length=40), server_default="", nullable=False))
    op.add_column("person", sa.Column("address_line_1", sa.String(length=200), server_default="", nullable=False))
    op.add_column("person", sa.Column("address_line_2", sa.String(length=200), server_default="", nullable=False))
    op.add_column("person", sa.Column("city", sa.String(length=100), server_default="", nullable=False))
    op.add_column("person", sa.Column("province", sa.String(length=100), server_default="", nullable=False))
    op.add_column("person", sa.Column("postal_code", sa.String(length=20), server_default="", nullable=False))
    op.add_column("person", sa.Column("country", sa.String(length=2), server_default="", nullable=False))
    op.add_column("person", sa.Column("wants_email", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("person", sa.Column("wants_sms", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("person", sa.Column("admin_note", sa.Text(), server_default="", nullable=False))
    op.add_column("person", sa.Column("merged_into", sa.String(length=64), nullable=True))
    op.add_column("person", sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_person_identity_id"), "person", ["identity_id"], unique=False)
    op.create_index("ix_person_profile_picture", "person", ["organization_id", "profile_picture"], unique=False)
    op.create_index("uq_person_external_id", "person", ["organization_id", "external_id"], unique=True)


def _passes() -> None:
    """The keys and prices of what is sold, and the keys of what is held."""
    op.add_column("activity", sa.Column("code", sa.String(length=64), nullable=True))
    op.add_column("activity", sa.Column("capacity", sa.Integer(), nullable=True))
    op.add_column("activity", sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("uq_activity_code", "activity", ["organization_id", "code"], unique=True)
    op.add_column("membership", sa.Column("external_id", sa.String(length=64), nullable=True))
    op.create_index("uq_membership_external_id", "membership", ["organization_id", "external_id"], unique=True)
    op.add_column("membership_type", sa.Column("code", sa.String(length=64), nullable=True))
    op.add_column("membership_type", sa.Column("price_cents", sa.Integer(), nullable=True))
    op.create_index("uq_membership_type_code", "membership_type", ["organization_id", "code"], unique=True)
    op.add_column("multipass", sa.Column("external_id", sa.String(length=64), nullable=True))
    op.create_index("uq_multipass_external_id", "multipass", ["organization_id", "external_id"], unique=True)
    op.add_column("multipass_type", sa.Column("code", sa.String(length=64), nullable=True))
    op.add_column("multipass_type", sa.Column("price_cents", sa.Integer(), nullable=True))
    op.create_index("uq_multipass_type_code", "multipass_type", ["organization_id", "code"], unique=True)
    op.add_column("registration", sa.Column("external_id", sa.String(length=64), nullable=True))
    op.create_index("uq_registration_external_id", "registration", ["organization_id", "external_id"], unique=True)


def _clients() -> None:
    """Questions, skills, the history of pictures, logins, mail, saved lists, card templates."""
    op.add_column("feed_head", sa.Column("ages_on", sa.Date(), nullable=True))
    op.create_table(
        "client_login",
        sa.Column("identity_id", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("identity_id", name=op.f("pk_client_login")),
        sa.UniqueConstraint("username", name=op.f("uq_client_login_username")),
    )
    op.create_table(
        "client_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("identity_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_client_session")),
    )
    op.create_index(op.f("ix_client_session_identity_id"), "client_session", ["identity_id"], unique=False)
    op.create_table(
        "card_template",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("layout", sa.JSON(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_card_template_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_template")),
        sa.UniqueConstraint("organization_id", "name", name="uq_card_template_name"),
    )
    op.create_table(
        "extra_question",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("label_en", sa.String(length=300), nullable=False),
        sa.Column("label_fr", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_extra_question_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extra_question")),
    )
    op.create_index(op.f("ix_extra_question_organization_id"), "extra_question", ["organization_id"], unique=False)
    op.create_table(
        "mail",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=True),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("to_address", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("sealed_path", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=400), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_mail_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
    )
    op.create_index("ix_mail_due", "mail", ["sent_at", "next_at"], unique=False)
    op.create_index(op.f("ix_mail_organization_id"), "mail", ["organization_id"], unique=False)
    op.create_table(
        "skill",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("name_fr", sa.String(length=200), nullable=False),
        sa.Column("levels", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_skill_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skill")),
    )
    op.create_index(op.f("ix_skill_organization_id"), "skill", ["organization_id"], unique=False)
    op.create_table(
        "saved_list",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("query", sa.JSON(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_saved_list_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_saved_list_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_list")),
    )
    op.create_index(op.f("ix_saved_list_organization_id"), "saved_list", ["organization_id"], unique=False)
    op.create_table(
        "client_token",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_client_token_account_id_account")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_client_token_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_client_token_person_id_person")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_client_token")),
    )
    op.create_index(op.f("ix_client_token_account_id"), "client_token", ["account_id"], unique=False)
    op.create_index(op.f("ix_client_token_person_id"), "client_token", ["person_id"], unique=False)
    op.create_table(
        "extra_answer",
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("question_id", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_extra_answer_person_id_person")),
        sa.ForeignKeyConstraint(
            ["question_id"], ["extra_question.id"], name=op.f("fk_extra_answer_question_id_extra_question")
        ),
        sa.PrimaryKeyConstraint("person_id", "question_id", name=op.f("pk_extra_answer")),
    )
    op.create_table(
        "person_skill",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("skill_id", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=100), nullable=False),
        sa.Column("achieved_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=400), nullable=False),
        sa.Column("recorded_by", sa.String(length=64), nullable=True),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_person_skill_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_skill_person_id_person")),
        sa.ForeignKeyConstraint(["skill_id"], ["skill.id"], name=op.f("fk_person_skill_skill_id_skill")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_skill")),
    )
    op.create_index(op.f("ix_person_skill_person_id"), "person_skill", ["person_id"], unique=False)
    op.create_index(op.f("ix_person_skill_skill_id"), "person_skill", ["skill_id"], unique=False)
    op.create_table(
        "picture_version",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("picture", sa.String(length=64), nullable=True),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_picture_version_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_picture_version_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_picture_version")),
    )
    op.create_index("ix_picture_version_person", "picture_version", ["person_id", "role", "changed_at"], unique=False)
    op.create_index("ix_picture_version_picture", "picture_version", ["organization_id", "picture"], unique=False)


def _search() -> None:
    """What the search of clients stands on; it is filled by the server when it starts (`server.clients.indexing`)."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    bytewise = None if is_sqlite else "C"
    op.create_table(
        "person_search",
        sa.Column("no", sa.Integer() if is_sqlite else sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("by_last", sa.String(length=240, collation=bytewise), nullable=False),
        sa.Column("by_first", sa.String(length=240, collation=bytewise), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_person_search")),
        sa.UniqueConstraint("person_id", name=op.f("uq_person_search_person_id")),
    )
    for name in ("by_last", "by_first"):
        op.create_index(f"ix_person_search_{name}", "person_search", ["organization_id", name, "no"], unique=False)
    op.create_table(
        "account_order",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=240, collation=bytewise), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_order")),
    )
    op.create_index("ix_account_order_name", "account_order", ["organization_id", "name", "account_id"], unique=False)
    op.create_table(
        "name_variant",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("variant", sa.String(length=40, collation=bytewise), nullable=False),
        sa.Column("word", sa.String(length=40, collation=bytewise), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "variant", "word", name=op.f("pk_name_variant")),
    )
    op.create_table(
        "search_version",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_search_version")),
    )
    op.create_index("ix_account_balance", "account", ["organization_id", "balance_cents"], unique=False)
    op.create_index("ix_person_created", "person", ["organization_id", "created_at"], unique=False)
    op.create_index("ix_person_born", "person", ["organization_id", "date_of_birth"], unique=False)
    gone = sa.text("archived_at IS NOT NULL OR merged_into IS NOT NULL")
    for table, id_ in (("account", "id"), ("person", "account_id")):
        columns = ["organization_id", id_]
        op.create_index(f"ix_{table}_gone", table, columns, sqlite_where=gone, postgresql_where=gone)
    for name, flag in (("blocked", "is_blocked"), ("notify_flag", "has_notify_flag")):
        op.create_index(
            f"ix_person_{name}",
            "person",
            ["organization_id", "account_id"],
            sqlite_where=sa.text(f"{flag} = 1"),
            postgresql_where=sa.text(flag),
        )
    for statement in _FULL_TEXT["sqlite" if is_sqlite else "postgresql"]:
        op.execute(statement)


def _billing() -> None:
    """Balance entries and settlements."""
    op.create_table(
        "balance_entry",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("description", sa.String(length=300), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=True),
        sa.Column("event_id", sa.String(length=64), nullable=True),
        sa.Column("entered_by", sa.String(length=64), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_balance_entry_account_id_account")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_balance_entry_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_balance_entry")),
    )
    op.create_index("ix_balance_entry_account", "balance_entry", ["account_id", "entered_at"], unique=False)
    op.create_index("uq_balance_entry_external_id", "balance_entry", ["organization_id", "external_id"], unique=True)
    op.create_table(
        "settlement",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("multipass_id", sa.String(length=64), nullable=True),
        sa.Column("decision", sa.String(length=20), nullable=False),
        sa.Column("balance_entry_id", sa.String(length=64), nullable=True),
        sa.Column("note", sa.String(length=400), nullable=False),
        sa.Column("is_use_added", sa.Boolean(), nullable=False),
        sa.Column("memo_ids", sa.JSON(), nullable=False),
        sa.Column("blocked_ids", sa.JSON(), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["balance_entry_id"], ["balance_entry.id"], name=op.f("fk_settlement_balance_entry_id_balance_entry")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_settlement_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement")),
        sa.UniqueConstraint("organization_id", "event_id", name="uq_settlement_event"),
    )


def _activity() -> None:
    """Account activity and the overview answered from indexes, whatever the filter; which events are flagged."""
    op.add_column("event", sa.Column("is_flagged", sa.Boolean(), server_default=sa.false(), nullable=False))
    event = sa.table("event", sa.column("is_flagged", sa.Boolean()), sa.column("flags", sa.JSON()))
    flags = sa.cast(event.c.flags, sa.Text())
    op.execute(event.update().where(flags != "[]").values(is_flagged=True))
    account = ["organization_id", "account_id"]
    newest: list[str | sa.TextClause] = [sa.text("occurred_at DESC"), sa.text("id DESC")]
    filtered = ["kind", "outcome", "access_point_id", "pass_type", "pass_id"]
    counted = ["kind", "person_id"]
    for name, columns in (
        ("ix_event_account_activity", [*account, *newest, "person_id", *filtered]),
        ("ix_event_person", ["organization_id", "person_id", *newest, *filtered]),
        ("ix_event_overview", ["organization_id", "access_point_id", *newest, *counted]),
        ("ix_event_day", ["organization_id", *newest, *counted]),
    ):
        op.drop_index(name, "event")
        op.create_index(name, "event", columns, unique=False)
    referring = sa.text("refers_to IS NOT NULL")
    op.drop_index("ix_event_refers_to", "event")
    op.create_index("ix_event_refers_to", "event", ["refers_to"], sqlite_where=referring, postgresql_where=referring)
    for name, columns, condition in (
        ("ix_event_account_kind", [*account, "kind", *newest], sa.text("kind <> 'checked_in'")),
        ("ix_event_account_outcome", [*account, "outcome", *newest], sa.text("outcome <> 'granted'")),
        ("ix_event_account_flagged", [*account, *newest], sa.text("is_flagged")),
    ):
        op.create_index(name, "event", columns, sqlite_where=condition, postgresql_where=condition)


def _reports() -> None:
    """The report's counts are answered from the index of days; what was undone or refused is found by itself."""
    newest: list[str | sa.TextClause] = [sa.text("occurred_at DESC"), sa.text("id DESC")]
    counted = ["kind", "person_id", "access_point_id", "pass_type", "is_offline"]
    op.drop_index("ix_event_day", "event")
    op.create_index("ix_event_day", "event", ["organization_id", *newest, *counted], unique=False)
    undone = sa.text("kind = 'undone'")
    op.create_index(
        "ix_event_undone",
        "event",
        ["organization_id", "occurred_at", "refers_to"],
        sqlite_where=undone,
        postgresql_where=undone,
    )
    refused = sa.text("kind IN ('denied', 'review_refused', 'review_requested')")
    columns = ["organization_id", *newest, *counted]
    op.create_index("ix_event_refused", "event", columns, sqlite_where=refused, postgresql_where=refused)


def _desk() -> None:
    """The centre's own device at each site."""
    op.add_column("device", sa.Column("is_centre", sa.Boolean(), server_default=sa.false(), nullable=False))
    here = sa.text("is_centre")
    op.create_index("uq_device_centre", "device", ["site_id"], unique=True, sqlite_where=here, postgresql_where=here)


def _audit() -> None:
    """The audit log."""
    op.create_table(
        "audit_entry",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(length=20), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("entity", sa.String(length=40), nullable=False),
        sa.Column("entity_id", sa.String(length=140), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=True),
        sa.Column("person_id", sa.String(length=64), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("changes_hash", sa.String(length=64), nullable=False),
        sa.Column("erased_by", sa.BigInteger(), nullable=True),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_audit_entry_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("organization_id", "seq", name=op.f("pk_audit_entry")),
    )
    op.create_index("ix_audit_entry_account", "audit_entry", ["organization_id", "account_id", "seq"], unique=False)
    op.create_index("ix_audit_entry_actor", "audit_entry", ["organization_id", "actor_id", "seq"], unique=False)
    op.create_index(
        "ix_audit_entry_entity", "audit_entry", ["organization_id", "entity", "entity_id", "seq"], unique=False
    )
    op.create_index("ix_audit_entry_person", "audit_entry", ["organization_id", "person_id", "seq"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_audit_head_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_audit_head")),
    )


def _api() -> None:
    """Tokens, webhooks and imports."""
    op.create_table(
        "api_token",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_api_token_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_index(op.f("ix_api_token_organization_id"), "api_token", ["organization_id"], unique=False)
    op.create_table(
        "import_job",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.String(length=300), nullable=False),
        sa.Column("file_hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("failure", sa.String(length=40), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("rows_done", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("unchanged", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("problem_count", sa.BigInteger(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=True),
        sa.Column("is_by_token", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_import_job_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_job")),
    )
    op.create_index(op.f("ix_import_job_organization_id"), "import_job", ["organization_id"], unique=False)
    op.create_table(
        "webhook",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("secret", sa.LargeBinary(length=200), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_webhook_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_index(op.f("ix_webhook_organization_id"), "webhook", ["organization_id"], unique=False)
    op.create_table(
        "webhook_delivery",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("webhook_id", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(length=400), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_webhook_delivery_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name=op.f("fk_webhook_delivery_webhook_id_webhook")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint("webhook_id", "event_id", name="uq_webhook_delivery_event"),
    )
    op.create_index("ix_webhook_delivery_due", "webhook_delivery", ["delivered_at", "next_at"], unique=False)


def _devices() -> None:
    """Commands to doors."""
    op.create_table(
        "device_command",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("issued_by", sa.String(length=64), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_command_device_id_device")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_device_command_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_command")),
    )
    op.create_index("ix_device_command_device", "device_command", ["device_id", "issued_at"], unique=False)


def _staff() -> None:
    """Roles of an organization's own, and the second factor."""
    op.create_table(
        "role",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.Column("desk_permissions", sa.JSON(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_role_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
    )
    op.create_index(op.f("ix_role_organization_id"), "role", ["organization_id"], unique=False)
    op.add_column("staff", sa.Column("role_id", sa.String(length=64), nullable=True))
    op.add_column("staff", sa.Column("totp_secret", sa.LargeBinary(length=200), nullable=True))
    op.add_column("staff", sa.Column("totp_confirmed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("staff", sa.Column("totp_step", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("staff", sa.Column("recovery_hashes", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("staff_session", sa.Column("second_factor_at", sa.DateTime(timezone=True), nullable=True))
    # ### end Alembic commands ###


def _privacy() -> None:
    """What retention leaves behind, and marks of what was erased."""
    op.create_table(
        "movement_count",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hour", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("access_point_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("pass_type", sa.String(length=40), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_movement_count_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint(
            "organization_id", "day", "hour", "access_point_id", "kind", "pass_type", name=op.f("pk_movement_count")
        ),
    )
    op.create_table(
        "device_trim",
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("through_seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("trimmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_trim_device_id_device")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_device_trim_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_trim")),
    )
    op.create_table(
        "early_undo",
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_early_undo_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("event_id", "organization_id", name=op.f("pk_early_undo")),
    )
    op.create_table(
        "retention_run",
        sa.Column("organization_id", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("failure", sa.String(length=200), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_retention_run_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_run")),
    )
    op.create_index("ix_retention_run_started", "retention_run", ["organization_id", "started_at"], unique=False)
    op.add_column("person", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("event", sa.Column("erased_by", sa.BigInteger(), nullable=True))
    op.add_column("audit_head", sa.Column("trimmed_through", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column(
        "audit_head", sa.Column("trimmed_hash", sa.String(length=64), server_default="0" * 64, nullable=False)
    )
