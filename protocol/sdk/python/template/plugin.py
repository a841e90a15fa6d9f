#!/usr/bin/env python3
"""The plugin {{name}}."""

import sys
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent / "sdk"))

from bulkhead_plugin import Call, Plugin  # noqa: E402

plugin = Plugin("{{name}}", "0.1.0")
api = plugin.api("{{name}}", "1.0.0")


@dataclass
class Greeting:
    greeting: str


@api.method(idempotent=True)
def greet(call: Call, name: str) -> Greeting:
    """Greets whoever is named."""
    return Greeting(f"Hello, {name}!")


if __name__ == "__main__":
    plugin.run()
