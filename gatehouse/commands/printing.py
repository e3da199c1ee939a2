"""Text of unknown origin on its way to a terminal."""

from __future__ import annotations

__all__ = ["escaped"]


def escaped(text: str) -> str:
    """The text with every character a terminal might act on (controls, ANSI, text direction) as a \\x.. escape.

    A backslash is doubled, so that the result is unambiguous.
    """
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
