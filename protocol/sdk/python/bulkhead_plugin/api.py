"""What a plugin offers under one name and version."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, overload

from .method import Action, Event, Method

Function = TypeVar("Function", bound=Callable[..., Any])


class Api:
    """Made by `Plugin.api`. A handler keeps its place in the module: the decorators return it as it is."""

    def __init__(self, name: str, version: str) -> None:
        assert_id("api", name)
        self.name = name
        self.version = version
        self.methods: dict[str, Method] = {}
        self.events: dict[str, Event] = {}
        self._actions: dict[str, Action] = {}

    @overload
    def method(self, function: Function, /) -> Function: ...
    @overload
    def method(
        self,
        *,
        name: str | None = None,
        description: str | None = None,
        idempotent: bool = False,
        errors: Mapping[str, str] | None = None,
        item: Any = None,
        progress: Any = None,
    ) -> Callable[[Function], Function]: ...
    def method(
        self,
        function: Any = None,
        *,
        name: str | None = None,
        description: str | None = None,
        idempotent: bool = False,
        errors: Mapping[str, str] | None = None,
        item: Any = None,
        progress: Any = None,
    ) -> Any:
        """Adds a method: `@api.method`, or `@api.method(idempotent=True)`.

        The function takes the call, and the members of the params by name; a default makes one optional. Its name and
        the first paragraph of its docstring describe it, and its type hints become JSON Schemas. It runs in a thread of
        its own, at the same time as other calls.

        `errors` says which errors to expect: code -> description. `item` is the type of what the method streams with
        `call.send`. `progress` is the type of its progress, where that is not message, done and total.

        Raises `TypeError` for a type without a JSON Schema, `ValueError` for a name that is wrong or taken.
        """

        def add(function: Function) -> Function:
            method = Method(
                self._new_name(name or function.__name__),
                function,
                description=description,
                idempotent=idempotent,
                errors=errors or {},
                item=item,
                progress=progress,
            )
            self.methods[method.name] = method
            return function

        return add if function is None else add(function)

    @overload
    def event(self, function: Function, /) -> Function: ...
    @overload
    def event(self, *, name: str | None = None, description: str | None = None) -> Callable[[Function], Function]: ...
    def event(
        self,
        function: Any = None,
        *,
        name: str | None = None,
        description: str | None = None,
    ) -> Any:
        """Adds an event that the plugin wants to be told: like a method, but what the function returns is ignored.

        The events of one kind come one at a time and in order. It has five seconds.
        """

        def add(function: Function) -> Function:
            event = Event(self._new_name(name or function.__name__), function, description)
            self.events[event.name] = event
            return function

        return add if function is None else add(function)

    def action(
        self, id: str, *, method: str | None = None, description: str | None = None, key: str | None = None
    ) -> None:
        """Adds what a person may start from a menu or with a key, such as `ctrl+t`. Its method has the same name unless
        told otherwise."""
        _assert_member_name(id)
        if id in self._actions:
            raise ValueError(f"the api {self.name} has two actions {id!r}")
        self._actions[id] = Action(id, method or id, description, key)

    def describe(self) -> dict[str, Any]:
        """Raises `ValueError` for an action without its method."""
        for action in self._actions.values():
            if action.method not in self.methods:
                raise ValueError(f"the action {action.id!r} names no method of {self.name}: {action.method!r}")
        described: dict[str, Any] = {"name": self.name, "version": self.version}
        described["methods"] = [method.describe() for method in self.methods.values()]
        if self.events:
            described["events"] = [event.describe() for event in self.events.values()]
        if self._actions:
            described["actions"] = [action.describe() for action in self._actions.values()]
        return described

    def _new_name(self, name: str) -> str:
        _assert_member_name(name)
        if name in self.methods or name in self.events:
            raise ValueError(f"the api {self.name} has {name!r} already")
        return name


def assert_id(of: str, name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,63}", name):
        raise ValueError(f"{name!r} is no {of} name: those are like [a-z][a-z0-9-]*")


def _assert_member_name(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,63}", name):
        raise ValueError(
            f"{name!r} is no name of a method, an event or an action: those are like [A-Za-z][A-Za-z0-9_-]*"
        )
