"""Methods, events and actions: what an api consists of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .call import Call
from .codec import Codec, schema_of
from .error import internal_error
from .handler import Handler, description_of
from .mismatch import Mismatch
from .typed import codec_of


class Method:
    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        *,
        description: str | None,
        idempotent: bool,
        errors: Mapping[str, str],
        item: Any,
        progress: Any,
    ) -> None:
        self.name = name
        self.item: Codec | None = None if item is None else codec_of(item)
        self.progress: Codec | None = None if progress is None else codec_of(progress)
        self._handler = Handler(function)
        self._described: dict[str, Any] = {"name": name}
        tell = self._described.__setitem__
        if text := description or description_of(function):
            tell("description", text)
        tell("params", self._handler.params_schema)
        tell("result", schema_of(self._handler.result))
        if self.progress:
            tell("progress", schema_of(self.progress))
        if self.item:
            tell("item", schema_of(self.item))
        if errors:
            tell("errors", [{"code": code, "description": text} for code, text in errors.items()])
        if idempotent:
            tell("idempotent", True)

    def serve(self, call: Call, params: Any) -> Any:
        """The result as it travels."""
        result = self._handler(call, params)
        try:
            return self._handler.result.encode(result)
        except Mismatch as mismatch:
            where = f"the result{mismatch.path}"
            raise internal_error(f"{where}: {mismatch.text}", "invalid_result", path=mismatch.path) from None

    def describe(self) -> dict[str, Any]:
        return self._described


class Event:
    """Something that the plugin wants to be told."""

    item = None
    progress = None

    def __init__(self, name: str, function: Callable[..., Any], description: str | None) -> None:
        self.name = name
        self._handler = Handler(function)
        self._description = description or description_of(function)

    def serve(self, call: Call, params: Any) -> None:
        self._handler(call, params)

    def describe(self) -> dict[str, Any]:
        described = {"name": self.name, "params": self._handler.params_schema}
        return {**described, "description": self._description} if self._description else described


@dataclass(frozen=True)
class Action:
    """What a person may start from a menu or with a key."""

    id: str
    method: str
    description: str | None
    key: str | None

    def describe(self) -> dict[str, Any]:
        described = {"id": self.id, "method": self.method, "description": self.description, "key": self.key}
        return {name: value for name, value in described.items() if value is not None}
