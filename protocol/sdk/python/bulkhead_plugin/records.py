"""Objects with named members: dataclasses, typed dictionaries, and the parameters of a handler."""

from __future__ import annotations

import dataclasses
import keyword
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from .codec import Codec, Definitions, Schema
from .mismatch import Mismatch, expected


@dataclasses.dataclass(frozen=True)
class Member:
    """`name` is Python's, `wire` the one that travels. `default` makes a new value for each object."""

    name: str
    wire: str
    codec: Codec
    default: Callable[[], Any] | None = None
    required: bool = True
    #: Filled in by the constructor; not read from the wire.
    read: bool = True


def wire_name(name: str) -> str:
    """`from_` is the member `from`, which Python does not let anybody call so."""
    return name[:-1] if name.endswith("_") and keyword.iskeyword(name[:-1]) else name


class RecordCodec(Codec):
    """Members are asked for late, so that a class can name itself in its own annotations."""

    what = "an object"

    def __init__(self, name: str, members: Callable[[], Sequence[Member]]) -> None:
        self._name = name
        self._find_members = members

    @cached_property
    def members(self) -> Sequence[Member]:
        return self._find_members()

    def schema(self, definitions: Definitions) -> Schema:
        if self in definitions.open:
            return {"$ref": f"#/$defs/{definitions.name(self, self._name)}"}
        definitions.open.append(self)
        schema = self._own_schema(definitions)
        definitions.open.pop()
        if not definitions.is_recursive(self):
            return schema
        name = definitions.name(self, self._name)
        definitions.named[name] = schema
        return {"$ref": f"#/$defs/{name}"}

    def _own_schema(self, definitions: Definitions) -> Schema:
        properties = {}
        for member in self.members:
            try:
                property_schema = member.codec.schema(definitions)
                properties[member.wire] = {**property_schema, **_default_of(member)}
            except TypeError as error:
                raise TypeError(f"{member.name}: {error}") from None
        schema: Schema = {"type": "object", "properties": properties}
        required = [member.wire for member in self.members if member.required]
        return {**schema, "required": required} if required else schema

    def decode(self, value: object) -> Any:
        """The members by their Python names. What nobody has described is ignored."""
        if not isinstance(value, dict):
            raise expected(self.what, value)
        decoded = {}
        for member in self.members:
            if not member.read:
                continue
            if member.wire in value:
                try:
                    decoded[member.name] = member.codec.decode(value[member.wire])
                except Mismatch as mismatch:
                    raise mismatch.within(member.wire)
            elif member.required:
                raise Mismatch(f"expected {member.codec.what}, found nothing").within(member.wire)
        return decoded

    def encode(self, value: object) -> Any:
        if not isinstance(value, Mapping):
            raise expected(self.what, value)
        known = {member.wire for member in self.members}
        for name in value:
            if name not in known:
                raise Mismatch("a member that the type does not have").within(str(name))
        return self._encode_members(value)

    def _encode_members(self, value: Mapping[str, Any]) -> dict[str, Any]:
        encoded = {}
        for member in self.members:
            if member.wire in value:
                try:
                    encoded[member.wire] = member.codec.encode(value[member.wire])
                except Mismatch as mismatch:
                    raise mismatch.within(member.wire)
            elif member.required:
                raise Mismatch(f"expected {member.codec.what}, found nothing").within(member.wire)
        return encoded


class DataclassCodec(RecordCodec):
    """A `ValueError` of `__post_init__` is a mismatch: that is the place for rules beyond types."""

    def __init__(self, kind: type, members: Callable[[], Sequence[Member]]) -> None:
        super().__init__(kind.__name__, members)
        self._kind = kind

    def decode(self, value: object) -> Any:
        decoded = super().decode(value)
        try:
            return self._kind(**decoded)
        except Mismatch:
            raise
        except ValueError as error:
            raise Mismatch(str(error)) from error

    def encode(self, value: object) -> Any:
        if not isinstance(value, self._kind):
            raise expected(f"a {self._kind.__name__}", value)
        return self._encode_members({member.wire: getattr(value, member.name) for member in self.members})


def _default_of(member: Member) -> Schema:
    """A default of null says no more than that the member may be left out."""
    if member.default is None:
        return {}
    try:
        default = member.codec.encode(member.default())
    except Mismatch:
        return {}
    return {} if default is None else {"default": default}
