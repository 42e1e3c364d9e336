"""Tells whoever waits for a long compile where it is: a line of a terminal that is written over and over.

In: the names of phases, as the pipeline comes to them. Out: text on a stream, gone when the compile ends.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import TextIO, TypeVar

_Item = TypeVar("_Item")
_DELAY_S = 1.0
"""Shorter compiles show nothing."""
_INTERVAL_S = 0.5
_CLEAR_LINE = "\r\x1b[K"


class _Progress:
    def __init__(self, stream: TextIO) -> None:
        self.step = ""
        self.detail = ""
        self._stream = stream
        self._start = monotonic()
        self._ended = threading.Event()

    def show(self) -> None:
        """Write the line again and again, until the end."""
        delay = _DELAY_S
        while not self._ended.wait(delay):
            delay = _INTERVAL_S
            self._stream.write(f"{_CLEAR_LINE}{monotonic() - self._start:6.1f} s  {self.step}{self.detail}")
            self._stream.flush()
        if delay == _INTERVAL_S:
            self._stream.write(_CLEAR_LINE)
            self._stream.flush()

    def end(self) -> None:
        self._ended.set()


_progress: ContextVar[_Progress | None] = ContextVar("progress", default=None)


@contextmanager
def showing_progress(stream: TextIO) -> Generator[None]:
    """Show on a terminal where compiles inside the `with` block are; on what is none, show nothing."""
    if not stream.isatty():
        yield
        return
    progress = _Progress(stream)
    thread = threading.Thread(target=progress.show, name="progress", daemon=True)
    token = _progress.set(progress)
    thread.start()
    try:
        yield
    finally:
        _progress.reset(token)
        progress.end()
        thread.join()


def report_step(step: str) -> None:
    """Say what the compile does now."""
    progress = _progress.get()
    if progress is not None:
        progress.step, progress.detail = step, ""


def report_each(noun: str, items: Collection[_Item]) -> Iterator[_Item]:
    """The items, and say which of them is being worked on."""
    progress = _progress.get()
    for number, item in enumerate(items, 1):
        if progress is not None:
            progress.detail = f", {noun} {number} of {len(items)}"
        yield item
