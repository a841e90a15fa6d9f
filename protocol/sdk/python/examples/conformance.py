#!/usr/bin/env python3
"""The reference plugin that protocol/transcripts/ is about."""

import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bulkhead_plugin import Call, HostError, Plugin, PluginError  # noqa: E402


@dataclass
class Config:
    label: str | None = None


@dataclass
class Counted:
    n: int


plugin = Plugin("conformance", "1.0.0", config=Config)
plugin.needs("host.storage", "^1.0.0", optional=True)
api = plugin.api("conformance", "1.0.0")


@api.method(idempotent=True)
def echo(call: Call, value: Any) -> Any:
    return value


@api.method(idempotent=True)
def add(call: Call, a: int, b: int) -> int:
    return a + b


@api.method
def slow(call: Call, ms: int | None = None) -> str:
    call.sleep(None if ms is None else ms / 1000)
    return "done"


@api.method
def progress(call: Call, steps: int) -> int:
    for step in range(1, steps + 1):
        call.check()
        call.progress(f"step {step}", step, steps)
    return steps


@api.method
def repeat(call: Call, text: str, times: int) -> str:
    return text * times


@api.method
def fail(call: Call, code: int, message: str) -> None:
    raise PluginError("failed", message, number=code)


# The name of a handler need not be the method's: this one must not hide what it uses.
@api.method(name="print")
def print_line(call: Call, text: str) -> None:
    print(text)


@api.method(item=Counted)
def count(call: Call, to: int, cursor: str | None = None) -> int:
    numbers = range(int(cursor or 0) + 1, to + 1)
    for n in numbers:
        call.send(Counted(n), cursor=str(n))
    return len(numbers)


@api.method
def ask(call: Call, method: str, params: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"ok": call.host.call(method, params)}
    except HostError as error:
        return {"error": {"code": error.code, "message": error.message}}


@api.method
def label(call: Call) -> str | None:
    return plugin.config.label


@api.method(name="pokes")
def sum_of_pokes(call: Call) -> int:
    return pokes


# Bytes are text to this SDK: whoever wants them has the module base64.
@api.method
def reverse(call: Call, parts: list[str]) -> list[str]:
    return parts[::-1]


pokes = 0
poking = threading.Lock()


@api.event
def poke(call: Call, n: int) -> None:
    global pokes
    if n < 0:
        raise PluginError("negative", "nobody can be poked less than never")
    with poking:
        pokes += n


@plugin.on_configure
def configure(call: Call, config: Config) -> None:
    """Whoever needs the label looks into `plugin.config`."""


api.action("pokes", description="How often it was poked", key="ctrl+k")

if __name__ == "__main__":
    plugin.run()
