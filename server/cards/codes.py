"""The printed code of a card: Code 128 where its bars come out wide enough, a QR code otherwise.

| | narrowest bar or dot | quiet zone | source |
|---|---|---|---|
| Code 128 | 0.25 mm, 0.38 mm where there is room | 10 bars at each side | ISO/IEC 15417 |
| QR, error correction M | 0.33 mm, 0.8 mm where there is room | 4 dots around | ISO/IEC 18004 |

0.25 mm (10 mil) is what scanners of the cheapest kind name as their resolution with a hand's breadth of distance, and
three dots of a card printer of 300 dpi; 0.33 mm is what a camera of 640 pixels resolves in a frame two cards wide.
"""

from __future__ import annotations

from typing import Any, Final

import segno
from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.units import mm

from server.errors import Unprocessable

__all__ = ["MIN_BAR_MM", "MIN_DOT_MM", "CodeTooLong", "bars_of", "draw_bars", "draw_square", "square_of"]

MIN_BAR_MM: Final = 0.25
MIN_DOT_MM: Final = 0.33
_WIDEST_BAR_MM: Final = 0.38
_WIDEST_DOT_MM: Final = 0.8
_QUIET_BARS: Final = 10
_QUIET_DOTS: Final = 4


class CodeTooLong(Unprocessable):
    """The code has more characters than fit a card in a size that scanners read."""

    code = "card_code_too_long"


def bars_of(value: str, *, width_mm: float) -> float | None:
    """The width in millimetres of a Code 128's narrowest bar within `width_mm`, quiet zones included.

    None when it would be too narrow, or when the code has a character that Code 128 has not.
    """
    if not (value.isascii() and value.isprintable()):
        return None
    modules = _code_128(value, 1.0).width + 2 * _QUIET_BARS
    bar_mm = min(_WIDEST_BAR_MM, width_mm / modules)
    return bar_mm if bar_mm >= MIN_BAR_MM else None


def square_of(value: str, *, side_mm: float) -> tuple[Any, float]:
    """A QR code and the side of its dots in millimetres, within `side_mm`, quiet zone included. Raises CodeTooLong."""
    # UTF-8 without an ECI: what a scanner types is then what was written.
    made = segno.make_qr(value.encode() if not value.isascii() else value, error="m", boost_error=False)
    dot_mm = min(_WIDEST_DOT_MM, side_mm / (made.symbol_size(border=_QUIET_DOTS)[0]))
    if dot_mm < MIN_DOT_MM:
        raise CodeTooLong("the code does not fit a card")
    return made, dot_mm


def draw_bars(canvas: Any, value: str, *, bar_mm: float, middle_mm: float, bottom_mm: float, height_mm: float) -> None:
    """Draws a Code 128 around `middle_mm`."""
    made = _code_128(value, bar_mm * mm, height=height_mm * mm)
    made.drawOn(canvas, middle_mm * mm - made.width / 2, bottom_mm * mm)


def draw_square(canvas: Any, made: Any, *, dot_mm: float, left_mm: float, bottom_mm: float, side_mm: float) -> None:
    """Draws a QR code in the middle of a square."""
    rows = [list(row) for row in made.matrix_iter(border=0)]
    start = (side_mm - len(rows) * dot_mm) / 2
    canvas.setFillGray(0)
    path = canvas.beginPath()
    for number, row in enumerate(rows):
        bottom = bottom_mm + side_mm - start - (number + 1) * dot_mm
        for place, is_dark in enumerate(row):
            if is_dark:
                path.rect((left_mm + start + place * dot_mm) * mm, bottom * mm, dot_mm * mm, dot_mm * mm)
    canvas.drawPath(path, stroke=0, fill=1)


def _code_128(value: str, bar: float, *, height: float = 10.0) -> Any:
    return Code128(value, barWidth=bar, barHeight=height, quiet=0, humanReadable=False)
