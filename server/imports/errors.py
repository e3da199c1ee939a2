"""Why a file as a whole cannot go in; each has a stable code, the words are under `import_failure.<code>`.

ServerError
└── FileRefused 422   `code` is one of FAILURES
"""

from __future__ import annotations

from typing import Any, Final

from server.errors import ServerError

__all__ = ["FAILURES", "FileRefused"]

FAILURES: Final = (
    "columns_missing",
    "empty",
    "file_gone",
    "internal",
    "no_pictures",
    "not_a_table",
    "not_a_zip",
    "quote_open",
    "row_too_long",
    "too_large",
    "too_many_columns",
    "too_many_rows",
    "wrong_state",
    "zip_bomb",
)


class FileRefused(ServerError):
    """The file, or what is asked of an import, cannot be."""

    status = 422

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code, self.details = code, details
        self.extensions = {"errors": [{"field": "file", "code": code, "details": details}]}
