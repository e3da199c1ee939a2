"""Where pictures are kept: JPEG files made here from what came in, so that nothing of it (EXIF, tails) remains."""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import warnings
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from server.errors import NotFound, TooLarge, Unprocessable

__all__ = ["MAX_PICTURE_BYTES", "MAX_PICTURE_PIXELS", "PictureStore"]

MAX_PICTURE_BYTES = 5 * 1024 * 1024
MAX_PICTURE_PIXELS = 25_000_000
_LONGEST_SIDE = 800
_FORMATS = ("JPEG", "PNG", "WEBP")
_NAME = re.compile(r"[0-9a-f]{64}")


class PictureStore:
    """Pictures in a folder, by content hash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, raw: bytes) -> str:
        """Keeps a picture (JPEG, PNG or WebP; 5 MB, 25 megapixels) and answers its SHA-256.

        Raises `TooLarge` or `Unprocessable`. The kept bytes are new ones: at most 800 pixels a side, upright, no EXIF.
        """
        if len(raw) > MAX_PICTURE_BYTES:
            raise TooLarge(f"a picture has at most {MAX_PICTURE_BYTES} bytes")
        kept = _made_anew(raw)
        sha256 = hashlib.sha256(kept).hexdigest()
        path = self._place(sha256)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{sha256}.{secrets.token_hex(4)}")
            with draft.open("wb") as file:
                file.write(kept)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(path)
        return sha256

    def path(self, sha256: str) -> Path:
        """The file of a picture. Raises `NotFound`."""
        if not _NAME.fullmatch(sha256) or not self._place(sha256).is_file():
            raise NotFound("no such picture")
        return self._place(sha256)

    def _place(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / f"{sha256}.jpg"


def _made_anew(raw: bytes) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(raw), formats=_FORMATS) as opened:
                if opened.width * opened.height > MAX_PICTURE_PIXELS:
                    raise TooLarge(f"a picture has at most {MAX_PICTURE_PIXELS // 1_000_000} megapixels")
                opened.draft("RGB", (2 * _LONGEST_SIDE, 2 * _LONGEST_SIDE))
                upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError) as error:
        raise Unprocessable(f"not a picture: {type(error).__name__}") from error
    upright.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    clean = Image.new("RGB", upright.size)
    clean.paste(upright)
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()
