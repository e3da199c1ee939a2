"""What can go wrong at a door. A denial is never one of these.

EdgeError
├── SettingsError       the configuration is wrong: a person has to change it
├── NotEnrolled         the door has no identity yet
├── AlreadyEnrolled     the door has one, and nobody asked to replace it
├── LedgerFault         the ledger cannot be read or written now: nobody is let in on its account
├── CacheFault          the cache is missing, damaged or foreign: fetch another
├── CentreUnreachable   no answer from the centre: try again
├── CentreRefused       the centre answered no; `status` is the HTTP status
└── DeskProblem         the desk refuses what staff asked; `code` is one of `kiosk.desk.PROBLEMS`
"""

from __future__ import annotations

__all__ = [
    "AlreadyEnrolled",
    "CacheFault",
    "CentreRefused",
    "CentreUnreachable",
    "DeskProblem",
    "EdgeError",
    "LedgerFault",
    "NotEnrolled",
    "SettingsError",
]


class EdgeError(Exception):
    """Base of every error this room raises on purpose; the text is safe to log."""


class SettingsError(EdgeError):
    """The configuration is wrong; the message says what to write instead."""


class NotEnrolled(EdgeError):
    """There is no identity in the ledger."""


class AlreadyEnrolled(EdgeError):
    """There is an identity in the ledger already."""


class LedgerFault(EdgeError):
    """The ledger failed; `__cause__` keeps SQLite's or the operating system's error."""


class CacheFault(EdgeError):
    """There is no usable cache; the message says why."""


class CentreUnreachable(EdgeError):
    """The centre did not answer; `__cause__` keeps the network's error."""


class CentreRefused(EdgeError):
    """The centre refused; `status` is its HTTP status, `reason` its short machine-readable word and `proof` its sealed
    word on it, if any."""

    def __init__(self, message: str, *, status: int, reason: str = "", proof: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.proof = proof


class DeskProblem(EdgeError):
    """The desk refuses what a staff member asked for; `code` is one of `kiosk.desk.PROBLEMS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
