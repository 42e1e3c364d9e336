"""What runs the functions of a bytecode module: one protocol for the interpreter and the translator.

Bytecode knows neither. Who loads a module hands in what makes its executors (see `vm.loading`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

from gossamer.vm.link.function import Function
from gossamer.vm.link.module import ResumableCallable

if TYPE_CHECKING:
    from gossamer.vm.bytecode.state import BytecodeState

Imports: TypeAlias = Sequence[Function | None]
"""Functions behind a module's imports, by import ordinal; None for an optional one that nobody offers."""


class Executor(Protocol):
    """Runs functions over one state and its imports. The module is verified: bytecode may be trusted."""

    def bind(self, ordinal: int) -> Callable[..., object]:
        """Blocking form of an internal function, in the callable ABI; the same object every time."""
        ...

    def bind_once(self, ordinal: int) -> Callable[..., object]:
        """Blocking form of a function that is called once: what it costs to get ready counts as well."""
        ...

    def bind_resumable(self, ordinal: int) -> ResumableCallable | None:
        """Generator form of a function that may wait, or None where the blocking form will do."""
        ...


class MakeExecutor(Protocol):
    """Makes executors: the class of one, or a function that chooses it."""

    def __call__(self, state: BytecodeState, imports: Imports, /) -> Executor:
        """Make an executor; nothing is translated yet."""
        ...
