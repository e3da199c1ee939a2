"""Codes in one image, through zxing-cpp: restricted to the wanted formats, identified by their bytes.

Fewer formats cost less: docs/readers.md has the figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import zxingcpp

from hardware.errors import ReaderConfigError

__all__ = ["ALL_FORMATS", "CARD_FORMATS", "FoundCode", "codes_in", "format_set"]

CARD_FORMATS = ("QRCode", "Code128")
"""What membership cards carry."""
ALL_FORMATS = ("AllReadable",)


@dataclass(frozen=True, slots=True)
class FoundCode:
    """One code: its format's name, its bytes without ECI or AIM additions, its text and its four corners."""

    format: str
    data: bytes
    text: str
    corners: tuple[tuple[int, int], ...]
    """Top left, top right, bottom right, bottom left as the code itself is turned; pixels of the image."""


def format_set(names: Sequence[str], *, label: str = "formats") -> Any:
    """The formats that `names` name, as zxing-cpp writes them. Raises ReaderConfigError."""
    known = zxingcpp.BarcodeFormat.__members__
    wrong = [name for name in names if name not in known or name == "NONE"]
    if wrong or not names:
        raise ReaderConfigError(
            f"{label}: {', '.join(map(repr, wrong)) or 'an empty list'} is no code format; "
            f"write some of {', '.join(sorted(set(known) - {'NONE', 'All'}))}"
        )
    return zxingcpp.BarcodeFormats([known[name] for name in names])


def codes_in(image: Any, formats: Any, *, binarizer: Any = None) -> list[FoundCode]:
    """Every readable code of `formats` in a grayscale array (uint8) or PIL image, turned or inverted too."""
    found = zxingcpp.read_barcodes(
        image,
        formats=formats,
        try_rotate=True,
        try_downscale=True,
        try_invert=True,
        text_mode=zxingcpp.TextMode.Plain,
        binarizer=zxingcpp.Binarizer.LocalAverage if binarizer is None else binarizer,
    )
    return [_found(one) for one in found if one.valid and one.bytes]


def _found(barcode: Any) -> FoundCode:
    place = barcode.position
    corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
    data = bytes(barcode.bytes)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = str(barcode.text)  # zxing-cpp's guess of the character set
    return FoundCode(barcode.format.name, data, text, tuple((point.x, point.y) for point in corners))
