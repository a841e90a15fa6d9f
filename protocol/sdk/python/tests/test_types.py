"""Type hints as JSON Schemas, and values on their way in and out."""

import unittest
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NewType, Optional, TypedDict, Union

from bulkhead_plugin import Int64, Plugin
from bulkhead_plugin.codec import schema_of
from bulkhead_plugin.mismatch import Mismatch
from bulkhead_plugin.typed import codec_of

UserId = NewType("UserId", int)


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Mood(Enum):
    GOOD = "good"


@dataclass
class Point:
    x: int
    y: int = 0
    tags: list[str] = field(default_factory=list)


class Named(TypedDict):
    name: str


class Person(Named, total=False):
    age: int


@dataclass
class Tree:
    left: "Tree | None"
    right: "Tree | None"


POINT = {
    "type": "object",
    "properties": {
        "x": {"type": "integer"},
        "y": {"type": "integer", "default": 0},
        "tags": {"type": "array", "items": {"type": "string"}, "default": []},
    },
    "required": ["x"],
}


class Types(unittest.TestCase):
    def test_a_hint_has_a_schema(self):
        for hint, schema in [
            (Any, {}),
            (None, {"type": "null"}),
            (bool, {"type": "boolean"}),
            (int, {"type": "integer"}),
            (float, {"type": "number"}),
            (str, {"type": "string"}),
            (UserId, {"type": "integer"}),
            (Int64, {"type": "string", "format": "int64"}),
            (list, {"type": "array", "items": {}}),
            (Sequence[int], {"type": "array", "items": {"type": "integer"}}),
            (tuple[str, ...], {"type": "array", "items": {"type": "string"}}),
            (tuple[int], {"type": "array", "minItems": 1, "maxItems": 1, "prefixItems": [{"type": "integer"}]}),
            (dict, {"type": "object"}),
            (dict[str, Any], {"type": "object"}),
            (Mapping[str, bool], {"type": "object", "additionalProperties": {"type": "boolean"}}),
            (Optional[str], {"type": ["string", "null"]}),
            (int | str, {"type": ["integer", "string"]}),
            (Union[Int64, None], {"anyOf": [{"type": "string", "format": "int64"}, {"type": "null"}]}),
            (Any | None if hasattr(Any, "__or__") else Optional[Any], {}),
            (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
            (Literal[1, "b"], {"enum": [1, "b"]}),
            (Mood, {"type": "string", "enum": ["good"]}),
            (Annotated[int, "How far.", []], {"type": "integer", "description": "How far."}),
            (Point, POINT),
            (
                Person,
                {
                    "type": "object",
                    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
                    "required": ["name"],
                },
            ),
        ]:
            with self.subTest(hint=hint):
                self.assertEqual(schema_of(codec_of(hint)), schema)

    def test_a_type_that_contains_itself_has_a_definition(self):
        branch = {"anyOf": [{"$ref": "#/$defs/Tree"}, {"type": "null"}]}
        tree = {"type": "object", "properties": {"left": branch, "right": branch}, "required": ["left", "right"]}
        self.assertEqual(schema_of(codec_of(Tree)), {"$ref": "#/$defs/Tree", "$defs": {"Tree": tree}})

    def test_what_has_no_schema_is_refused(self):
        for hint in (set, bytes, dict[int, str], list[bytes], complex, Plugin):
            with self.subTest(hint=hint), self.assertRaises(TypeError):
                schema_of(codec_of(hint))

    def test_values_come_in_and_go_out(self):
        for hint, wire, value in [
            (float, 1, 1.0),
            (int, 2.0, 2),
            (tuple[int, str], [1, "a"], (1, "a")),
            (tuple[int, ...], [1, 2], (1, 2)),
            (Level, 2, Level.HIGH),
            (Optional[Point], None, None),
            (Union[int, Point], {"x": 1, "y": 2, "tags": []}, Point(1, 2)),
            (Person, {"name": "a"}, {"name": "a"}),
            (dict[str, Point], {"a": {"x": 1, "y": 0, "tags": ["t"]}}, {"a": Point(1, tags=["t"])}),
            (Int64, "-9223372036854775808", -(2**63)),
            (Literal[1, True], True, True),
        ]:
            with self.subTest(hint=hint):
                codec = codec_of(hint)
                decoded = codec.decode(wire)
                self.assertEqual(decoded, value)
                self.assertIs(type(decoded), type(value) if hint is not Int64 else Int64)
                self.assertEqual(codec.encode(decoded), wire)

    def test_a_default_is_new_for_each_value(self):
        one, other = codec_of(Point).decode({"x": 1}), codec_of(Point).decode({"x": 1})
        one.tags.append("a")
        self.assertEqual(other.tags, [])

    def test_a_mismatch_has_the_path_to_the_value(self):
        for hint, wire, path, text in [
            (int, True, "", "expected an integer, found true"),
            (int, 1.5, "", "expected an integer, found 1.5"),
            (int, 2**53, "", "an integer beyond ±(2^53 − 1) travels as a string: its type is Int64"),
            (float, 10**400, "", "expected a finite number"),
            (str, None, "", "expected a string, found null"),
            (bool, 1, "", "expected true or false, found 1"),
            (Literal[1], True, "", "expected one of 1, found true"),
            (Point, {}, "/x", "expected an integer, found nothing"),
            (Point, [], "", "expected an object, found a list"),
            (list[Point], [{"x": 1}, {"x": 1, "tags": ["a", 5]}], "/1/tags/1", "expected a string, found 5"),
            (dict[str, int], {"a/b~c": "x" * 70}, "/a~1b~0c", f'expected an integer, found "{"x" * 59}…'),
            (Union[int, Point], {"x": "1"}, "/x", 'expected an integer, found "1"'),
            (Union[int, str, None], [], "", "expected an integer, a string or null, found a list"),
        ]:
            with self.subTest(hint=hint, wire=wire), self.assertRaises(Mismatch) as raised:
                codec_of(hint).decode(wire)
            self.assertEqual((raised.exception.path, raised.exception.text), (path, text))

    def test_a_result_is_checked_as_well(self):
        for hint, value in [
            (Point, {"x": 1}),
            (Person, {"name": "a", "other": 1}),
            (list[int], "12"),
            (float, float("nan")),
            (dict[str, int], {1: 1}),
            (Any, {"a": b""}),
            (Any, {None: 1}),
            (Int64, 2**63),
        ]:
            with self.subTest(hint=hint, value=value), self.assertRaises(Mismatch):
                codec_of(hint).encode(value)


class Declarations(unittest.TestCase):
    def test_a_mistake_is_refused_where_it_is_made(self):
        api = Plugin("a", "1.0.0").api("a", "1.0.0")

        def unsupported(call, a: set): ...
        def without_call(): ...
        def many(call, *rest): ...
        def yields(call):
            yield 1

        for function, text in [
            (unsupported, "unsupported: the parameter a: <class 'set'> has no JSON Schema"),
            (without_call, "without_call: a handler's first parameter is the call"),
            (many, "many: \\*rest: each member"),
            (yields, "yields yields: a handler sends its items with call.send"),
        ]:
            with self.subTest(text), self.assertRaisesRegex(TypeError, text):
                api.method(function)

    def test_a_name_stands_for_one_thing(self):
        plugin = Plugin("a", "1.0.0")
        api = plugin.api("a", "1.0.0")
        api.method(name="m")(lambda call: None)
        with self.assertRaisesRegex(ValueError, "has 'm' already"):
            api.event(name="m")(lambda call: None)
        with self.assertRaisesRegex(ValueError, "offered twice"):
            plugin.api("a", "1.0.0")
        for wrong in ("", "1", "a.b", "_a", "é"):
            with self.assertRaises(ValueError):
                api.method(name=wrong)(lambda call: None)
        with self.assertRaisesRegex(ValueError, "is no api name"):
            plugin.api("A", "1.0.0")

    def test_an_action_needs_its_method(self):
        plugin = Plugin("a", "1.0.0")
        plugin.api("a", "1.0.0").action("go")
        with self.assertRaisesRegex(ValueError, "names no method of a: 'go'"):
            plugin.describe()

    def test_a_configuration_is_flat(self):
        @dataclass
        class Nested:
            point: Point

        for kind in (Nested, int, dict):
            with self.assertRaises(TypeError):
                Plugin("a", "1.0.0", config=kind)

    def test_a_handler_stays_what_it_was(self):
        api = Plugin("a", "1.0.0").api("a", "1.0.0")

        @api.method
        def double(call, n: int) -> int:
            return 2 * n

        self.assertEqual(double(None, 4), 8)
