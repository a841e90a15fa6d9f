"""Structured lines on stderr, which the supervisor keeps as the plugin's log."""

from __future__ import annotations

import json
import logging
import sys
import threading
from typing import Any, Literal

Level = Literal["trace", "debug", "info", "warn", "error"]

_writing = threading.Lock()


def log(level: Level, msg: str, **fields: Any) -> None:
    """Writes one line. Never fails: what has no JSON form is shown as `repr` shows it."""
    # ASCII, so that a strange locale of stderr can not spoil it.
    line = json.dumps({"level": level, "msg": msg, **fields}, default=repr, skipkeys=True)
    with _writing:
        try:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
        except (OSError, ValueError, AttributeError):
            # stderr is closed, or there is none.
            pass


class JsonLines(logging.Handler):
    """For the logging module: `run` installs it where nothing else is installed.

    Fields go in with `extra={"fields": {…}}`.
    """

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {"logger": record.name} if record.name != "root" else {}
        given = getattr(record, "fields", None)
        if isinstance(given, dict):
            fields.update({str(name): value for name, value in given.items()})
        if record.exc_info:
            fields["traceback"] = (self.formatter or logging.Formatter()).formatException(record.exc_info)
        for own in ("level", "msg"):
            fields.pop(own, None)
        try:
            log(_level_of(record.levelno), record.getMessage(), **fields)
        except Exception:
            self.handleError(record)


def _level_of(number: int) -> Level:
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warn"
    if number >= logging.INFO:
        return "info"
    return "debug" if number >= logging.DEBUG else "trace"
