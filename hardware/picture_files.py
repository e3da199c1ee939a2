"""Opening a picture file as the 8-bit grey planes in which a code may stand out. Never trusts the file."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from hardware.errors import PictureUnreadable

__all__ = ["MAX_PIXELS", "PICTURE_SUFFIXES", "grey_planes", "open_picture"]

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pgm")
"""What is looked for in a folder; a file named by itself may be called anything."""
MAX_PIXELS = 50_000_000
SUPPORTED = "PNG, JPEG, GIF, WebP, BMP and TIFF are read"


def open_picture(path: Path) -> Image.Image:
    """The first frame, upright as its EXIF orientation says. Raises PictureUnreadable."""
    _check_file(path)
    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures; the limit below is ours and an error.
            warnings.simplefilter("ignore")
            with Image.open(path) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise PictureUnreadable(
                        f"{picture.width}x{picture.height} pixels are too many; make it smaller than "
                        f"{MAX_PIXELS // 1_000_000} megapixels"
                    )
                picture.load()
                return ImageOps.exif_transpose(picture)
    except UnidentifiedImageError as error:
        raise PictureUnreadable(_not_a_picture(path)) from error
    except Image.DecompressionBombError as error:
        raise PictureUnreadable("it has too many pixels") from error
    except PermissionError as error:
        raise PictureUnreadable("no permission to read it") from error
    except MemoryError as error:
        raise PictureUnreadable("it does not fit into memory") from error
    # Pillow's decoders raise these and others for damaged files.
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, ZeroDivisionError) as error:
        raise PictureUnreadable(f"it is damaged or cut short; {SUPPORTED}") from error


def _check_file(path: Path) -> None:
    try:
        is_there, is_file = path.exists(), path.is_file()
    except PermissionError as error:
        raise PictureUnreadable("no permission to read it") from error
    except OSError as error:  # a name too long for the file system, a disk that does not answer
        raise PictureUnreadable(f"it cannot be read ({error.strerror})") from error
    if not is_there:
        raise PictureUnreadable("there is no such file")
    if not is_file:
        raise PictureUnreadable("it is no file: save the picture as one")  # a pipe would be waited for without end


def grey_planes(picture: Image.Image) -> Iterator[Any]:
    """The brightness first, then what it may hide: transparency over black, and each colour by itself."""
    if picture.mode.startswith("I") or picture.mode == "F":
        yield _stretched(np.asarray(picture, dtype=np.float64))
        return
    if "A" in picture.getbands() or "transparency" in picture.info:
        rgba = picture.convert("RGBA")
        for ground in ("white", "black"):
            flat = Image.new("RGBA", rgba.size, ground)
            flat.alpha_composite(rgba)
            yield np.asarray(flat.convert("L"))
        return
    yield np.asarray(picture.convert("L"))
    if picture.mode not in ("1", "L"):
        yield from (np.asarray(band) for band in picture.convert("RGB").split())


def _stretched(values: Any) -> Any:
    """More than 8 bits a pixel, brought to 8 by the range that is used: 12 bits in 16 are common."""
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all() or high <= low:
        return np.zeros(values.shape, dtype=np.uint8)
    return ((values - low) * (255 / (high - low))).astype(np.uint8)


def _not_a_picture(path: Path) -> str:
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError:
        return "it cannot be read"
    if not head:
        return "it is empty"
    if head.startswith(b"%PDF"):
        return f"PDF is not supported: save the page as a PNG picture; {SUPPORTED}"
    if head.lstrip().startswith((b"<svg", b"<?xml")):
        return f"SVG is not supported: export it as a PNG picture; {SUPPORTED}"
    if head[4:8] == b"ftyp":
        return f"HEIC and AVIF pictures and videos are not supported: save it as a JPEG; {SUPPORTED}"
    return f"it is no picture; {SUPPORTED}"
