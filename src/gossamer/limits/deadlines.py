"""Tells scopes that their time is up: one thread of the process, started with the first deadline.

Scopes are held weakly: those that are gone by their deadline are told nothing.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from heapq import heapify, heappop, heappush
from itertools import count
from typing import TYPE_CHECKING
from weakref import ref

if TYPE_CHECKING:
    from gossamer.limits.scope import CallScope

_FEWEST_BEFORE_PURGE = 64


class _Watch:
    """Deadlines of this process, in order."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._entries: list[tuple[float, int, ref[CallScope]]] = []
        self._numbers = count()
        self._is_running = False
        self._purge_at = _FEWEST_BEFORE_PURGE

    def add(self, scope: CallScope, deadline: float) -> None:
        with self._condition:
            entry = (deadline, next(self._numbers), ref(scope))
            if len(self._entries) >= self._purge_at:
                self._purge()
            heappush(self._entries, entry)
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="gossamer-deadlines", daemon=True).start()
            elif self._entries[0] is entry:
                self._condition.notify()

    def _purge(self) -> None:
        """Forget scopes that are gone."""
        self._entries = [entry for entry in self._entries if entry[2]() is not None]
        heapify(self._entries)
        self._purge_at = max(_FEWEST_BEFORE_PURGE, 2 * len(self._entries))

    def _seconds_left(self) -> float | None:
        """Until the next deadline; None where there is none."""
        return self._entries[0][0] - time.monotonic() if self._entries else None

    def _run(self) -> None:
        while True:
            with self._condition:
                while (left := self._seconds_left()) is None or left > 0:
                    self._condition.wait(left)
                scope = heappop(self._entries)[2]()
            try:
                if scope is not None:
                    scope.expire()
            except Exception as error:
                # What callbacks of users raise must not end the thread that all deadlines depend on.
                sys.excepthook(type(error), error, error.__traceback__)
            del scope


_watch = _Watch()


def expire_at(scope: CallScope, deadline: float) -> None:
    """Call `scope.expire()` at a time of `time.monotonic`, unless the scope is gone by then."""
    _watch.add(scope, deadline)


def _start_anew() -> None:
    # Why: threads do not survive a fork, and the lock may have been held by one.
    global _watch
    _watch = _Watch()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
