"""What the host does for a plugin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .anything import to_json
from .log import Level
from .outgoing import Outgoing

if TYPE_CHECKING:
    from .call import Call


class Keys(NamedTuple):
    """A page of keys, in byte order. `more`: go on with `after` the last one."""

    keys: list[str]
    more: bool


class Storage:
    """`host.storage`: JSON values by key, which survive restarts. Keys have 256 bytes at most, values 64 KiB."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def get(self, key: str, default: Any = None) -> Any:
        return self._host.call("host.storage.get", {"key": key}).get("value", default)

    def set(self, key: str, value: Any) -> None:
        self._host.call("host.storage.set", {"key": key, "value": value})

    def delete(self, key: str) -> bool:
        """Whether it was there."""
        return bool(self._host.call("host.storage.delete", {"key": key})["deleted"])

    def list(self, prefix: str | None = None, after: str | None = None, limit: int | None = None) -> Keys:
        asked = {"prefix": prefix, "after": after, "limit": limit}
        page = self._host.call("host.storage.list", {name: value for name, value in asked.items() if value is not None})
        return Keys(page["keys"], page["more"])

    def keys(self, prefix: str | None = None) -> Iterator[str]:
        """All of them, page by page."""
        page = self.list(prefix)
        yield from page.keys
        while page.more and page.keys:
            page = self.list(prefix, after=page.keys[-1])
            yield from page.keys


class Host:
    """`call.host` calls on behalf of that call: it ends with the call's deadline, and with the call when that is
    cancelled. `plugin.host` is for work of the plugin's own, in threads that it started.

    Each method waits for the host's answer, while the plugin goes on serving. An error of the host is raised as
    `HostError`.
    """

    def __init__(self, outgoing: Outgoing, services: frozenset[str], parent: Call | None) -> None:
        self._outgoing = outgoing
        self._parent = parent
        #: What the host grants: `"host.storage" in host.services`.
        self.services = services
        self.storage = Storage(self)

    def call(self, method: str, params: Mapping[str, Any] | None = None, *, timeout: float | None = None) -> Any:
        """A method of a service, such as `host.storage.get` or `todo.query`. `timeout` is in seconds."""
        context: dict[str, Any] = {}
        if self._parent is not None:
            self._parent.check()
            context["parent"] = self._parent.id
        if timeout is not None:
            context["ms"] = timeout * 1000
        return self._outgoing.ask(method, to_json(params or {}), context, self._parent)

    def log(self, level: Level, msg: str, **fields: Any) -> None:
        """A line of the plugin's log. Writing to stderr does the same without a round trip."""
        params = {"level": level, "msg": msg}
        self.call("host.log", {**params, "fields": fields} if fields else params)

    def plugin(self, target: str, params: Mapping[str, Any] | None = None) -> Any:
        """Another plugin's method, as `"wordcount/text.count"`, where the configuration allows it."""
        return self.call("host.call", {"target": target, "params": params or {}})

    def emit(self, event: str, params: Mapping[str, Any] | None = None) -> None:
        """Tells the host's clients, and the plugins that want this event, named `api.event`."""
        self.call("host.emit", {"event": event, "params": params or {}})
