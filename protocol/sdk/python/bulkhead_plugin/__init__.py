"""Bulkhead plugins in Python. Needs nothing but the standard library.

The wire that this package speaks is described in protocol/README.md of Bulkhead.
"""

from .api import Api
from .call import Call
from .error import Cancelled, ConfigInvalid, HostError, InvalidParams, PluginError
from .host import Host, Keys, Storage
from .int64 import Int64
from .log import JsonLines, Level, log
from .plugin import VERSION as __version__
from .plugin import Plugin
from .typed import secret

__all__ = [
    "Api",
    "Call",
    "Cancelled",
    "ConfigInvalid",
    "Host",
    "HostError",
    "Int64",
    "InvalidParams",
    "JsonLines",
    "Keys",
    "Level",
    "Plugin",
    "PluginError",
    "Storage",
    "__version__",
    "log",
    "secret",
]
