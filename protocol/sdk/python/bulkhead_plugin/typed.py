"""From type hints to codecs."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from .anything import AnyCodec
from .codec import Codec, Definitions, Schema
from .containers import DictCodec, ListCodec, TupleCodec, UnionCodec
from .int64 import Int64, Int64Codec
from .records import DataclassCodec, Member, RecordCodec, wire_name
from .scalars import BoolCodec, ChoiceCodec, FloatCodec, IntCodec, NullCodec, StrCodec

_PLAIN: dict[Any, Codec] = {
    Any: AnyCodec(),
    object: AnyCodec(),
    None: NullCodec(),
    type(None): NullCodec(),
    bool: BoolCodec(),
    int: IntCodec(),
    float: FloatCodec(),
    str: StrCodec(),
    Int64: Int64Codec(),
}
_LISTS = (list, Sequence)
_DICTS = (dict, Mapping)

#: One codec for each class: that is how a class is known again inside itself.
_records: dict[type, Codec] = {}


class Secret:
    """`Annotated[str, secret]`: a member of the configuration that is not to be shown."""


secret = Secret()


class AnnotatedCodec(Codec):
    """`Annotated[int, "How far."]`: the text is the description."""

    def __init__(self, inner: Codec, notes: Sequence[object]) -> None:
        self._inner = inner
        self._notes: Schema = {}
        for note in notes:
            if isinstance(note, str):
                self._notes["description"] = note
            elif isinstance(note, Secret):
                self._notes["writeOnly"] = True
        self.what = inner.what

    def schema(self, definitions: Definitions) -> Schema:
        return {**self._inner.schema(definitions), **self._notes}

    def decode(self, value: object) -> Any:
        return self._inner.decode(value)

    def encode(self, value: object) -> Any:
        return self._inner.encode(value)


def codec_of(hint: Any) -> Codec:
    """Raises `TypeError` for a type that has no JSON Schema."""
    if _is_one_of(hint, _PLAIN):
        return _PLAIN[hint]
    if hasattr(hint, "__supertype__"):
        return codec_of(hint.__supertype__)
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return AnnotatedCodec(codec_of(args[0]), args[1:])
    if origin is Literal:
        return ChoiceCodec([(value, value) for value in args])
    if origin is Union or origin is types.UnionType:
        return UnionCodec([codec_of(each) for each in args])
    if _is_one_of(hint, _LISTS) or origin in _LISTS:
        return ListCodec(codec_of(args[0]) if args else AnyCodec())
    if _is_one_of(hint, _DICTS) or origin in _DICTS:
        if args and args[0] is not str:
            raise TypeError(f"{hint}: the names of an object are strings")
        return DictCodec(codec_of(args[1]) if args else AnyCodec())
    if hint is tuple or origin is tuple:
        return _tuple_codec(args)
    if isinstance(hint, type):
        return _class_codec(hint)
    raise TypeError(f"{hint!r} has no JSON Schema")


def _is_one_of(hint: Any, types: Iterable[Any]) -> bool:
    # Not `in`: a hint with a list among its notes has no hash.
    return any(hint is each for each in types)


def _tuple_codec(args: tuple[Any, ...]) -> Codec:
    if not args:
        return ListCodec(AnyCodec(), tuple)
    if len(args) == 2 and args[1] is Ellipsis:
        return ListCodec(codec_of(args[0]), tuple)
    return TupleCodec([codec_of(each) for each in args if each != ()])


def _class_codec(kind: type) -> Codec:
    if issubclass(kind, Enum):
        return ChoiceCodec([(member.value, member) for member in kind])
    if kind not in _records:
        if typing.is_typeddict(kind):
            _records[kind] = RecordCodec(kind.__name__, lambda: _keys_of(kind))
        elif dataclasses.is_dataclass(kind):
            _records[kind] = DataclassCodec(kind, lambda: _fields_of(kind))
        else:
            raise TypeError(f"{kind!r} has no JSON Schema")
    return _records[kind]


def _fields_of(kind: type) -> list[Member]:
    hints = get_type_hints(kind, include_extras=True)
    members = []
    for field in dataclasses.fields(kind):
        default: Callable[[], Any] | None = None
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory
        elif field.default is not dataclasses.MISSING:
            default = _constant(field.default)
        required = default is None and field.init
        members.append(
            Member(field.name, wire_name(field.name), codec_of(hints[field.name]), default, required, field.init)
        )
    return members


def _keys_of(kind: Any) -> list[Member]:
    # In Python 3.10 Required and NotRequired come from typing_extensions, which are not ours to have.
    markers = [getattr(typing, name) for name in ("Required", "NotRequired", "ReadOnly") if hasattr(typing, name)]
    members = []
    for name, hint in get_type_hints(kind, include_extras=True).items():
        required = name in kind.__required_keys__
        while get_origin(hint) in markers:
            # Where annotations are strings, the class itself could not see the markers.
            if get_origin(hint) is not getattr(typing, "ReadOnly", None):
                required = get_origin(hint) is getattr(typing, "Required", None)
            hint = get_args(hint)[0]
        members.append(Member(name, name, codec_of(hint), None, required))
    return members


def parameters_of(handler: Callable[..., Any]) -> RecordCodec:
    """The parameters after the first one, which is the call."""
    hints = get_type_hints(handler, include_extras=True)
    parameters = list(inspect.signature(handler).parameters.values())
    if not parameters or parameters[0].kind not in (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    ):
        raise TypeError("a handler's first parameter is the call")
    members = []
    for parameter in parameters[1:]:
        if parameter.kind not in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY):
            raise TypeError(f"{parameter}: each member of the params is a parameter with a name")
        try:
            codec = codec_of(hints.get(parameter.name, Any))
        except TypeError as error:
            raise TypeError(f"the parameter {parameter.name}: {error}") from None
        required = parameter.default is inspect.Parameter.empty
        default = None if required else _constant(parameter.default)
        members.append(Member(parameter.name, wire_name(parameter.name), codec, default, required))
    return RecordCodec("Params", lambda: members)


def result_of(handler: Callable[..., Any]) -> Codec:
    """Anything, for a handler that does not say what it returns."""
    try:
        return codec_of(get_type_hints(handler, include_extras=True).get("return", Any))
    except TypeError as error:
        raise TypeError(f"the result: {error}") from None


def _constant(value: Any) -> Callable[[], Any]:
    return lambda: value
