"""Threads for calls: as many as there are calls, up to a bound; beyond it calls queue."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Job = TypeVar("Job")


class Pool(Generic[Job]):
    """The threads are daemons: a call that never ends must not keep the process."""

    def __init__(self, most: int, run: Callable[[Job], None]) -> None:
        self._most = most
        self._run = run
        self._queue: deque[Job] = deque()
        self._changed = threading.Condition()
        self._threads = 0
        self._idle = 0

    def submit(self, job: Job) -> None:
        """Raises `RuntimeError` when there is no thread at all and none can be started."""
        with self._changed:
            self._queue.append(job)
            if len(self._queue) <= self._idle:
                self._changed.notify()
                return
            if self._threads == self._most:
                return
            thread = threading.Thread(target=self._serve, name=f"call-{self._threads + 1}", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                # The system has no thread to give: those that exist will come to it.
                if self._threads == 0:
                    self._queue.pop()
                    raise
            else:
                self._threads += 1

    def withdraw(self, is_it: Callable[[Job], bool]) -> Job | None:
        """Takes a job out that no thread has begun."""
        with self._changed:
            job = next(filter(is_it, self._queue), None)
            if job is not None:
                self._queue.remove(job)
            return job

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                self._changed.wait_for(lambda: self._queue)
                self._idle -= 1
                job = self._queue.popleft()
            self._run(job)
