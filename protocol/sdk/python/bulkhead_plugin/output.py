"""The one way out: whole frames, in the order in which they were given."""

from __future__ import annotations

import os
import sys
import threading

from .frame import frame

#: sysexits.h: the other end can not be reached.
EXIT_IO = 74

#: The limit of protocol/README.md, until `initialize` says another.
FRAME_BYTES = 64 * 1024 * 1024


class FrameTooLarge(ValueError):
    """A message beyond what the supervisor takes."""


class Output:
    def __init__(self, descriptor: int) -> None:
        self.limit = FRAME_BYTES
        self._descriptor = descriptor
        self._writing = threading.Lock()

    def send(self, body: bytes) -> None:
        """Waits while the supervisor does not read."""
        if len(body) > self.limit:
            raise FrameTooLarge(f"a message of {len(body)} bytes; the limit is {self.limit}")
        left = memoryview(frame(body))
        with self._writing:
            try:
                while left:
                    left = left[os.write(self._descriptor, left) :]
            except OSError as error:
                _leave(error)

    def flush(self, patience: float) -> None:
        """Lets a frame that is being written end, but no longer than so many seconds."""
        self._writing.acquire(timeout=patience)


def _leave(error: OSError) -> None:
    """Nobody is left to talk to."""
    if isinstance(error, BrokenPipeError):
        os._exit(0)
    print(f"stdout can not be written: {error}", file=sys.stderr, flush=True)
    os._exit(EXIT_IO)
