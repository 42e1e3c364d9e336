"""State of a bytecode module in one context: its globals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gossamer.vm.bytecode.executor import Imports, MakeExecutor
from gossamer.vm.bytecode.exports import BytecodeExports
from gossamer.vm.bytecode.global_storage import GlobalsSnapshot, GlobalStorage
from gossamer.vm.bytecode.globals import access_globals
from gossamer.vm.bytecode.limits import Limits
from gossamer.vm.link.module import GlobalAccess, ModuleState
from gossamer.vm.objects.buffer import Buffer

if TYPE_CHECKING:
    from gossamer.vm.bytecode.module import BytecodeModule


class BytecodeState(ModuleState):
    """What executors of a bytecode module work on.

    Attributes:
        module: what this is the state of; its `decoded`, `rodata` and `types` are shared by all states.
        storage: the globals.
        limits: bounds of each call.
    """

    def __init__(
        self, module: BytecodeModule, make_executor: MakeExecutor, limits: Limits, storage: GlobalStorage
    ) -> None:
        self.module = module
        self.storage = storage
        self.limits = limits
        self._make_executor = make_executor

    @property
    def rodata(self) -> tuple[Buffer, ...]:
        """Constant buffers by ordinal."""
        return self.module.rodata

    def link(self, imports: Imports) -> BytecodeExports:
        """Exports that call these imports."""
        return BytecodeExports(self, imports, self._make_executor)

    def globals(self) -> Mapping[str, GlobalAccess]:
        """Globals by name; see `vm.bytecode.globals` for what they are called."""
        return access_globals(self.storage, self.module.global_names)

    def snapshot(self) -> GlobalsSnapshot:
        """Copy of the globals."""
        return self.storage.snapshot(self.module.constant_refs)

    def restore(self, snapshot: object) -> None:
        """Put a snapshot of this state, or of another state of the module, back.

        Raises: InvalidArgumentError for one of a module with other globals.
        """
        assert isinstance(snapshot, GlobalsSnapshot)
        self.storage.restore(snapshot, self.module.constant_refs)

    def fork(self) -> BytecodeState:
        """Copy with globals of its own."""
        storage = self.module.create_storage()
        storage.restore(self.snapshot(), self.module.constant_refs)
        return BytecodeState(self.module, self._make_executor, self.limits, storage)

    def close(self) -> None:
        """Release refs."""
        self.storage.refs[:] = [None] * len(self.storage.refs)
