"""Reading a reader's, relay's or barrier's TOML table key by key, with errors a person can act on.

A driver takes the keys it knows from a Table and then calls `end()`, which refuses what is left over.
"""

from collections.abc import Mapping, Sequence

from hardware.errors import ReaderConfigError

__all__ = ["Table"]


class Table:
    """One table of a reader, relay or barrier. Every method raises ReaderConfigError on a wrong value."""

    def __init__(self, values: Mapping[str, object], *, kind: str = "reader") -> None:
        self._values = dict(values)
        self._known: list[str] = []
        self._kind = kind
        self._label = kind
        name = self.text("name")
        self._label = f'{kind} "{name}"'
        self.name = name

    def text(self, key: str, default: str | None = None) -> str:
        """A non-empty string."""
        value = self._take(key, default)
        if not isinstance(value, str) or not value:
            raise self.error(key, f'must be a text in quotes, such as {key} = "{default or "front"}"', value)
        return value

    def choice(self, key: str, options: Sequence[str], default: str | None = None) -> str:
        """One of the texts in `options`."""
        value = self._take(key, default)
        if not isinstance(value, str) or value not in options:
            raise self.error(key, f"must be one of {_quoted(options)}", value)
        return value

    def integer(self, key: str, default: int | None = None, *, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.error(key, f"must be a whole number from {low} to {high}", value)
        return value

    def number(self, key: str, default: float | None = None, *, low: float, high: float) -> float:
        """A number from `low` to `high`."""
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.error(key, f"must be a number from {low:g} to {high:g}", value)
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        """true or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self.error(key, "must be true or false, without quotes", value)
        return value

    def texts(self, key: str, default: Sequence[str]) -> tuple[str, ...]:
        """A non-empty list of texts."""
        value = self._take(key, tuple(default))
        if not isinstance(value, list | tuple) or not value or not all(isinstance(one, str) for one in value):
            raise self.error(key, f"must be a list of texts, such as [{_quoted(default)}]", value)
        return tuple(value)

    def raw(self, key: str, default: object = None) -> object:
        """The value as it stands, for a key with rules of its own."""
        return self._take(key, default)

    def has(self, key: str) -> bool:
        """Whether the table holds the key."""
        return key in self._values

    def end(self) -> None:
        """Refuse every key that no driver asked for."""
        for key in self._values:
            if key not in self._known:
                allowed = ", ".join(sorted(self._known))
                raise ReaderConfigError(f'{self._label}: unknown key "{key}"; allowed here: {allowed}')

    def error(self, key: str, rule: str, value: object) -> ReaderConfigError:
        """The error for a wrong value of `key`; `rule` says what to write instead."""
        if value is None:
            return ReaderConfigError(f'{self._label}: the key "{key}" is missing; it {rule}')
        shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "..."
        return ReaderConfigError(f'{self._label}: "{key}" {rule}, not {shown}')

    def _take(self, key: str, default: object) -> object:
        self._known.append(key)
        return self._values.get(key, default)


def _quoted(options: Sequence[str]) -> str:
    return ", ".join(f'"{option}"' for option in options)
