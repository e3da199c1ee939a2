"""Words on a card: a font that has what names need (Latin with all its accents, Greek, Cyrillic), fitted into a width.

Roboto, Apache License 2.0, embedded into the PDF as the subset that is used.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

__all__ = ["BOLD", "PLAIN", "Lines", "fitted", "fonts", "wrapped"]

PLAIN: Final = "CardPlain"
BOLD: Final = "CardBold"
_FILES: Final = {PLAIN: "Roboto-Regular.ttf", BOLD: "Roboto-Bold.ttf"}
_STEP: Final = 0.5

Lines = tuple[float, list[str]]
"""A size in points, and the lines."""


@cache
def fonts() -> None:
    """Makes the fonts known, once a process."""
    found = find_spec("font_roboto")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("the package font-roboto is not installed")
    folder = Path(found.submodule_search_locations[0]) / "files"
    for name, file in _FILES.items():
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))


def fitted(text: str, font: str, *, width: float, largest: float, smallest: float, most_lines: int = 1) -> Lines:
    """The text in the largest size in which it fits; in the smallest, what is too much ends in an ellipsis.

    Widths are in points. Fewer lines are better than larger letters.
    """
    text = " ".join(text.split())
    for count in range(1, most_lines + 1):
        least = smallest if count == most_lines else max(smallest, largest * 0.75)
        size = largest
        while size >= least:
            lines = wrapped(text, font, size, width=width)
            if len(lines) <= count and all(_width(line, font, size) <= width for line in lines):
                return size, lines
            size -= _STEP
    lines = wrapped(text, font, smallest, width=width)
    kept = lines[:most_lines]
    if len(lines) > most_lines:
        kept[-1] = " ".join(lines[most_lines - 1 :])
    return smallest, [_cut(line, font, smallest, width=width) for line in kept]


def wrapped(text: str, font: str, size: float, *, width: float) -> list[str]:
    """The text in lines, broken between words and, where there is a hyphen, behind it. A long word is left whole."""
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        line = ""
        for piece in paragraph.replace("-", "-\u200b").replace(" ", " \u200b").split("\u200b"):
            if line and _width((line + piece).rstrip(), font, size) > width:
                lines.append(line.rstrip())
                line = ""
            line += piece
        lines.append(line.rstrip())
    return lines


def _cut(line: str, font: str, size: float, *, width: float) -> str:
    if _width(line, font, size) <= width:
        return line
    while line and _width(f"{line}…", font, size) > width:
        line = line[:-1].rstrip()
    return f"{line}…"


def _width(text: str, font: str, size: float) -> float:
    fonts()
    return float(pdfmetrics.stringWidth(text, font, size))
