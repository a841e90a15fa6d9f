"""Frames: `Content-Length: N`, an empty line, N bytes."""

from __future__ import annotations

from typing import BinaryIO

#: Source: protocol/README.md, "Framing".
_HEADER_BYTES = 4096


class FrameError(Exception):
    """The input is out of step with the protocol; there is no way back into it."""


def read_frame(source: BinaryIO, limit: int) -> bytes | None:
    """The next body, or None where the input ended between two frames."""
    length = _read_header(source)
    if length is None:
        return None
    if length > limit:
        raise FrameError(f"a frame of {length} bytes; the limit is {limit}")
    body = source.read(length)
    if len(body) < length:
        raise FrameError(f"the input ended after {len(body)} of {length} bytes")
    return body


def frame(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def _read_header(source: BinaryIO) -> int | None:
    length: int | None = None
    left = _HEADER_BYTES
    while True:
        line = source.readline(left)
        if not line and left == _HEADER_BYTES:
            return None
        left -= len(line)
        if not line.endswith(b"\r\n"):
            if left == 0:
                raise FrameError(f"a header of more than {_HEADER_BYTES} bytes")
            raise FrameError(f"a header line that does not end in CR LF: {line[:60]!r}")
        if line == b"\r\n":
            if length is None:
                raise FrameError("a header without Content-Length")
            return length
        name, colon, value = line.partition(b":")
        if not colon:
            raise FrameError(f"a header line without a colon: {line[:60]!r}")
        if name.lower() == b"content-length":
            if length is not None:
                raise FrameError("Content-Length twice in one header")
            digits = value.strip(b" \t\r\n")
            if not digits.isdigit() or len(digits) > 18:
                raise FrameError(f"a Content-Length that is no number: {value[:60]!r}")
            length = int(digits)
