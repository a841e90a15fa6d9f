"""Takes the protocol's two streams away from everything else in the process.

A stray `print`, or a child that inherits stdout, must not get between two frames; and a child that inherits stdin must
not eat one. So the streams move to private descriptors that children do not inherit, descriptor 0 reads nothing, and
descriptor 1 leads to stderr.
"""

from __future__ import annotations

import io
import os
import sys
from typing import BinaryIO


def take() -> tuple[BinaryIO, int]:
    """The input, and the descriptor of the output."""
    source, target = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    # After dup2: what was printed before now waits in the buffer, and goes to stderr as well.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
        sys.stdout.flush()
    return os.fdopen(source, "rb", buffering=64 * 1024), target
