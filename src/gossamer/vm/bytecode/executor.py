"""What runs the functions of a bytecode module: one protocol for the interpreter and the translator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol, TypeAlias

from gossamer.vm.link.module import ResumableCallable

ExecutorName: TypeAlias = Literal["interpret", "translate"]


class Executor(Protocol):
    """Runs functions over one `BytecodeState`. The module is verified: bytecode may be trusted."""

    def bind(self, ordinal: int) -> Callable[..., object]:
        """Blocking form of an internal function, in the callable ABI; the same object every time."""
        ...

    def bind_once(self, ordinal: int) -> Callable[..., object]:
        """Blocking form of a function that is called once: what it costs to get ready counts as well."""
        ...

    def bind_resumable(self, ordinal: int) -> ResumableCallable | None:
        """Generator form of a function that may wait, or None where the blocking form will do."""
        ...
