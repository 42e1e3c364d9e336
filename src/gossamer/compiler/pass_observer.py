"""Passes as they are seen from outside: each runs under a name, by which it is printed and timed.

In: what a pass does, and how its program reads. Out: the same, told to the observer of the present compile.
Passes of MLIR and passes over VM functions alike come through here.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from gossamer.errors import CompileError


class PassObserver(Protocol):
    """Told about each pass that runs, for dumps and timing."""

    def before_pass(self, name: str, show: Callable[[], str]) -> None:
        """Called before a pass; `show` gives the text of its program."""
        ...

    def after_pass(self, name: str, show: Callable[[], str], failure: CompileError | None) -> None:
        """Called after a pass; `show` can be called after a failure, too."""
        ...


_observer: ContextVar[PassObserver | None] = ContextVar("pass observer", default=None)


@contextmanager
def observe_passes(observer: PassObserver | None) -> Generator[None]:
    """Have `observer` told about each pass run inside the `with` block."""
    token = _observer.set(observer)
    try:
        yield
    finally:
        _observer.reset(token)


def run_pass(
    name: str,
    run: Callable[[], None],
    show: Callable[[], str],
    show_failed: Callable[[], str] | None = None,
) -> None:
    """Run a pass.

    Args:
        name: in words with hyphens, as MLIR names passes.
        run: the pass.
        show: text of the program.
        show_failed: the same where the pass failed and may have left the program malformed.
    Raises: what the pass does.
    """
    observer = _observer.get()
    if observer is None:
        run()
        return
    observer.before_pass(name, show)
    try:
        run()
    except CompileError as failure:
        observer.after_pass(name, show_failed or show, failure)
        raise
    observer.after_pass(name, show, None)
