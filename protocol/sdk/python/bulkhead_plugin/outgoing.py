"""Requests of the plugin to its host, and their answers."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from . import message
from .error import Cancelled, HostError
from .output import Output

if TYPE_CHECKING:
    from .call import Call


class Outgoing:
    def __init__(self, output: Output) -> None:
        self._output = output
        self._waiting: dict[int, Future[Any]] = {}
        self._changing = threading.Lock()
        self._last = 0

    def ask(self, method: str, params: Any, context: dict[str, Any], parent: Call | None) -> Any:
        """Waits for the answer, but no longer than until the parent is cancelled: the host cancels its end itself."""
        answer: Future[Any] = Future()
        with self._changing:
            self._last += 1
            id = self._last
            self._waiting[id] = answer
        forget = parent.on_cancel(answer.cancel) if parent else _nothing
        try:
            self._output.send(message.request(id, method, params, context))
            return answer.result()
        except CancelledError:
            raise Cancelled from None
        finally:
            forget()
            with self._changing:
                self._waiting.pop(id, None)

    def settle(self, answer: message.Answer) -> None:
        """In the thread that reads. An answer to what was never asked, or no longer matters, is ignored."""
        # An id of another type can equal one of ours: 1.0 and True do.
        if type(answer.id) is not int:
            return
        with self._changing:
            waiting = self._waiting.pop(answer.id, None)
        if waiting is None:
            return
        # Cancelled in the meantime: nobody waits any more.
        with suppress(InvalidStateError):
            if answer.error is None:
                waiting.set_result(answer.result)
            else:
                waiting.set_exception(_host_error(answer.error))


def _host_error(error: Any) -> HostError:
    members = error if isinstance(error, dict) else {}
    number, text = members.get("code"), members.get("message")
    return HostError(
        number if isinstance(number, int) else 0, text if isinstance(text, str) else "", members.get("data")
    )


def _nothing() -> None:
    pass
