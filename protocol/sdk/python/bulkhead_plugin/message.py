"""Bodies of frames: what came in, and the bytes of what goes out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeGuard

from .error import PARSE_ERROR, Failure, internal_error, invalid_request

Id = int | str

#: How deep a message may be nested; source: protocol/README.md, "Framing".
_DEPTH = 100


@dataclass(frozen=True)
class Request:
    id: Id
    method: str
    params: Any
    #: About the call rather than of it.
    context: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Notification:
    method: str
    params: Any


@dataclass(frozen=True)
class Answer:
    id: Any
    result: Any
    #: None: there is a result.
    error: Any


@dataclass(frozen=True)
class Invalid:
    """No message, but something that is answered."""

    id: Id | None
    failure: Failure


Incoming = Request | Notification | Answer | Invalid


def parse(body: bytes) -> Incoming:
    try:
        message = json.loads(body.decode(), parse_constant=_refuse_constant)
        if b"\\u" in body:
            # Lone surrogates pass the json module, and fail here.
            json.dumps(message, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        return Invalid(None, Failure.of(PARSE_ERROR, "parse_error", f"not JSON: {error}"))
    if isinstance(message, list):
        return Invalid(None, invalid_request("batches are not served"))
    if not isinstance(message, dict):
        return Invalid(None, invalid_request("a message is an object"))
    return _message(message)


def _message(message: dict[str, Any]) -> Incoming:
    id = message.get("id")
    if "id" in message and not is_id(id) and "method" in message:
        return Invalid(None, invalid_request("an id is an integer or a string"))
    known = id if is_id(id) else None
    if message.get("jsonrpc") != "2.0":
        return Invalid(known, invalid_request('jsonrpc is not "2.0"'))
    if "method" not in message:
        if "result" in message or "error" in message:
            return Answer(id, message.get("result"), message.get("error"))
        return Invalid(known, invalid_request("neither a request nor an answer"))
    method = message["method"]
    if not isinstance(method, str):
        return Invalid(known, invalid_request("method is not a string"))
    params = message.get("params", {})
    if known is None:
        return Notification(method, params)
    context = message.get("ctx")
    return Request(known, method, params, context if isinstance(context, dict) else {})


def is_id(value: object) -> TypeGuard[Id]:
    return isinstance(value, (int, str)) and not isinstance(value, bool)


def result(id: Id, value: Any) -> bytes:
    return encode({"jsonrpc": "2.0", "id": id, "result": value})


def failed(id: Id | None, failure: Failure) -> bytes:
    """Never fails itself: text that is no UTF-8, such as a strange file name, is spelt out."""
    try:
        return encode({"jsonrpc": "2.0", "id": id, "error": failure.to_json()})
    except ValueError as error:
        text = failure.message.encode(errors="backslashreplace").decode()
        replaced = internal_error(f"{text} (its data has no JSON form: {type(error).__name__})")
        return encode({"jsonrpc": "2.0", "id": id, "error": replaced.to_json()})


def notification(method: str, params: dict[str, Any]) -> bytes:
    return encode({"jsonrpc": "2.0", "method": method, "params": params})


def request(id: Id, method: str, params: Any, context: dict[str, Any]) -> bytes:
    message = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
    return encode({**message, "ctx": context} if context else message)


def encode(message: dict[str, Any]) -> bytes:
    """Raises `ValueError` for what may not travel: NaN, lone surrogates, or too deep a nesting."""
    try:
        text = json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    # Without so many brackets it can not be too deep; counting them costs nothing.
    if text.count("{") + text.count("[") > _DEPTH and _depth_of(message) > _DEPTH:
        raise ValueError(f"nested more than {_DEPTH} levels deep")
    return text.encode()


def _depth_of(value: Any) -> int:
    deepest = 0
    todo = [(value, 1)]
    while todo:
        each, depth = todo.pop()
        if isinstance(each, (dict, list, tuple)):
            deepest = max(deepest, depth)
            todo.extend((inner, depth + 1) for inner in (each.values() if isinstance(each, dict) else each))
    return deepest


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
