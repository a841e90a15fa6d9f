"""64-bit integers that survive a reader in which every number is a double."""

from __future__ import annotations

from typing import Any

from .codec import Codec, Definitions, Schema
from .mismatch import Mismatch, expected

#: The largest integer that every double, and so every JSON reader, holds exactly.
SAFE = 2**53 - 1
_LEAST, _MOST = -(2**63), 2**63 - 1


class Int64(int):
    """An integer that may lie beyond ±(2^53 − 1). It travels as a string, with the format `int64`."""


class Int64Codec(Codec):
    what = "a string of decimal digits (int64)"

    def schema(self, definitions: Definitions) -> Schema:
        return {"type": "string", "format": "int64"}

    def decode(self, value: object) -> Int64:
        # int() alone takes more: blanks, underscores, digits of other scripts.
        if not isinstance(value, str) or not value.isascii() or not value.removeprefix("-").isdigit():
            raise expected(self.what, value)
        if len(value) > 20 or not _LEAST <= int(value) <= _MOST:
            raise Mismatch("expected 64 bits at most")
        return Int64(value)

    def encode(self, value: object) -> Any:
        if not isinstance(value, int) or isinstance(value, bool) or not _LEAST <= value <= _MOST:
            raise expected("an integer of 64 bits at most", value)
        return str(int(value))
