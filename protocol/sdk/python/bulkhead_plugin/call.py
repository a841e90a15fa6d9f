"""One call, as its handler sees it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import message
from .anything import to_json
from .codec import Codec
from .error import Cancelled
from .host import Host
from .outgoing import Outgoing
from .output import Output


@dataclass(frozen=True)
class Life:
    """What the supervisor said of this process."""

    #: The name under which it runs.
    plugin: str
    #: Which life of that name this is, counted from 1.
    generation: int
    services: frozenset[str]
    data_dir: Path


class Call:
    """What a handler knows of the call that it serves, besides the params. May be handed to other threads."""

    def __init__(
        self,
        request: message.Request,
        life: Life,
        output: Output,
        outgoing: Outgoing,
        item: Codec | None = None,
        progress: Codec | None = None,
    ) -> None:
        #: The request's id.
        self.id = request.id
        #: As the wire says it: `api.method`.
        self.method = request.method
        self.plugin = life.plugin
        self.generation = life.generation
        #: A directory of the plugin's own that outlives the process.
        self.data_dir = life.data_dir
        #: The host's services, on behalf of this call.
        self.host = Host(outgoing, life.services, self)
        ms = request.context.get("ms")
        self._deadline = time.monotonic() + ms / 1000 if isinstance(ms, (int, float)) else None
        credit = request.context.get("credit")
        self._credit = credit if isinstance(credit, int) else 0
        self._sent = 0
        self._output = output
        self._item = item
        self._progress = progress
        self._cancelled = False
        self._answered = False
        self._on_cancel: list[Callable[[], object]] = []
        # Three locks, taken in this order. A supervisor that reads slowly holds up those who send, and must not hold up
        # the thread that cancels.
        self._items = threading.Lock()
        self._sending = threading.Lock()
        self._changed = threading.Condition()

    @property
    def cancelled(self) -> bool:
        """Whether the caller has given up. It has been told already; what is left is to stop."""
        return self._cancelled

    def check(self) -> None:
        """Raises `Cancelled` when the caller has given up."""
        if self._cancelled:
            raise Cancelled

    def sleep(self, seconds: float | None) -> None:
        """Sleeps, but no longer than until the call is cancelled: then it raises `Cancelled`. None: until then."""
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled, seconds)
        self.check()

    def time_left(self) -> float | None:
        """Seconds until the call's deadline, where the supervisor said so."""
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def on_cancel(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Calls back once, when the call is cancelled; at once when it is. What is returned takes that back.

        For what can not look at `cancelled`, such as a child process. It runs in the thread that reads the protocol, so
        it must be quick.
        """
        with self._changed:
            if not self._cancelled:
                self._on_cancel.append(callback)
                return lambda: self._forget(callback)
        callback()
        return lambda: None

    def progress(self, message: str | None = None, done: float | None = None, total: float | None = None) -> None:
        """Tells the caller how far the call is. A loop should tell it a few times a second, not at each step."""
        told = {"message": message, "done": done, "total": total}
        self.progress_value({name: value for name, value in told.items() if value is not None})

    def progress_value(self, value: Any) -> None:
        """Progress of the shape that the method has declared."""
        encoded = to_json(value) if self._progress is None else self._progress.encode(value)
        body = message.notification("$/progress", {"id": self.id, "value": encoded})
        with self._sending:
            if not self._answered:
                self._output.send(body)

    def send(self, item: Any, cursor: str | None = None) -> None:
        """Sends an item of the stream. Waits while the reader gives no credit, raises `Cancelled` when it leaves.

        `cursor` names the position after this item, for a later call to go on from there.
        """
        if self._item is None:
            raise TypeError(f"{self.method} has no items: declare them with item=")
        params = {"id": self.id, "seq": 0, "value": self._item.encode(item)}
        if cursor is not None:
            params["cursor"] = cursor
        with self._items:
            with self._changed:
                self._changed.wait_for(lambda: self._credit > 0 or self._cancelled or self._answered)
            self.check()
            params["seq"] = self._sent
            body = message.notification("$/item", params)
            with self._sending:
                if self._answered:
                    raise RuntimeError(f"{self.method} has been answered: its stream has ended")
                self._output.send(body)
            self._sent += 1
            with self._changed:
                self._credit -= 1

    # The rest is the session's.

    def _cancel(self) -> None:
        with self._changed:
            self._cancelled = True
            callbacks, self._on_cancel = self._on_cancel, []
            self._changed.notify_all()
        for callback in callbacks:
            # What it would stop may have ended just now.
            with suppress(Exception):
                callback()

    def _add_credit(self, n: int) -> None:
        with self._changed:
            self._credit += n
            self._changed.notify_all()

    def _answer(self, send: Callable[[], None]) -> None:
        with self._sending:
            self._answered = True
            send()
        with self._changed:
            self._changed.notify_all()

    def _forget(self, callback: Callable[[], object]) -> None:
        with self._changed, suppress(ValueError):
            self._on_cancel.remove(callback)
