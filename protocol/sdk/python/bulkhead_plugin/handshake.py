"""What the supervisor says before there are calls, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .api import Api
from .error import INVALID_PARAMS, Failure
from .method import Event, Method
from .mismatch import Mismatch
from .output import FRAME_BYTES
from .typed import codec_of

Route = Method | Event


@dataclass
class Range:
    min: int
    max: int


@dataclass
class Limits:
    frameBytes: int = FRAME_BYTES
    inFlight: int = 4096


@dataclass
class Initialize:
    protocol: Range
    plugin: str = ""
    generation: int = 0
    services: list[str] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)


@dataclass
class Agreed:
    name: str
    version: str


@dataclass
class Activate:
    dataDir: str
    apis: list[Agreed] = field(default_factory=list)
    config: Any = field(default_factory=dict)


@dataclass
class Configure:
    config: Any


def read(kind: Any, params: Any) -> Any:
    """The params of one of the protocol's own messages."""
    try:
        return codec_of(kind).decode(params)
    except Mismatch as mismatch:
        raise Failure.of(INVALID_PARAMS, "invalid_params", str(mismatch), path=mismatch.path) from None


def routes(apis: Sequence[Api], agreed: Sequence[Agreed]) -> dict[str, Route]:
    """What a wire name means. Of an api in several versions it is the agreed one; without an agreement the one that was
    offered last."""
    chosen = {api.name: api for api in apis}
    versions = {each.name: each.version for each in agreed}
    chosen.update((api.name, api) for api in apis if versions.get(api.name) == api.version)
    served: dict[str, Route] = {}
    for api in chosen.values():
        served.update((f"{api.name}.{name}", method) for name, method in api.methods.items())
        served.update((f"{api.name}.{name}", event) for name, event in api.events.items())
    return served
