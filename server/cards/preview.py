"""A printed page as a picture: what the printer gets, seen before it is printed."""

from __future__ import annotations

import io
from typing import Any

import pypdfium2

__all__ = ["page_picture", "page_png"]


def page_picture(pdf: bytes, page: int = 0, *, dpi: int = 200) -> Any:
    """A page as a Pillow picture. Raises IndexError when there is no such page."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        if page >= len(document):
            raise IndexError(page)
        opened = document[page]
        bitmap = opened.render(scale=dpi / 72)
        picture = bitmap.to_pil().convert("RGB")
        bitmap.close()
        opened.close()
    finally:
        document.close()
    return picture


def page_png(pdf: bytes, page: int = 0, *, dpi: int = 200) -> bytes:
    """The same as a PNG."""
    out = io.BytesIO()
    page_picture(pdf, page, dpi=dpi).save(out, "PNG")
    return out.getvalue()
