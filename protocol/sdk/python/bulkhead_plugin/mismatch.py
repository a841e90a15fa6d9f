"""Where a value differs from its type."""

from __future__ import annotations

import json

_SHOWN = 60


class Mismatch(ValueError):
    """A value that is not of its type. The path grows from the inside out, while the exception rises."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text
        self._tokens: list[str] = []

    def within(self, member: str | int) -> Mismatch:
        self._tokens.insert(0, str(member))
        return self

    @property
    def depth(self) -> int:
        return len(self._tokens)

    @property
    def path(self) -> str:
        """JSON pointer (RFC 6901) to the value."""
        return "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in self._tokens)

    def __str__(self) -> str:
        return f"{self.path}: {self.text}" if self._tokens else self.text


def expected(what: str, value: object) -> Mismatch:
    return Mismatch(f"expected {what}, found {shown(value)}")


def shown(value: object) -> str:
    """Short enough for an error message."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "a list"
    if value is None or isinstance(value, (bool, int, float, str)):
        text = json.dumps(value, ensure_ascii=False)
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return f"a value of the type {type(value).__name__}"
