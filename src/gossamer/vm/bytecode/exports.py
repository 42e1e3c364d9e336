"""Exports of a bytecode module in one context, over what its imports are at one time."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from gossamer.errors import NotFoundError
from gossamer.vm.bytecode.executor import Executor, Imports, MakeExecutor
from gossamer.vm.link.module import BoundExports, ResumableCallable

if TYPE_CHECKING:
    from gossamer.vm.bytecode.state import BytecodeState


class BytecodeExports(BoundExports):
    """Exports by name, each bound by one executor.

    Args:
        make_executor: makes it, when an export is first asked for.
    """

    def __init__(self, state: BytecodeState, imports: Imports, make_executor: MakeExecutor) -> None:
        self._state = state
        self._imports = imports
        self._make_executor = make_executor

    @cached_property
    def _executor(self) -> Executor:
        return self._make_executor(self._state, self._imports)

    def bind(self, export: str) -> Callable[..., object]:
        """Blocking form of an export."""
        return self._executor.bind(self._ordinal(export))

    def bind_once(self, export: str) -> Callable[..., object]:
        """Blocking form of an export that is called once."""
        return self._executor.bind_once(self._ordinal(export))

    def bind_resumable(self, export: str) -> ResumableCallable | None:
        """Generator form of an export that may wait, or None."""
        return self._executor.bind_resumable(self._ordinal(export))

    def _ordinal(self, export: str) -> int:
        module = self._state.module
        ordinal = module.decoded.exports.get(export)
        if ordinal is None:
            raise NotFoundError(f"module {module.name!r} has no export {export!r}")
        return ordinal
