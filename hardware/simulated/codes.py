"""Codes as images, as a printer would put them on a membership card."""

from typing import Literal

import numpy as np
from PIL import Image

__all__ = ["Symbology", "code_image"]

Symbology = Literal["QRCode", "Code128", "Code39", "EAN13", "ITF", "Codabar", "DataMatrix", "Aztec", "PDF417"]


def code_image(
    content: str | bytes,
    symbology: Symbology = "QRCode",
    *,
    scale: int = 4,
    height: int | None = None,
    quiet_zone: int | None = None,
) -> Image.Image:
    """A black on white code: `scale` pixels a module, a quiet zone of `quiet_zone` modules around it.

    The standards ask for 4 modules around a QR code (ISO/IEC 18004) and 10 beside a Code 128 (ISO/IEC 15417);
    that is the default.

    `height` (pixels, without the quiet zone) applies to codes of one row; theirs is 50 modules otherwise.
    Bytes of a QR code are kept as they are. Raises ValueError when the content does not fit the symbology.
    """
    bars = _qr_modules(content) if symbology == "QRCode" else _modules(content, symbology)
    grid = np.kron(bars, np.ones((scale, scale), dtype=np.uint8))
    if height is not None and _is_linear(symbology):
        grid = np.repeat(grid[:1], height, axis=0)
    quiet_zone = (10 if _is_linear(symbology) else 4) if quiet_zone is None else quiet_zone
    return Image.fromarray(np.pad(grid, quiet_zone * scale, constant_values=255))


def _is_linear(symbology: Symbology) -> bool:
    return symbology in ("Code128", "Code39", "EAN13", "ITF", "Codabar")


def _qr_modules(content: str | bytes) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    import segno

    # A str is written as UTF-8 without an ECI, as most card printers do.
    code = segno.make_qr(content if isinstance(content, str) and content.isascii() else _octets(content), error="m")
    return np.array([[0 if dark else 255 for dark in row] for row in code.matrix], dtype=np.uint8)


def _modules(content: str | bytes, symbology: Symbology) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    import zxingcpp

    barcode = zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat[symbology])
    return np.array(barcode.to_image(scale=1, add_quiet_zones=False), dtype=np.uint8)


def _octets(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
