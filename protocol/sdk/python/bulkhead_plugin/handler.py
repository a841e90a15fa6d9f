"""A function of the plugin's author, as the session calls it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import Any

from .call import Call
from .codec import Codec, Schema, schema_of
from .error import INVALID_PARAMS, Cancelled, Failure
from .mismatch import Mismatch
from .typed import parameters_of, result_of


class Handler:
    """Raises `TypeError` for a function that can not be one."""

    def __init__(self, function: Callable[..., Any]) -> None:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"{function.__name__} yields: a handler sends its items with call.send")
        self._function = function
        self._is_async = inspect.iscoroutinefunction(function)
        try:
            self._params = parameters_of(function)
            self.params_schema: Schema = schema_of(self._params)
            self.result: Codec = result_of(function)
        except (TypeError, NameError) as error:
            raise TypeError(f"{function.__name__}: {error}") from None

    def __call__(self, call: Call, params: Any) -> Any:
        try:
            arguments = self._params.decode(params)
        except Mismatch as mismatch:
            raise Failure.of(INVALID_PARAMS, "invalid_params", str(mismatch), path=mismatch.path) from None
        returned = self._function(call, **arguments)
        return _complete(call, returned) if self._is_async else returned


def description_of(function: Callable[..., Any]) -> str | None:
    """The first paragraph of its docstring, in one line."""
    text = inspect.getdoc(function)
    return " ".join(text.split("\n\n")[0].split()) if text else None


def _complete(call: Call, coroutine: Coroutine[Any, Any, Any]) -> Any:
    """An event loop for each call: coroutines of different calls never share one."""
    # Loaded late: it would double the time that a plugin needs to start.
    import asyncio

    async def main() -> Any:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None
        forget = call.on_cancel(lambda: loop.call_soon_threadsafe(task.cancel))
        try:
            return await coroutine
        finally:
            forget()

    try:
        return asyncio.run(main())
    except asyncio.CancelledError:
        raise Cancelled from None
