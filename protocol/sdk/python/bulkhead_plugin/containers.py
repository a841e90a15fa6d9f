"""Lists, tuples, dictionaries, and one type out of several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .codec import Codec, Definitions, Schema
from .mismatch import Mismatch, expected


class ListCodec(Codec):
    what = "a list"

    def __init__(self, element: Codec, build: Callable[[list[Any]], Any] = list) -> None:
        self._element = element
        self._build = build

    def schema(self, definitions: Definitions) -> Schema:
        return {"type": "array", "items": self._element.schema(definitions)}

    def decode(self, value: object) -> Any:
        if not isinstance(value, list):
            raise expected(self.what, value)
        return self._build(_each(self._element.decode, value))

    def encode(self, value: object) -> list[Any]:
        if not isinstance(value, Sequence) or isinstance(value, (str, bytes, bytearray)):
            raise expected(self.what, value)
        return _each(self._element.encode, value)


class TupleCodec(Codec):
    """Of a fixed length, with a type for each place."""

    def __init__(self, elements: Sequence[Codec]) -> None:
        self._elements = elements
        self.what = f"a list of {len(elements)}"

    def schema(self, definitions: Definitions) -> Schema:
        length = len(self._elements)
        places = [element.schema(definitions) for element in self._elements]
        schema: Schema = {"type": "array", "minItems": length, "maxItems": length}
        return {**schema, "prefixItems": places} if places else schema

    def decode(self, value: object) -> tuple[Any, ...]:
        return tuple(self._convert(value, "decode"))

    def encode(self, value: object) -> list[Any]:
        return self._convert(value, "encode")

    def _convert(self, value: object, direction: str) -> list[Any]:
        if not isinstance(value, (list, tuple)) or len(value) != len(self._elements):
            raise expected(self.what, value)
        converted = []
        for index, (element, each) in enumerate(zip(self._elements, value, strict=True)):
            try:
                converted.append(getattr(element, direction)(each))
            except Mismatch as mismatch:
                raise mismatch.within(index)
        return converted


class DictCodec(Codec):
    what = "an object"

    def __init__(self, value: Codec) -> None:
        self._value = value

    def schema(self, definitions: Definitions) -> Schema:
        values = self._value.schema(definitions)
        return {"type": "object", "additionalProperties": values} if values else {"type": "object"}

    def decode(self, value: object) -> dict[str, Any]:
        return self._convert(value, self._value.decode)

    def encode(self, value: object) -> dict[str, Any]:
        return self._convert(value, self._value.encode)

    def _convert(self, value: object, convert: Callable[[object], Any]) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise expected(self.what, value)
        converted = {}
        for key, each in value.items():
            # json.dumps would turn 1 and None into names of its own choice.
            if not isinstance(key, str):
                raise Mismatch(f"the names of an object are strings, not {key!r}")
            try:
                converted[key] = convert(each)
            except Mismatch as mismatch:
                raise mismatch.within(key)
        return converted


class UnionCodec(Codec):
    """The first of its types that takes a value has it."""

    def __init__(self, choices: Sequence[Codec]) -> None:
        self._choices = choices
        names = [choice.what for choice in choices]
        self.what = " or ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} or {names[-1]}"

    def schema(self, definitions: Definitions) -> Schema:
        schemas = [choice.schema(definitions) for choice in self._choices]
        if {} in schemas:
            return {}
        if all(schema.keys() == {"type"} and isinstance(schema["type"], str) for schema in schemas):
            return {"type": list(dict.fromkeys(schema["type"] for schema in schemas))}
        return {"anyOf": schemas}

    def decode(self, value: object) -> Any:
        return self._convert(value, "decode")

    def encode(self, value: object) -> Any:
        return self._convert(value, "encode")

    def _convert(self, value: object, direction: str) -> Any:
        deepest: Mismatch | None = None
        for choice in self._choices:
            try:
                return getattr(choice, direction)(value)
            except Mismatch as mismatch:
                if mismatch.depth > (deepest.depth if deepest else 0):
                    deepest = mismatch
        # The type that the value fits furthest into is the one that was meant.
        raise deepest or expected(self.what, value)


def _each(convert: Callable[[object], Any], values: Sequence[object]) -> list[Any]:
    converted = []
    for index, each in enumerate(values):
        try:
            converted.append(convert(each))
        except Mismatch as mismatch:
            raise mismatch.within(index)
    return converted
