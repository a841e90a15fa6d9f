"""Values without a declared type."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from typing import Any

from .codec import Codec, Definitions, Schema
from .int64 import Int64
from .mismatch import Mismatch, expected


class AnyCodec(Codec):
    """Params arrive as the json module reads them; what leaves may have dataclasses in it."""

    what = "a value"

    def schema(self, definitions: Definitions) -> Schema:
        return {}

    def decode(self, value: object) -> Any:
        return value

    def encode(self, value: object) -> Any:
        return to_json(value)


def to_json(value: object) -> Any:
    """What the json module takes, out of what a plugin has.

    Raises `Mismatch` for what has no JSON form, sets and bytes among it.
    """
    if isinstance(value, Enum):
        return to_json(value.value)
    if isinstance(value, Int64):
        return str(int(value))
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {_name(key): _member(key, each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_member(index, each) for index, each in enumerate(value)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        from .typed import codec_of

        return codec_of(type(value)).encode(value)
    raise expected("a value that has a JSON form", value)


def _name(key: object) -> str:
    if not isinstance(key, str):
        raise Mismatch(f"the names of an object are strings, not {key!r}")
    return key


def _member(name: Any, value: object) -> Any:
    try:
        return to_json(value)
    except Mismatch as mismatch:
        raise mismatch.within(name)
