"""The plugin as a whole: what its author says of it, and how it is run."""

from __future__ import annotations

import json
import logging
import os
import platform
import sys
from collections.abc import Callable
from typing import Any, Generic, NoReturn, TypeVar, overload

from .api import Api, assert_id
from .call import Call
from .config import ConfigType
from .frame import FrameError, read_frame
from .host import Host
from .log import JsonLines
from .output import Output
from .session import PROTOCOL, Session
from .stdio import take

VERSION = "0.1.0"

# sysexits.h: started by hand; the supervisor was misunderstood.
_EXIT_USAGE = 64
_EXIT_DATA = 65
# As a shell says it: ended by SIGINT.
_EXIT_INTERRUPTED = 130

Config = TypeVar("Config")
Hook = Callable[[Call, Config], object]
HookFunction = TypeVar("HookFunction", bound=Callable[[Call, Any], object])


class Plugin(Generic[Config]):
    """A plugin: apis, and how to run them.

    `name` is `[a-z][a-z0-9-]*`, `version` a semantic version. `config` is a dataclass or a typed dictionary; its type
    hints become the schema of the configuration, its defaults are filled in. `exclusive`: two processes of it can not
    run at once, because it owns a port or a lock. `threads` is how many calls may run at the same time; further ones
    queue.
    """

    @overload
    def __init__(
        self: Plugin[dict[str, Any]], name: str, version: str, *, exclusive: bool = False, threads: int = 256
    ) -> None: ...
    @overload
    def __init__(
        self, name: str, version: str, *, config: type[Config], exclusive: bool = False, threads: int = 256
    ) -> None: ...
    def __init__(
        self,
        name: str,
        version: str,
        *,
        config: type[Config] | None = None,
        exclusive: bool = False,
        threads: int = 256,
    ) -> None:
        assert_id("plugin", name)
        if threads < 1:
            raise ValueError("a plugin without threads serves nothing")
        self.name = name
        self.version = version
        self.apis: list[Api] = []
        self.threads = threads
        self.config_type = None if config is None else ConfigType(config)
        self.activate_hook: Hook[Any] | None = None
        self.configure_hook: Hook[Any] | None = None
        self._exclusive = exclusive
        self._needs: list[dict[str, Any]] = []
        self._session: Session | None = None

    def api(self, name: str, version: str) -> Api:
        """Offers an api. The same name may be offered in several versions; the supervisor chooses one."""
        if any((each.name, each.version) == (name, version) for each in self.apis):
            raise ValueError(f"the api {name} {version} is offered twice")
        api = Api(name, version)
        self.apis.append(api)
        return api

    def needs(self, service: str, range: str, *, optional: bool = False) -> None:
        """A service of the host that the plugin calls. Unless `optional`, it is not started without the grant."""
        need: dict[str, Any] = {"service": service, "range": range}
        self._needs.append({**need, "optional": True} if optional else need)

    def on_activate(self, hook: HookFunction) -> HookFunction:
        """Called with the call and the configuration before the first call comes. An exception fails the start."""
        self.activate_hook = hook
        return hook

    def on_configure(self, hook: HookFunction) -> HookFunction:
        """Called with another configuration while the plugin runs. After an exception the old one stays in force;
        `ConfigInvalid` says what is wrong with the new one. Without this hook a new configuration means a restart."""
        self.configure_hook = hook
        return hook

    @property
    def config(self) -> Config:
        """The configuration in force, once there is one."""
        config: Config = self._running().config
        return config

    @property
    def host(self) -> Host:
        """The host's services, for work that no call has asked for. A handler uses `call.host`."""
        return self._running().host

    def describe(self) -> dict[str, Any]:
        """The answer to `initialize`."""
        described: dict[str, Any] = {
            "protocol": PROTOCOL,
            "plugin": {"name": self.name, "version": self.version},
            "build": _build(),
            "apis": [api.describe() for api in self.apis],
        }
        if self._needs:
            described["needs"] = self._needs
        if self.config_type:
            described["config"] = self.config_type.schema
        if self._exclusive:
            described["exclusive"] = True
        capabilities = {"ping": True}
        described["capabilities"] = {**capabilities, "configure": True} if self.configure_hook else capabilities
        return described

    def run(self) -> NoReturn:
        """Serves until the supervisor says `exit` or is gone, then ends the process.

        From here on standard output leads to standard error and standard input is empty: the protocol has them.
        """
        if sys.stdin is not None and sys.stdin.isatty():
            print(_explanation(self.name), file=sys.stderr, flush=True)
            os._exit(_EXIT_USAGE)
        self.describe()  # What is wrong with it is the author's to see, not the supervisor's.
        source, target = take()
        if not logging.root.handlers:
            logging.basicConfig(level=logging.INFO, handlers=[JsonLines()])
        session = self._session = Session(self, Output(target))
        try:
            while (body := read_frame(source, session.output.limit)) is not None:
                session.receive(body)
        except KeyboardInterrupt:
            session.leave(_EXIT_INTERRUPTED)
        except (FrameError, OSError) as error:
            print(f"stdin is out of step with the protocol: {error}", file=sys.stderr, flush=True)
            session.leave(_EXIT_DATA)
        session.leave(0)

    def _running(self) -> Session:
        if self._session is None:
            raise RuntimeError("the plugin does not run yet")
        return self._session


def _build() -> dict[str, str]:
    return {
        "language": "python",
        "compiler": f"{platform.python_implementation()} {platform.python_version()}",
        "profile": "debug" if sys.flags.dev_mode else "release",
        "target": f"{platform.machine()}-{sys.platform}",
        "sdk": f"bulkhead-plugin (python) {VERSION}",
    }


def _explanation(name: str) -> str:
    command = json.dumps(os.path.abspath(sys.argv[0]), ensure_ascii=False)
    return (
        f"{name} is a Bulkhead plugin: it speaks JSON-RPC over stdin and stdout, and a terminal does not.\n"
        f"To run it, add it to bulkhead.toml:\n\n    [plugins.{name}]\n    command = {command}\n\nThen: bulkhead up"
    )
