#!/usr/bin/env python3
"""A sink: keeps what a pipe hands it, the other way round."""

import json
import os
import sys
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "protocol" / "sdk" / "python"))

from bulkhead_plugin import Call, InvalidParams, Plugin  # noqa: E402


@dataclass
class Config:
    prefix: Annotated[str | None, "Stands before each reversed string."] = None


@dataclass
class Line:
    value: Any
    cursor: str | None
    redelivered: bool


@dataclass
class Lines:
    lines: list[Line]


class Journal:
    """A file of lines, each of them on the disk before `append` returns."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / "out.jsonl"
        self._file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        self._appending = threading.Lock()
        size = os.fstat(self._file).st_size
        # A crash may have left half a line. It was never acknowledged, so it will come again.
        self._torn = size > 0 and os.pread(self._file, 1, size - 1) != b"\n"
        # The name of a new file lasts when its directory is written.
        folder = os.open(directory, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def append(self, text: str) -> None:
        with self._appending:
            line = ("\n" if self._torn else "").encode() + text.encode() + b"\n"
            self._torn = True
            if os.write(self._file, line) < len(line):
                raise OSError(f"{self.path} takes no more")
            os.fsync(self._file)
            self._torn = False


plugin = Plugin("reverse", "1.0.0", config=Config)
api = plugin.api("reverse", "1.0.0")
journal: Journal


@plugin.on_activate
def activate(call: Call, config: Config) -> None:
    global journal
    journal = Journal(call.data_dir)


@plugin.on_configure
def configure(call: Call, config: Config) -> None:
    """The prefix is looked up when it is needed."""


@api.method
def write(call: Call, value: Any, cursor: str | None = None, redelivered: bool = False) -> None:
    """Keeps a value, reversed. What was answered is on the disk."""
    line = {"value": reverse(value), "cursor": cursor, "redelivered": redelivered}
    journal.append(json.dumps(line, ensure_ascii=False, separators=(",", ":")))


@api.method(idempotent=True)
def read(call: Call, last: Annotated[int | None, "So many at most, the youngest; else all."] = None) -> Lines:
    """Returns what was kept, in the order in which it came."""
    if last is not None and last < 0:
        raise InvalidParams("/last", "expected 0 or more")
    lines: deque[Line] = deque(maxlen=last)
    with open(journal.path, encoding="utf-8", errors="replace", newline="\n") as file:
        for text in file:
            try:
                lines.append(Line(**json.loads(text)))
            except (ValueError, TypeError):
                continue  # Half a line, see above.
    return Lines(list(lines))


def reverse(value: Any) -> Any:
    """Strings backwards, the strings of an object backwards, lists backwards; everything else as it is."""
    if isinstance(value, str):
        return (plugin.config.prefix or "") + value[::-1]
    if isinstance(value, dict):
        return {name: reverse(each) if isinstance(each, str) else each for name, each in value.items()}
    return value[::-1] if isinstance(value, list) else value


if __name__ == "__main__":
    plugin.run()
