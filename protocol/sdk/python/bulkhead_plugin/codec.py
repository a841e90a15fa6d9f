"""What one Python type is on the wire."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

Schema = dict[str, Any]


class Codec(ABC):
    """A type's JSON Schema, and the way of its values from JSON and to it. Both raise `Mismatch`."""

    #: For error messages: "an integer".
    what: str

    @abstractmethod
    def schema(self, definitions: Definitions) -> Schema: ...

    @abstractmethod
    def decode(self, value: object) -> Any: ...

    @abstractmethod
    def encode(self, value: object) -> Any: ...


class Definitions:
    """The `$defs` of one schema: only types that contain themselves need a name."""

    def __init__(self) -> None:
        self.named: dict[str, Schema] = {}
        self.open: list[Codec] = []
        self._names: dict[int, str] = {}

    def name(self, codec: Codec, wish: str) -> str:
        if id(codec) not in self._names:
            name, taken = wish, set(self._names.values())
            while name in taken:
                name += "_"
            self._names[id(codec)] = name
        return self._names[id(codec)]

    def is_recursive(self, codec: Codec) -> bool:
        return id(codec) in self._names


def schema_of(codec: Codec) -> Schema:
    """JSON Schema, draft 2020-12."""
    definitions = Definitions()
    schema = codec.schema(definitions)
    return {**schema, "$defs": definitions.named} if definitions.named else schema
