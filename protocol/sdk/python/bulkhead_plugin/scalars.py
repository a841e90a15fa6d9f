"""null, booleans, numbers, strings, and fixed sets of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum
from typing import Any

from .codec import Codec, Definitions, Schema
from .int64 import SAFE
from .mismatch import Mismatch, expected, shown


class NullCodec(Codec):
    what = "null"

    def schema(self, definitions: Definitions) -> Schema:
        return {"type": "null"}

    def decode(self, value: object) -> None:
        if value is not None:
            raise expected(self.what, value)

    encode = decode


class BoolCodec(Codec):
    what = "true or false"

    def schema(self, definitions: Definitions) -> Schema:
        return {"type": "boolean"}

    def decode(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise expected(self.what, value)
        return value

    encode = decode


class IntCodec(Codec):
    what = "an integer"

    def schema(self, definitions: Definitions) -> Schema:
        return {"type": "integer"}

    def decode(self, value: object) -> int:
        # To JSON Schema 2.0 is an integer as well.
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return self.encode(value)

    def encode(self, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise expected(self.what, value)
        if not -SAFE <= value <= SAFE:
            raise Mismatch("an integer beyond ±(2^53 − 1) travels as a string: its type is Int64")
        return int(value)


class FloatCodec(Codec):
    what = "a number"

    def schema(self, definitions: Definitions) -> Schema:
        return {"type": "number"}

    def decode(self, value: object) -> float:
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise expected(self.what, value)
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise Mismatch("expected a finite number")
        return number

    encode = decode


class StrCodec(Codec):
    what = "a string"

    def schema(self, definitions: Definitions) -> Schema:
        return {"type": "string"}

    def decode(self, value: object) -> str:
        if not isinstance(value, str):
            raise expected(self.what, value)
        return value

    encode = decode


_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


class ChoiceCodec(Codec):
    """`Literal["a", "b"]`, and classes of `Enum`: `values` maps what travels to what the plugin sees."""

    def __init__(self, choices: Sequence[tuple[Any, Any]]) -> None:
        self._choices = choices
        for wire, _ in choices:
            if type(wire) not in _TYPES:
                raise TypeError(f"{wire!r} is no JSON value that can be chosen")
        self.what = "one of " + ", ".join(shown(wire) for wire, _ in choices)

    def schema(self, definitions: Definitions) -> Schema:
        wires = [wire for wire, _ in self._choices]
        types = {_TYPES[type(wire)] for wire in wires}
        return {"type": types.pop(), "enum": wires} if len(types) == 1 else {"enum": wires}

    def decode(self, value: object) -> Any:
        for wire, member in self._choices:
            # True == 1 in Python, but not in JSON.
            if wire == value and type(wire) is type(value):
                return member
        raise expected(self.what, value)

    def encode(self, value: object) -> Any:
        for wire, member in self._choices:
            if member is value or (member == value and type(member) is type(value)):
                return wire
        raise expected(self.what, value.value if isinstance(value, Enum) else value)
