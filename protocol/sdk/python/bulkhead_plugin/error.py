"""Why a call has no result: the exceptions of this package, and the error objects of the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
CANCELLED = -32800
INCOMPATIBLE_PROTOCOL = -32001
CONFIG_INVALID = -32002
#: Of errors that are told apart by their name alone.
NAMED = 1
#: The supervisor's alone; source: protocol/README.md, "Errors".
RESERVED = range(-31999, -31899)


class PluginError(Exception):
    """The answer to a call that fails in a foreseen way; raise it in a handler.

    `code` is a stable name, for callers to tell errors apart; it travels as `data.code`, next to what else is in
    `data`. `number` is the JSON-RPC code. The range -31999 to -31900 belongs to the supervisor: a number in it leaves
    as -32603.
    """

    def __init__(self, code: str, message: str, *, number: int = NAMED, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.number = number
        self.data = {"code": code, **(data or {})}


class InvalidParams(PluginError):
    """The params fit their types and are wrong all the same. `path` is a JSON pointer such as `/roots/0`."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__("invalid_params", message, number=INVALID_PARAMS, data={"path": path})


class ConfigInvalid(PluginError):
    """The configuration is wrong: for `on_activate` and `on_configure`. `path` is a JSON pointer."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__("config_invalid", message, number=CONFIG_INVALID, data={"path": path})


class Cancelled(BaseException):
    """The call was cancelled: clean up and let it pass. Not an `Exception`, so that handlers of those let it pass."""


class HostError(Exception):
    """The host answered with an error. `code` is its `data.code`, or `rpc_` and its number."""

    def __init__(self, number: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        named = data.get("code") if isinstance(data, dict) else None
        self.code: str = named if isinstance(named, str) else f"rpc_{number}"
        self.message = message
        self.number = number
        self.data = data

    def __str__(self) -> str:
        return f"{self.message} ({self.code})"


@dataclass(eq=False)
class Failure(Exception):
    """An error object as it travels; within this package it is raised, too."""

    number: int
    message: str
    data: Any

    @staticmethod
    def of(number: int, code: str, message: str, **data: Any) -> Failure:
        return Failure(number, message, {"code": code, **data})

    def to_json(self) -> dict[str, Any]:
        return {"code": self.number, "message": self.message, "data": self.data}


def invalid_request(message: str) -> Failure:
    return Failure.of(INVALID_REQUEST, "invalid_request", message)


def method_not_found(method: str) -> Failure:
    return Failure.of(METHOD_NOT_FOUND, "method_not_found", f"no method {method!r}")


def internal_error(message: str, code: str = "internal_error", **data: Any) -> Failure:
    return Failure.of(INTERNAL_ERROR, code, message, **data)


def cancelled() -> Failure:
    return Failure.of(CANCELLED, "cancelled", "cancelled")


def incompatible_protocol(ours: int, least: int, most: int) -> Failure:
    upgrade = "the plugin" if least > ours else "the host"
    message = f"the plugin speaks protocol {ours}, the host {least} to {most}: upgrade {upgrade}"
    return Failure.of(INCOMPATIBLE_PROTOCOL, "incompatible_protocol", message, min=ours, max=ours)


def failure_of(error: BaseException) -> Failure:
    """What a caller hears of an exception."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, Cancelled):
        return cancelled()
    if isinstance(error, PluginError):
        if error.number in RESERVED:
            text = f"{error.message} (the plugin chose code {error.number}, which belongs to the supervisor)"
            return internal_error(text, "reserved_code")
        return Failure(error.number, error.message, error.data)
    if isinstance(error, HostError):
        # Its number may be one of those that a plugin does not send.
        return internal_error(str(error), "host_error", cause=error.code)
    return internal_error(f"{type(error).__name__}: {error}", "exception")
