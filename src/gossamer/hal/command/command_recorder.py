"""Recording commands: checks what is asked for and encodes it at once.

In: fills, updates, copies, dispatches and barriers on buffers given directly or by slot of a binding table.
Out: encoded records, what they keep alive, what they need of each slot. Direct ranges are checked here, those
in slots when a table is given. Mirrors `iree/hal/command_buffer.h`.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.abi.command_flags import CommandCategory
from gossamer.abi.memory_flags import BufferUsage, MemoryAccess
from gossamer.errors import FailedPreconditionError, InvalidArgumentError
from gossamer.hal.command.binding_table import SlotRequirements
from gossamer.hal.command.command_checks import (
    check_copy,
    check_counts,
    check_fill,
    check_overlap,
    check_update,
    check_workgroup_count,
)
from gossamer.hal.command.command_program import encode_record
from gossamer.hal.command.record_layout import dispatch_start
from gossamer.hal.command.records import (
    SLOT_DIRECT,
    CopyRecord,
    DispatchRecord,
    FillRecord,
    Reference,
    UpdateRecord,
)
from gossamer.hal.executable import Executable, ExecutableFunction
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_ref import BufferRange, BufferRef

# Plain numbers: operations of flags take many times as long.
_TRANSFER, _DISPATCH = int(CommandCategory.TRANSFER), int(CommandCategory.DISPATCH)
_TRANSFER_SOURCE = int(BufferUsage.TRANSFER_SOURCE)
_TRANSFER_TARGET = int(BufferUsage.TRANSFER_TARGET)
_INDIRECT_PARAMETERS = int(BufferUsage.DISPATCH_INDIRECT_PARAMETERS)
_READ, _WRITE = int(MemoryAccess.READ), int(MemoryAccess.WRITE)

_NO_SLOTS = SlotRequirements(0)
"""Of all command buffers without slots: nothing can be added to it."""


class CommandRecorder:
    """Commands being recorded.

    Attributes:
        categories: bits of CommandCategory; other commands are refused.
        is_recording: whether more commands may be added.
        records_dispatches: as long as it records, where `categories` allows dispatches.
        records: encoded, in order.
        functions: what each of them dispatches; None for other records.
        resources: what records point to by bare address, which stays alive with them.
        slots: what commands need of binding tables.
    """

    __slots__ = (
        "_debug_group_depth",
        "_has_indirect_counts",
        "categories",
        "functions",
        "is_recording",
        "records",
        "records_dispatches",
        "resources",
        "slots",
    )

    def __init__(self, categories: int, binding_capacity: int) -> None:
        self.categories = categories
        self.is_recording = True
        self.records_dispatches = bool(categories & _DISPATCH)
        self.records: list[bytes] = []
        self.functions: list[ExecutableFunction | None] = []
        self.resources: list[object] = []
        self.slots = SlotRequirements(binding_capacity) if binding_capacity else _NO_SLOTS
        self._debug_group_depth = 0
        self._has_indirect_counts = False

    def begin_debug_group(self, label: str) -> None:
        """Open a group of commands with a name for tools; groups nest."""
        del label
        self._require_recording(0)
        self._debug_group_depth += 1

    def end_debug_group(self) -> None:
        """Close the innermost group."""
        self._require_recording(0)
        self._debug_group_depth -= 1

    def execution_barrier(self, source_stages: int = 28, target_stages: int = 13, flags: int = 0) -> None:
        """Make what follows wait for what came before, as everything does; the stages are hints."""
        del source_stages, target_stages, flags
        self._require_recording(0)

    def advise_buffer(self, target: BufferRef) -> None:
        """Hint at how a buffer will be used; memory of this machine needs none."""
        self._require_recording(_TRANSFER)
        if target.buffer is None:
            self.slots.check_slot(target.slot)

    def fill_buffer(self, target: BufferRef, pattern: int, pattern_length: int) -> None:
        """Repeat a pattern.

        Args:
            target: offset and length are multiples of `pattern_length`.
            pattern: unsigned value.
            pattern_length: 1, 2, 4 or 8 bytes.
        """
        if target.length == 0:
            return
        self._require_recording(_TRANSFER)
        check_fill(target.offset, target.length, pattern_length)
        reference = self._reference(target, _TRANSFER_TARGET, _WRITE)
        mask = (1 << 8 * pattern_length) - 1
        self.records.append(encode_record(FillRecord(reference, pattern & mask, pattern_length)))
        self.functions.append(None)

    def update_buffer(self, source: bytes | memoryview, target: BufferRef) -> None:
        """Copy host bytes, as they are now, to a buffer; `target.length` is the number of bytes."""
        if target.length == 0:
            return
        self._require_recording(_TRANSFER)
        check_update(len(source), target.length)
        reference = self._reference(target, _TRANSFER_TARGET, _WRITE)
        self.records.append(encode_record(UpdateRecord(bytes(source), reference)))
        self.functions.append(None)

    def copy_buffer(self, source: BufferRef, target: BufferRef) -> None:
        """Copy bytes between buffers; ranges of one buffer must not overlap."""
        if target.length == 0:
            return
        self._require_recording(_TRANSFER)
        check_copy(source.length, target.length)
        source_reference = self._reference(source, _TRANSFER_SOURCE, _READ)
        target_reference = self._reference(target, _TRANSFER_TARGET, _WRITE)
        if source_reference.slot == SLOT_DIRECT == target_reference.slot:
            check_overlap(source_reference.address, target_reference.address, target_reference.length)
        self.records.append(encode_record(CopyRecord(source_reference, target_reference)))
        self.functions.append(None)

    def dispatch(
        self,
        executable: Executable,
        function_id: int,
        workgroup_count: tuple[int, int, int],
        constants: Sequence[int] = (),
        bindings: Sequence[BufferRange] = (),
        *,
        indirect_count: BufferRef | None = None,
    ) -> None:
        """Run a kernel over a grid of workgroups.

        Args:
            workgroup_count: along x, y, z; ignored where `indirect_count` is given.
            constants: 32-bit values, signed or not.
            bindings: by ordinal.
            indirect_count: three u32 counts, read when the dispatch starts.
        """
        if indirect_count is None and workgroup_count == (0, 0, 0):
            return
        self._require_recording(_DISPATCH)
        function = executable.function(function_id)
        check_counts(function, len(constants), len(bindings))
        count_reference = None
        if indirect_count is not None:
            count_reference = self._reference(indirect_count._replace(length=12), _INDIRECT_PARAMETERS, _READ)
        else:
            check_workgroup_count(workgroup_count)
        self.resources.append(executable)
        time_address = executable.time_address(function_id)
        form = dispatch_start(function, time_address), function
        executable.dispatch_forms[function_id, len(constants), len(bindings)] = form
        record = DispatchRecord(
            function,
            workgroup_count,
            tuple([constant & 0xFFFFFFFF for constant in constants]) if constants else (),
            self._binding_references(bindings),
            count_reference,
            time_address,
        )
        self.records.append(encode_record(record))
        self.functions.append(function)
        self._has_indirect_counts |= count_reference is not None

    def _require_recording(self, categories: int) -> None:
        if not self.is_recording:
            raise FailedPreconditionError(
                "command buffer is not in a recording state; it was finalized before"
            )
        if categories & ~self.categories:
            raise FailedPreconditionError(
                f"operation requires categories {CommandCategory(categories).name} but command buffer "
                f"only supports {CommandCategory(self.categories).name}"
            )

    def _binding_references(self, bindings: Sequence[BufferRange]) -> tuple[Reference, ...]:
        references: list[Reference] = []
        for binding in bindings:
            buffer, offset, length, _ = binding
            if type(buffer) is Buffer:
                self.resources.append(buffer)
                references.append(Reference(SLOT_DIRECT, *buffer.range(offset, length)))
            else:
                references.append(self._reference(binding))
        return tuple(references)

    def _reference(self, ref: BufferRange, usage: int = 0, access: int = 0) -> Reference:
        buffer, offset, length, slot = ref
        if buffer is not None:
            if not isinstance(buffer, Buffer):
                raise InvalidArgumentError(f"expected a HAL buffer, found {type(buffer).__name__}")
            address, length = buffer.range(offset, length)
            if usage | access:
                buffer.require_usage(usage)
                buffer.require_access(access)
            self.resources.append(buffer)
            return Reference(SLOT_DIRECT, address, length)
        self.slots.require(slot, offset, length, access)
        return Reference(slot, offset, length)
