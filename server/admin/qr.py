"""A QR code as a picture in a page: SVG in a `data:` address, dark on white in either theme, with its quiet zone."""

from __future__ import annotations

import segno

__all__ = ["qr_picture"]


def qr_picture(text: str) -> str:
    """The address for an `img`."""
    made: str = segno.make(text, error="m", micro=False).svg_data_uri(scale=5, border=4, light="#fff", dark="#000")
    return made
