"""Everything that the reference plugin does not have."""

import asyncio
import atexit
import logging
import math
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal

from bulkhead_plugin import Call, ConfigInvalid, HostError, Int64, InvalidParams, Plugin, log, secret


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Config:
    offset: int = 0
    mode: Literal["fast", "safe"] = "fast"
    token: Annotated[str, "For the service.", secret] = ""
    roots: tuple[str, ...] = ()
    label: str | None = None


@dataclass
class Node:
    name: str
    children: "list[Node]"


@dataclass
class Span:
    least: int
    most: int

    def __post_init__(self):
        if self.least > self.most:
            raise ValueError("least is more than most")


plugin = Plugin("options", "2.1.0", config=Config, exclusive=True, threads=2)
old = plugin.api("sums", "1.0.0")
new = plugin.api("sums", "2.0.0")
api = plugin.api("options", "1.0.0")


@plugin.on_activate
def activate(call: Call, config: Config):
    if config.offset < 0:
        raise ConfigInvalid("/offset", "no less than 0")


@plugin.on_configure
def configure(call: Call, config: Config):
    if config.offset < 0:
        raise ConfigInvalid("/offset", "no less than 0")


@old.method(name="sum")
def sum_of_two(call: Call, a: int, b: int) -> int:
    return a + b


@new.method(name="sum", description="Adds them all up.", idempotent=True, errors={"too_many": "More than 1000."})
def sum_of_all(call: Call, numbers: list[Int64]) -> Int64:
    return Int64(sum(numbers) + plugin.config.offset)


@api.method
def where(call: Call) -> dict[str, Any]:
    return {
        "plugin": call.plugin,
        "generation": call.generation,
        "dataDir": str(call.data_dir),
        "storage": "host.storage" in call.host.services,
        "left": call.time_left(),
        "stdin": sys.stdin.read(),
    }


@api.method
async def wait(call: Call, ms: int | None = None) -> str:
    """Sleeps in
    an event loop.

    And more.
    """
    try:
        await asyncio.sleep(86400 if ms is None else ms / 1000)
    except asyncio.CancelledError:
        print("the task was cancelled")
        raise
    return "waited"


@api.method
def hang(call: Call) -> None:
    call.sleep(None)


@api.method
def child(call: Call) -> int:
    """Runs a program that only a cancellation ends."""
    process = subprocess.Popen([sys.executable, "-c", "import sys, time; print('child'); time.sleep(86400)"])
    call.on_cancel(process.kill)
    call.progress("it runs")
    status = process.wait()
    call.check()
    return status


@api.method
def crash(call: Call, how: Literal["raise", "exit", "host", "strange"]) -> None:
    if how == "exit":
        sys.exit(7)
    if how == "host":
        raise HostError(-31903, "too slow", {"code": "timeout"})
    raise RuntimeError("on purpose" if how == "raise" else "not text: \udcff")


@api.method
def give(call: Call, what: Literal["nan", "deep", "text", "huge", "set", "surrogate", "enum"]) -> Any:
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    nodes = [Node("n", []), Colour.RED, Int64(1)]
    return {"nan": math.nan, "deep": deep, "huge": "x" * 5000, "set": {1}, "surrogate": "\ud800", "enum": nodes}[what]


@api.method
def lie(call: Call) -> list[int]:
    return [1, "2"]  # type: ignore[list-item]


@api.method
def big(call: Call) -> int:
    return 2**53


@api.method
def invert(call: Call, node: Node, span: Span | None = None, colour: Colour = Colour.RED, from_: str = "") -> Node:
    if from_ == "nowhere":
        raise InvalidParams("/from", "there is no such place")
    return Node(node.name[::-1], [invert(call, each) for each in reversed(node.children)])


@api.method(item=str, progress=int)
def burst(call: Call, item: str, threads: int) -> int:
    """Several threads share a stream."""

    def send():
        call.progress_value(1)
        call.send(item)

    senders = [threading.Thread(target=send) for _ in range(threads)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return threads


@api.method(item=str)
def overflow(call: Call) -> int:
    """The first item is too large, and so is none."""
    try:
        call.send("x" * 5000)
    except ValueError:
        call.send("second")
    return 1


@api.method
def mute(call: Call) -> None:
    call.send("item")


@api.method
def store(call: Call) -> list[Any]:
    storage = call.host.storage
    storage.set("a", Node("n", []))
    before = [storage.get("a"), storage.get("none", "default"), storage.delete("a"), list(storage.keys("p"))]
    call.host.log("warn", "stored", keys=1)
    call.host.emit("options.stored", {"key": "a"})
    return [*before, call.host.plugin("other/api.method", {"x": 1}), call.host.call("todo.query", timeout=1.5)]


@api.method
def background(call: Call) -> None:
    """Calls the host on nobody's behalf."""
    threading.Thread(target=lambda: plugin.host.emit("options.later"), daemon=True).start()


@api.method
def logs(call: Call) -> None:
    log("debug", "by hand", files=3, odd={1})
    logging.info("by %s", "logging", extra={"fields": {"n": 1}})
    logging.debug("not shown")
    os.write(1, b"on descriptor 1\n")


print("before run")
atexit.register(lambda: print("at exit"))
plugin.run()
