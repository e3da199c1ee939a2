"""What the product says to people, in English and French: reasons, statuses, passes, dates and times.

The door's screens and the centre's Account activity use the same words, made from codes, never from errors.
Nothing here raises for an odd code or a missing detail: somebody is standing at the door.
"""

from access.words.catalog import LANGUAGES, ReasonWords, Words, words
from access.words.phrase import Phrase

__all__ = ["LANGUAGES", "Phrase", "ReasonWords", "Words", "words"]
