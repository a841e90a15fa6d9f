"""One life of the plugin: what the supervisor says, and what is answered.

The thread that reads serves the protocol's own messages at once, so a ping or a cancellation never waits for a call;
calls, events and configurations go to the pool.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from . import message
from .call import Call, Life
from .error import (
    Cancelled,
    Failure,
    PluginError,
    cancelled,
    failure_of,
    incompatible_protocol,
    internal_error,
    invalid_request,
    method_not_found,
)
from .handshake import Activate, Configure, Initialize, Route, read, routes
from .host import Host
from .outgoing import Outgoing
from .output import FrameTooLarge, Output
from .pool import Pool

if TYPE_CHECKING:
    from .plugin import Plugin

#: The protocol's version that this package speaks.
PROTOCOL = 1

#: Seconds for the last frame to be written before the process leaves without it.
_FLUSH = 1.0


class _Phase(Enum):
    NEW = auto()
    DESCRIBED = auto()
    ACTIVATING = auto()
    READY = auto()
    DRAINING = auto()


@dataclass(frozen=True, eq=False)
class _Job:
    call: Call
    work: Callable[[Call], Any]


class Session:
    def __init__(self, plugin: Plugin[Any], output: Output) -> None:
        self.output = output
        self.config: Any = None
        self._plugin = plugin
        self._outgoing = Outgoing(output)
        self._pool: Pool[_Job] = Pool(plugin.threads, self._run)
        self._routes: dict[str, Route] = {}
        self._life = Life(plugin.name, 0, frozenset(), Path())
        self._in_flight_limit = 0
        self._configuring = threading.Lock()
        # What follows is shared with the threads of the pool, under this lock.
        self._state = threading.Lock()
        self._phase = _Phase.NEW
        #: What can be cancelled. A call leaves here when its answer is decided, and is in flight until that is sent.
        self._calls: dict[message.Id, Call] = {}
        self._in_flight = 0
        #: Requests to shut down that wait for the last call.
        self._shutdowns: list[message.Id] = []

    @property
    def host(self) -> Host:
        if self._phase in (_Phase.NEW, _Phase.DESCRIBED):
            raise RuntimeError("the host can be called once the plugin is being activated")
        return Host(self._outgoing, self._life.services, None)

    def leave(self, status: int) -> NoReturn:
        """At once, whatever other threads do; exit functions run all the same."""
        self.output.flush(_FLUSH)
        with suppress(Exception):
            atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        # sys.exit would wait for threads, or meet one that holds a lock of stderr.
        os._exit(status)

    def receive(self, body: bytes) -> None:
        incoming = message.parse(body)
        if isinstance(incoming, message.Request):
            try:
                self._request(incoming)
            except Failure as failure:
                self._send(incoming.id, message.failed(incoming.id, failure))
        elif isinstance(incoming, message.Notification):
            self._notification(incoming)
        elif isinstance(incoming, message.Answer):
            self._outgoing.settle(incoming)
        else:
            self._send(incoming.id, message.failed(incoming.id, incoming.failure))

    def _request(self, request: message.Request) -> None:
        """A failure raised here is the answer; else the answer is given, or on its way."""
        if "." in request.method:
            self._serve(request)
        elif request.method == "initialize":
            description = self._initialize(read(Initialize, request.params))
            self._send(request.id, message.result(request.id, description))
        elif request.method == "activate":
            self._activate(request, read(Activate, request.params))
        elif request.method == "configure" and self._plugin.configure_hook is not None:
            self._configure(request, read(Configure, request.params).config)
        elif request.method == "ping":
            self._send(request.id, message.result(request.id, {}))
        elif request.method == "shutdown":
            with self._state:
                self._phase = _Phase.DRAINING
                self._shutdowns.append(request.id)
            self._finish_shutdown()
        else:
            raise method_not_found(request.method)

    def _notification(self, notification: message.Notification) -> None:
        if notification.method == "exit":
            self.leave(0)
        params = notification.params if isinstance(notification.params, dict) else {}
        id = params.get("id")
        if not message.is_id(id):
            return
        if notification.method == "$/cancelRequest":
            self._cancel(id)
        elif notification.method == "$/credit" and isinstance(params.get("n"), int):
            with self._state:
                call = self._calls.get(id)
            if call is not None:
                call._add_credit(params["n"])

    def _initialize(self, params: Initialize) -> dict[str, Any]:
        least, most = params.protocol.min, params.protocol.max
        if not least <= PROTOCOL <= most:
            raise incompatible_protocol(PROTOCOL, least, most)
        if self._phase is not _Phase.NEW:
            raise invalid_request("initialize comes once")
        self._phase = _Phase.DESCRIBED
        self._life = Life(params.plugin, params.generation, frozenset(params.services), Path())
        self._in_flight_limit = params.limits.inFlight
        self.output.limit = params.limits.frameBytes
        return self._plugin.describe()

    def _activate(self, request: message.Request, params: Activate) -> None:
        if self._phase is not _Phase.DESCRIBED:
            raise invalid_request("activate comes once, after initialize")
        self._phase = _Phase.ACTIVATING
        life = self._life
        self._life = Life(life.plugin, life.generation, life.services, Path(params.dataDir))
        self._routes = routes(self._plugin.apis, params.apis)

        def work(call: Call) -> dict[str, Any]:
            self.config = self._read_config(params.config)
            if self._plugin.activate_hook is not None:
                self._plugin.activate_hook(call, self.config)
            with self._state:
                if self._phase is _Phase.ACTIVATING:
                    self._phase = _Phase.READY
            return {}

        self._admit(request, work)

    def _configure(self, request: message.Request, config: Any) -> None:
        self._assert_ready()

        def work(call: Call) -> dict[str, Any]:
            read = self._read_config(config)
            with self._configuring:
                if self._plugin.configure_hook is not None:
                    self._plugin.configure_hook(call, read)
                self.config = read
            return {}

        self._admit(request, work)

    def _read_config(self, config: Any) -> Any:
        return self._plugin.config_type.decode(config) if self._plugin.config_type else config

    def _serve(self, request: message.Request) -> None:
        self._assert_ready()
        route = self._routes.get(request.method)
        if route is None:
            raise method_not_found(request.method)
        self._admit(request, lambda call: route.serve(call, request.params), route)

    def _assert_ready(self) -> None:
        if self._phase is _Phase.DRAINING:
            raise invalid_request("a call after shutdown")
        if self._phase is not _Phase.READY:
            raise invalid_request("a call before activate was answered")

    def _admit(self, request: message.Request, work: Callable[[Call], Any], route: Route | None = None) -> None:
        item, progress = (route.item, route.progress) if route else (None, None)
        call = Call(request, self._life, self.output, self._outgoing, item, progress)
        with self._state:
            if request.id in self._calls:
                raise invalid_request(f"a request {request.id!r} is being worked on")
            if self._in_flight >= self._in_flight_limit:
                raise invalid_request(f"more than {self._in_flight_limit} calls in flight")
            self._calls[request.id] = call
            self._in_flight += 1
        try:
            self._pool.submit(_Job(call, work))
        except RuntimeError as error:
            self._settle(call, failure=internal_error(f"no thread can be started: {error}"))

    def _cancel(self, id: message.Id) -> None:
        with self._state:
            call = self._calls.get(id)
        if call is None:
            return
        call._cancel()
        # One that still queues would answer only when a thread comes to it.
        if self._pool.withdraw(lambda job: job.call is call):
            self._settle(call, failure=cancelled())

    def _run(self, job: _Job) -> None:
        """In a thread of the pool."""
        call = job.call
        try:
            call.check()
            self._settle(call, job.work(call))
        except SystemExit as error:
            self._exit(error)
        except BaseException as error:
            if not call.cancelled and not isinstance(error, (Cancelled, Failure, PluginError)):
                _report(call, error)
            # Whatever it failed with, it failed because it was told to stop.
            self._settle(call, failure=cancelled() if call.cancelled else failure_of(error))

    def _settle(self, call: Call, result: Any = None, failure: Failure | None = None) -> None:
        with self._state:
            self._calls.pop(call.id, None)
        if failure is None:
            try:
                body = message.result(call.id, result)
            except ValueError as error:
                failure = internal_error(f"the result may not travel: {error}", "invalid_result")
        if failure is not None:
            body = message.failed(call.id, failure)
        call._answer(lambda: self._send(call.id, body))
        with self._state:
            self._in_flight -= 1
        self._finish_shutdown()

    def _finish_shutdown(self) -> None:
        """Answers `shutdown` once nothing is in flight any more."""
        with self._state:
            if self._in_flight > 0:
                return
            shutdowns, self._shutdowns = self._shutdowns, []
        for id in shutdowns:
            self._send(id, message.result(id, {}))

    def _send(self, id: message.Id | None, body: bytes) -> None:
        try:
            self.output.send(body)
        except FrameTooLarge as error:
            self.output.send(message.failed(id, internal_error(f"the answer: {error}", "answer_too_large")))

    def _exit(self, error: SystemExit) -> NoReturn:
        """A handler that calls sys.exit means the process."""
        if isinstance(error.code, int) or error.code is None:
            self.leave(error.code or 0)
        print(error.code, file=sys.stderr, flush=True)
        self.leave(1)


def _report(call: Call, error: BaseException) -> None:
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    with suppress(Exception):
        sys.stderr.write(f"{call.method} failed\n{trace}")
        sys.stderr.flush()
