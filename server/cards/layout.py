"""How an organization's cards look: what a `CardTemplate.layout` holds. Data only; drawn by `server.cards.drawing`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

__all__ = ["MAX_BACK", "CardCode", "CardLanguage", "CardLayout"]

MAX_BACK: Final = 600
_Back = Annotated[str, StringConstraints(max_length=MAX_BACK)]


class CardCode(StrEnum):
    """What is printed to be scanned. `AS_ISSUED`: bars for what was issued as a barcode, a square for what as a QR."""

    AS_ISSUED = "as_issued"
    CODE_128 = "code_128"
    QR = "qr"


class CardLanguage(StrEnum):
    """The language of the words beside the name and the number."""

    EN = "en"
    FR = "fr"
    BOTH = "both"

    @property
    def codes(self) -> tuple[str, ...]:
        """The languages, in their order."""
        return ("en", "fr") if self is CardLanguage.BOTH else (self.value,)


class CardLayout(BaseModel):
    """One template. `prefix` and `digits` write the numbers that are given out: M and 6 make M000123."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: CardCode = CardCode.AS_ISSUED
    colour: Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")] = "#1b4f8a"
    language: CardLanguage = CardLanguage.BOTH
    has_picture: bool = True
    has_membership: bool = True
    back_en: _Back = ""
    back_fr: _Back = ""
    prefix: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z-]{0,8}$")] = ""
    digits: int = Field(default=6, ge=1, le=12)

    @property
    def back(self) -> tuple[str, ...]:
        """The texts of the back; none of them, and there is no back."""
        texts = {"en": self.back_en, "fr": self.back_fr}
        return tuple(text for code in self.language.codes if (text := texts[code].strip()))

    def number(self, number: int) -> str:
        """A member number as it is written, printed and scanned."""
        return f"{self.prefix}{number:0{self.digits}d}"
