"""A plugin's process, and this side of the talk with it."""

import json
import os
import queue
import re
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 10


class Conversation:
    """Strict: noise between frames fails the test."""

    def __init__(self, *command: str, stdin=subprocess.PIPE):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        # With it, what is printed before `run` can not be kept from the protocol's stream.
        environment.pop("PYTHONUNBUFFERED", None)
        self.process = subprocess.Popen(
            command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        )
        self._messages = queue.Queue()
        self._said = []
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._read, self._read_log)]
        for thread in self._threads:
            thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join(PATIENCE)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass

    def write(self, data: bytes):
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # It may leave before it has read everything.

    def send(self, message):
        body = json.dumps(message, ensure_ascii=False).encode()
        self.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def request(self, id, method, params=None, **ctx):
        self.send(
            {"jsonrpc": "2.0", "id": id, "method": method, "params": params or {}, **({"ctx": ctx} if ctx else {})}
        )

    def notify(self, method, **params):
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def next(self):
        message = self._messages.get(timeout=PATIENCE)
        if isinstance(message, Exception):
            raise AssertionError(f"{message}; stderr: {self.stderr}")
        return message

    def ask(self, id, method, params=None, **ctx):
        """A request whose answer must be the next message."""
        self.request(id, method, params, **ctx)
        answer = self.next()
        assert answer.get("id") == id and "method" not in answer, answer
        return answer

    def start(self, config=None, apis=(), services=(), frame_bytes=1 << 26, data_dir="/nonexistent"):
        """The handshake. The description."""
        host = {"protocol": {"min": 1, "max": 1}, "host": {"name": "test", "version": "1.0.0"}, "plugin": "tested"}
        limits = {"frameBytes": frame_bytes, "depth": 100, "inFlight": 4096}
        named = {"generation": 3, "apis": [], "services": list(services), "limits": limits}
        description = self.ask(1, "initialize", {**host, **named})["result"]
        agreed = [{"name": name, "version": version} for name, version in apis]
        answer = self.ask(2, "activate", {"apis": agreed, "config": config or {}, "dataDir": data_dir})
        assert answer.get("result") == {}, answer
        return description

    def end_input(self):
        self.process.stdin.close()

    def status(self):
        """Of its exit; nothing may be left unread."""
        status = self.process.wait(PATIENCE)
        for thread in self._threads:
            thread.join(PATIENCE)
        left = self._messages.get_nowait()
        assert isinstance(left, EOFError), left
        return status

    @property
    def stderr(self):
        return "".join(self._said)

    def _read(self):
        try:
            while True:
                self._messages.put(self._frame())
        except Exception as error:
            self._messages.put(error)

    def _frame(self):
        header = b""
        while not header.endswith(b"\r\n\r\n"):
            line = self.process.stdout.readline()
            if not line and not header:
                raise EOFError("the plugin has left")
            header += line
            if not line.endswith(b"\r\n"):
                raise ValueError(f"no frame: {header!r}")
        length = re.fullmatch(rb"Content-Length: (\d+)\r\n\r\n", header, re.IGNORECASE)
        if not length:
            raise ValueError(f"no frame: {header!r}")
        body = self.process.stdout.read(int(length[1]))
        message = json.loads(body)
        if message.get("jsonrpc") != "2.0" or ("method" not in message) == (
            ("result" in message) == ("error" in message)
        ):
            raise ValueError(f"no message: {message}")
        return message

    def _read_log(self):
        for line in self.process.stderr:
            self._said.append(line.decode(errors="replace"))


def python(script: str | Path) -> Conversation:
    return Conversation(sys.executable, str(script))
