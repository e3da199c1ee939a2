"""E-mail addresses: whether one can be, and the one form in which it is kept and compared. Nothing is asked of DNS."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

__all__ = ["checked", "half_hidden", "is_plainly_named"]


def checked(text: str) -> str | None:
    """The address in small letters, its domain in ASCII; None when it can be none."""
    try:
        found = validate_email(text.strip()[:400], check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return None
    address = (found.ascii_email or "").lower()
    return address if 0 < len(address) <= 254 else None


def is_plainly_named(text: str) -> bool:
    """Whether what stands before the @ is in ASCII: other letters there are more than most mail servers take."""
    return text.strip().rpartition("@")[0].isascii()


def half_hidden(address: str) -> str:
    """Enough to recognize an address that one knows: `m•••@example.org`."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}•••@{domain}"
