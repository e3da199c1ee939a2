"""What is wrong with a record, as codes; the words are in the locale files, under `import_problem.<code>`."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as made
from typing import Any, Final

__all__ = ["CODES", "Problem", "RowRefused"]

CODES: Final = (
    "account_archived",
    "account_needed",
    "ambiguous_amount",
    "ambiguous_date",
    "born_in_future",
    "cannot_clear",
    "card_taken",
    "card_unreadable",
    "control_characters",
    "damaged_number",
    "damaged_text",
    "ends_before_start",
    "entry_differs",
    "external_id_taken",
    "file_name_unclear",
    "incomplete",
    "invalid",
    "invalid_amount",
    "key_missing",
    "member_id_taken",
    "not_a_date",
    "not_a_number",
    "not_a_picture",
    "not_an_amount",
    "not_an_email",
    "not_one_of",
    "not_yes_or_no",
    "occurrence_unknown",
    "other_account",
    "owner_minor",
    "person_archived",
    "person_needed",
    "picture_too_large",
    "references_disagree",
    "required",
    "too_long",
    "too_many_cells",
    "twice",
    "unknown_account",
    "unknown_activity",
    "unknown_person",
    "unknown_type",
    "used_above_total",
)
_MOST_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: in which field, with which value, and the `details` that its text names."""

    code: str
    field: str = ""
    value: str = ""
    details: dict[str, Any] = made(default_factory=dict)

    def document(self, row: int) -> dict[str, Any]:
        """The problem as it is kept, with the number of its row (the header is row 1)."""
        shown = {"row": row, "column": self.field, "code": self.code, "value": self.value[:_MOST_SHOWN]}
        return {**shown, "details": self.details} if self.details else shown


class RowRefused(Exception):
    """A record cannot go in; `problems` say why. Nothing of it was changed.

    `rest` is the record without the fields that could not be read, for whoever looks what else is wrong with it.
    """

    def __init__(self, *problems: Problem, rest: object = None) -> None:
        super().__init__(", ".join(each.code for each in problems))
        self.problems = problems
        self.rest = rest
