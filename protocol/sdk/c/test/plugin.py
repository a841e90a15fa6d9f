"""A supervisor in forty lines: starts a plugin and talks to it, one frame at a time."""

import json
import os
import subprocess
import threading

INITIALIZE = {
    "protocol": {"min": 1, "max": 1},
    "host": {"name": "test", "version": "1.0.0"},
    "plugin": "life",
    "generation": 3,
    "apis": [],
    "services": ["host.storage"],
    "limits": {"frameBytes": 64 << 20, "depth": 100, "inFlight": 4096},
}


class Plugin:
    """One process; `with` ends it. Each wait is bounded by the process being killed after 20 s."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.last_id = 0
        self.alarm = threading.Timer(20, self.process.kill)
        self.alarm.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.leave()

    def leave(self):
        """Waits for the end; the status and what it wrote to stderr."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        said = self.process.stderr.read() if not self.process.stderr.closed else b""
        status = self.process.wait()
        self.alarm.cancel()
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()
        return status, said.decode()

    def raw(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def body(self, body):
        self.raw(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def send(self, **message):
        self.body(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def receive(self):
        length = None
        while (line := self.process.stdout.readline()) != b"\r\n":
            if not line:
                raise EOFError(self.leave())
            name, _, value = line.partition(b":")
            assert name == b"Content-Length", line
            length = int(value)
        return json.loads(self.process.stdout.read(length))

    def ask(self, method, params=None, ctx=None):
        """Sends a request and returns its id."""
        self.last_id += 1
        self.send(id=self.last_id, method=method, params=params or {}, **({"ctx": ctx} if ctx else {}))
        return self.last_id

    def call(self, method, params=None, ctx=None):
        """The answer, which must be the next message."""
        id = self.ask(method, params, ctx)
        answer = self.receive()
        assert answer.get("id") == id and "method" not in answer, answer
        return answer

    def result(self, method, params=None, ctx=None):
        answer = self.call(method, params, ctx)
        assert "result" in answer, answer
        return answer["result"]

    def error(self, method, params=None, ctx=None):
        answer = self.call(method, params, ctx)
        assert "error" in answer, answer
        return answer["error"]

    def start(self, config=None, apis=(), **changed):
        description = self.result("initialize", {**INITIALIZE, **changed})
        self.result("activate", {"apis": list(apis), "config": config or {}, "dataDir": "/tmp/data"})
        return description


def built(name):
    """An executable of this folder, in the build that is under test."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return os.path.join(here, os.environ.get("BULKHEAD_C_BUILD", "build"), name)
