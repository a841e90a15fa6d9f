"""The plugin's configuration: a dataclass or a typed dictionary."""

from __future__ import annotations

from typing import Any

from .codec import Schema, schema_of
from .error import CONFIG_INVALID, Failure
from .mismatch import Mismatch
from .typed import codec_of


class ConfigType:
    """Raises `TypeError` for a type that can not be one. Source: protocol/README.md, "initialize", `config`."""

    def __init__(self, kind: Any) -> None:
        self._codec = codec_of(kind)
        schema = schema_of(self._codec)
        if "properties" not in schema:
            raise TypeError(f"{kind!r} has no members to configure")
        required = schema.get("required", [])
        properties = {name: _property(name, each, required) for name, each in schema["properties"].items()}
        self.schema: Schema = {**schema, "properties": properties}

    def decode(self, value: Any) -> Any:
        try:
            return self._codec.decode(value)
        except Mismatch as mismatch:
            raise Failure.of(CONFIG_INVALID, "config_invalid", str(mismatch), path=mismatch.path) from None


def _property(name: str, schema: Schema, required: list[str]) -> Schema:
    kind = schema.get("type")
    # An optional member without a value is left out of a configuration file: TOML has no null.
    if name not in required and isinstance(kind, list) and len(kind) == 2 and "null" in kind:
        kind = next(each for each in kind if each != "null")
        schema = {**schema, "type": kind}
    if name not in required and "anyOf" in schema and {"type": "null"} in schema["anyOf"]:
        others = [each for each in schema["anyOf"] if each != {"type": "null"}]
        if len(others) == 1:
            rest = {name: value for name, value in schema.items() if name != "anyOf"}
            schema = {**others[0], **rest}
            kind = schema.get("type")
    texts = kind == "array" and schema.get("items") == {"type": "string"}
    if kind not in ("string", "integer", "boolean") and not texts:
        raise TypeError(f"{name}: a configuration consists of str, int, bool, list[str] and Literal of strings")
    if "enum" in schema and kind != "string":
        raise TypeError(f"{name}: only strings can be chosen from")
    return schema
