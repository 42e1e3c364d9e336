"""State of a bytecode module in one context: globals, bound imports, and the executor over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from gossamer.errors import NotFoundError
from gossamer.vm.bytecode.executor import Executor, ExecutorName
from gossamer.vm.bytecode.global_storage import GlobalsSnapshot, GlobalStorage
from gossamer.vm.bytecode.globals import access_globals
from gossamer.vm.interpret.limits import Limits
from gossamer.vm.link.function import Function
from gossamer.vm.link.module import GlobalAccess, ResumableCallable
from gossamer.vm.objects.buffer import Buffer

if TYPE_CHECKING:
    from gossamer.vm.bytecode.module import BytecodeModule


class BytecodeState:
    """What executors of a bytecode module work on.

    Attributes:
        module: what this is the state of; its `decoded`, `rodata` and `types` are shared by all states.
        storage: the globals.
        imports: bound functions by import ordinal; None is an optional import nobody offers.
        limits: bounds of each call.
    """

    def __init__(
        self, module: BytecodeModule, executor_name: ExecutorName, limits: Limits, storage: GlobalStorage
    ) -> None:
        self.module = module
        self.storage = storage
        self.imports: list[Function | None] = [None] * len(module.imports)
        self.limits = limits
        self._executor_name: ExecutorName = executor_name
        self._executor: Executor | None = None

    @property
    def executor(self) -> Executor:
        """Made on first use, after imports are bound."""
        if self._executor is None:
            self._executor = _create_executor(self._executor_name, self)
        return self._executor

    @property
    def rodata(self) -> tuple[Buffer, ...]:
        """Constant buffers by ordinal."""
        return self.module.rodata

    def bind_import(self, ordinal: int, function: Function | None) -> None:
        """Connect an import; all are connected before the first call."""
        self.imports[ordinal] = function

    def bind(self, export: str) -> Callable[..., object]:
        """Blocking form of an export."""
        return self.executor.bind(self._ordinal(export))

    def bind_once(self, export: str) -> Callable[..., object]:
        """Blocking form of an export that is called once."""
        return self.executor.bind_once(self._ordinal(export))

    def bind_resumable(self, export: str) -> ResumableCallable | None:
        """Generator form of an export that may wait, or None."""
        return self.executor.bind_resumable(self._ordinal(export))

    def inline_form(self, export: str) -> None:
        """Functions of bytecode are only called."""
        del export

    def _ordinal(self, export: str) -> int:
        ordinal = self.module.decoded.exports.get(export)
        if ordinal is None:
            raise NotFoundError(f"module {self.module.name!r} has no export {export!r}")
        return ordinal

    def globals(self) -> Mapping[str, GlobalAccess]:
        """Globals by name; see `vm.globals` for what they are called."""
        return access_globals(self.storage, self.module.global_names)

    def snapshot(self) -> GlobalsSnapshot:
        """Copy of the globals."""
        return self.storage.snapshot()

    def restore(self, snapshot: object) -> None:
        """Put a snapshot of this state, or of another state of the module, back."""
        assert isinstance(snapshot, GlobalsSnapshot)
        self.storage.restore(snapshot)

    def fork(self) -> BytecodeState:
        """Copy with globals of its own and no import bound."""
        storage = self.module.create_storage()
        storage.restore(self.storage.snapshot())
        return BytecodeState(self.module, self._executor_name, self.limits, storage)

    def close(self) -> None:
        """Release refs and imports."""
        self.storage.refs[:] = [None] * len(self.storage.refs)
        self.imports[:] = [None] * len(self.imports)
        self._executor = None


def _create_executor(name: ExecutorName, state: BytecodeState) -> Executor:
    if name == "translate":
        from gossamer.vm.translate.executor import Translator

        return Translator(state)
    from gossamer.vm.interpret.interpreter import Interpreter

    return Interpreter(state)
