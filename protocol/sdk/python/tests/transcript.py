"""Plays a golden transcript; protocol/transcripts/README.md says what the steps mean."""

import json
import re
from pathlib import Path

from .conversation import Conversation


def read_transcript(file: Path):
    # Not splitlines: to it, characters within a string end lines as well.
    title, *steps = [json.loads(line) for line in file.read_text(encoding="utf-8").rstrip("\n").split("\n")]
    return title["title"], title.get("capability"), [unfold(step) for step in steps]


class Player:
    def __init__(self, plugin: Conversation):
        self._plugin = plugin
        self._ids = {}
        self._ignored = []

    def perform(self, step):
        [(kind, argument)] = step.items()
        getattr(self, f"_{kind}")(argument)

    def _send(self, message):
        self._plugin.send(self._named(message))

    def _sendRaw(self, text):
        self._plugin.write(text.encode())

    def _expect(self, pattern):
        self._take(pattern, self._next())

    def _unordered(self, entries):
        sequences = [list(entry) if isinstance(entry, list) else [entry] for entry in entries]
        while any(sequences):
            message = self._next()
            taker = next((each for each in sequences if each and self._matches(each[0], message)), None)
            assert taker is not None, f"nothing here takes {message}"
            self._take(taker.pop(0), message)

    def _ignore(self, pattern):
        self._ignored.append(pattern)

    def _eof(self, _):
        self._plugin.end_input()

    def _expectExit(self, pattern):
        status = self._plugin.status()
        assert self._matches(pattern, status), f"exit status {status}"

    def _next(self):
        while True:
            message = self._plugin.next()
            if not any(self._matches(pattern, message) for pattern in self._ignored):
                return message

    def _take(self, pattern, message):
        names = {}
        assert self._matches(pattern, message, names), f"expected {pattern}, found {message}"
        self._ids.update(names)

    def _matches(self, pattern, value, names=None):
        names = {} if names is None else names
        return not isinstance(value, Absent) and matches(pattern, value, self._ids, names)

    def _named(self, value):
        if isinstance(value, list):
            return [self._named(each) for each in value]
        if isinstance(value, dict):
            if value.keys() == {"$id"}:
                return self._ids[value["$id"]]
            return {key: self._named(each) for key, each in value.items()}
        return value


class Absent:
    """The value of a member that is not there."""


ABSENT = Absent()
TYPES = {
    "null": type(None),
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "string": str,
    "array": list,
    "object": dict,
}


def matches(pattern, value, ids, names) -> bool:
    if isinstance(pattern, dict):
        wildcard = next((key for key in pattern if key.startswith("$")), None)
        if wildcard:
            return takes(wildcard, pattern[wildcard], value, ids, names)
        return isinstance(value, dict) and all(
            matches(each, value.get(key, ABSENT), ids, names) for key, each in pattern.items()
        )
    if isinstance(pattern, list):
        return (
            isinstance(value, list)
            and len(pattern) == len(value)
            and all(matches(each, other, ids, names) for each, other in zip(pattern, value, strict=True))
        )
    return equal(pattern, value)


def takes(wildcard, argument, value, ids, names) -> bool:
    if wildcard == "$absent":
        return value is ABSENT
    if value is ABSENT:
        return False
    if wildcard == "$any":
        return True
    if wildcard == "$type":
        return isinstance(value, TYPES[argument]) and (argument == "boolean" or not isinstance(value, bool))
    if wildcard == "$pattern":
        return isinstance(value, str) and re.search(argument, value) is not None
    if wildcard == "$oneOf":
        return any(matches(each, value, ids, names) for each in argument)
    if wildcard == "$exact":
        return equal(argument, value)
    if wildcard == "$id":
        known = ids.get(argument, names.get(argument))
        if known is None and isinstance(value, (int, str)):
            names[argument] = known = value
        return equal(known, value)
    raise ValueError(f"no such wildcard: {wildcard}")


def equal(one, other) -> bool:
    """True is not 1 here, as little as in JSON."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def unfold(value):
    """Replaces `$repeat`."""
    if isinstance(value, list):
        return [unfold(each) for each in value]
    if isinstance(value, dict):
        if value.keys() == {"$repeat", "times"}:
            return value["$repeat"] * value["times"]
        return {key: unfold(each) for key, each in value.items()}
    return value
