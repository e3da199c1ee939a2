"""Where pictures are kept: JPEG files made anew from what came in, so that nothing of it (EXIF, tails) remains."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

from server.errors import NotFound
from server.pictures.intake import MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS, made_anew

__all__ = ["MAX_PICTURE_BYTES", "MAX_PICTURE_PIXELS", "PictureStore"]

_NAME = re.compile(r"[0-9a-f]{64}")


class PictureStore:
    """Pictures in a folder, by content hash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, raw: bytes) -> str:
        """Keeps a picture (JPEG, PNG or WebP; 5 MB, 25 megapixels) and answers its SHA-256.

        Raises what `made_anew` raises: subclasses of `TooLarge` and `Unprocessable`. The kept bytes are new ones: in a
        box of 720 by 960 pixels, upright, no EXIF. Blocks for about 0.2 s: not inside a transaction.
        """
        kept = made_anew(raw)
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
