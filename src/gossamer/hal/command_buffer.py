"""Command buffers: commands recorded once and executed any number of times.

In: fills, updates, copies, dispatches and barriers on buffers given directly or by slot of a binding table.
Out: one program for the native runner; executing it with a table only packs addresses.
Every range is checked: direct ones when recorded, slots when a table is given.
Mirrors `iree/hal/command_buffer.h`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntFlag
from operator import is_
from typing import NamedTuple, TypeAlias

from gossamer.errors import FailedPreconditionError, InvalidArgumentError
from gossamer.hal.binding_table import Binding, FittingLayouts, SlotRequirements
from gossamer.hal.buffer import Buffer
from gossamer.hal.command_checks import check_counts, check_fill, check_overlap, check_workgroup_count
from gossamer.hal.executable import Executable
from gossamer.hal.local.program import (
    SLOT_DIRECT,
    CopyRecord,
    DispatchRecord,
    FillRecord,
    Program,
    ProgramBuilder,
    Reference,
    UpdateRecord,
    dispatch_start,
    expected_nanoseconds,
    map_references,
)
from gossamer.hal.local.runner import Runner, runner_for
from gossamer.hal.local.tile_pool import TilePool
from gossamer.hal.memory import WHOLE_BUFFER, BufferUsage, MemoryAccess
from gossamer.limits.scope import CallScope

_TRANSFER_SOURCE = int(BufferUsage.TRANSFER_SOURCE)
_TRANSFER_TARGET = int(BufferUsage.TRANSFER_TARGET)
_INDIRECT_PARAMETERS = int(BufferUsage.DISPATCH_INDIRECT_PARAMETERS)
_NO_LAYOUTS, _NO_RECORDS = FittingLayouts(), ProgramBuilder()
_READ, _WRITE = int(MemoryAccess.READ), int(MemoryAccess.WRITE)


class CommandBufferMode(IntFlag):
    """How a command buffer will be used; 0 is reusable."""

    ONE_SHOT = 0x1
    ALLOW_INLINE_EXECUTION = 0x10
    UNVALIDATED = 0x20
    UNRETAINED = 0x40


class CommandCategory(IntFlag):
    """Kinds of commands a command buffer may hold."""

    TRANSFER = 0x1
    DISPATCH = 0x2
    ANY = 0x3


# Plain numbers: operations of flags take many times as long.
_ONE_SHOT = int(CommandBufferMode.ONE_SHOT)
_TRANSFER, _DISPATCH = int(CommandCategory.TRANSFER), int(CommandCategory.DISPATCH)


class BufferRef(NamedTuple):
    """A range of a buffer, or of what a slot of the binding table will hold.

    Attributes:
        buffer: None for a slot.
        offset, length: bytes; length may be WHOLE_BUFFER.
        slot: of the binding table, where `buffer` is None.
    """

    buffer: Buffer | None
    offset: int = 0
    length: int = WHOLE_BUFFER
    slot: int = 0


BufferRange: TypeAlias = tuple[Buffer | None, int, int, int]
"""What a `BufferRef` is, or the same as a plain tuple."""


class CommandBuffer:
    """Commands being recorded, or recorded.

    Attributes:
        mode: bits of CommandBufferMode.
        categories: bits of CommandCategory; other commands are refused.
        is_recording: until `finalize`.
        records_dispatches: as long as it records, where `categories` allows dispatches.
        builder: encodes what is recorded.
        resources: what records point to by bare address, which stays alive with them.
        slots: what commands need of binding tables.
        layouts: which binding tables need no `prepare`; none until `finalize`.
    """

    __slots__ = (
        "__weakref__",
        "_debug_group_depth",
        "_expected_nanoseconds",
        "_is_submitted",
        "_program",
        "_runner",
        "builder",
        "categories",
        "is_recording",
        "layouts",
        "mode",
        "records_dispatches",
        "resources",
        "slots",
    )

    def __init__(
        self,
        mode: int = 0,
        categories: int = CommandCategory.ANY,
        binding_capacity: int = 0,
    ) -> None:
        self.mode = mode
        self.categories = categories
        self.is_recording = True
        self.records_dispatches = bool(categories & _DISPATCH)
        self.slots = SlotRequirements(binding_capacity)
        self.layouts = _NO_LAYOUTS
        self.builder = ProgramBuilder()
        self._expected_nanoseconds: int | None = None
        self.resources: list[object] = []
        self._debug_group_depth = 0
        self._is_submitted = False
        self._program: Program | None = None
        self._runner: Runner | None = None

    @property
    def program(self) -> Program:
        """What was recorded.

        Raises: FailedPreconditionError before `finalize`.
        """
        if self._program is None:
            raise FailedPreconditionError("command buffer is still being recorded; finalize it first")
        return self._program

    @property
    def binding_count(self) -> int:
        """Least length of a binding table for this command buffer."""
        return self.slots.count

    @property
    def binding_capacity(self) -> int:
        """Slots that commands may name."""
        return self.slots.capacity

    @property
    def expected_nanoseconds(self) -> int | None:
        """How long an execution takes; None where that is not known."""
        if self._expected_nanoseconds is None and self._program is not None:
            # Why not for others: they are measured, which tells more, when they run first.
            uses_times = bool(self.mode & _ONE_SHOT)
            self._expected_nanoseconds = expected_nanoseconds(self._program, uses_times=uses_times)
        return self._expected_nanoseconds

    @expected_nanoseconds.setter
    def expected_nanoseconds(self, nanoseconds: int) -> None:
        self._expected_nanoseconds = nanoseconds

    def finalize(self) -> None:
        """End recording; commands can be executed from now on and no more can be added.

        Raises: FailedPreconditionError when finalized before or with a debug group open.
        """
        if self._program is not None:
            raise FailedPreconditionError("command buffer is not in a recording state")
        if self._debug_group_depth:
            raise FailedPreconditionError(
                f"unbalanced debug group depth (expected 0, is {self._debug_group_depth})"
            )
        program = self.builder.build()
        self.slots.finalize()
        if not self.mode & _ONE_SHOT:
            self.layouts = FittingLayouts(self.slots)
        self._runner = runner_for(program)
        self._program = program
        self.is_recording = self.records_dispatches = False
        self.builder = _NO_RECORDS

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
        self.builder.append(FillRecord(reference, pattern & mask, pattern_length))

    def update_buffer(self, source: bytes | memoryview, target: BufferRef) -> None:
        """Copy host bytes, as they are now, to a buffer; `target.length` is the number of bytes."""
        if target.length == 0:
            return
        self._require_recording(_TRANSFER)
        if len(source) != target.length:
            raise InvalidArgumentError(
                f"update has {len(source)} bytes of data for a target of {target.length} bytes"
            )
        reference = self._reference(target, _TRANSFER_TARGET, _WRITE)
        self.builder.append(UpdateRecord(bytes(source), reference))

    def copy_buffer(self, source: BufferRef, target: BufferRef) -> None:
        """Copy bytes between buffers; ranges of one buffer must not overlap."""
        if target.length == 0:
            return
        self._require_recording(_TRANSFER)
        if source.length != target.length:
            raise InvalidArgumentError(
                f"copy spans between source and target must match (source_length={source.length}, "
                f"target_length={target.length})"
            )
        source_reference = self._reference(source, _TRANSFER_SOURCE, _READ)
        target_reference = self._reference(target, _TRANSFER_TARGET, _WRITE)
        if source_reference.slot == SLOT_DIRECT == target_reference.slot:
            check_overlap(source_reference.address, target_reference.address, target_reference.length)
        self.builder.append(CopyRecord(source_reference, target_reference))

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
        self.builder.append(
            DispatchRecord(
                function,
                workgroup_count,
                tuple([constant & 0xFFFFFFFF for constant in constants]) if constants else (),
                self._binding_references(bindings),
                count_reference,
                time_address,
            )
        )

    def prepare(self, bindings: Sequence[Binding]) -> bytes:
        """Check a binding table and pack it for the runner.

        The caller keeps the table's buffers alive until the execution is done.

        Raises: InvalidArgumentError, OutOfRangeError or PermissionDeniedError where it does not serve
        the recorded commands.
        """
        if self._program is None:
            raise FailedPreconditionError("command buffer is still being recorded; finalize it first")
        if self.mode & _ONE_SHOT:
            if self._is_submitted:
                raise FailedPreconditionError("one-shot command buffer was submitted before")
            self._is_submitted = True
        return self.slots.pack(bindings)

    def run(
        self,
        table: bytes,
        keepalive: Sequence[object] = (),
        pool: TilePool | None = None,
        scope: CallScope | None = None,
    ) -> None:
        """Execute the commands now, on this thread.

        Args:
            table: what `prepare` returned, or a table of one of `layouts`.
            keepalive: what it was made of, whose buffers must live until this returns.
            pool: workers to share long dispatches with.
            scope: whose calls this is part of; between workgroups it is asked whether to go on.
        Raises: the error of the first dispatch that fails, or the scope's; what ran before has taken effect.
        """
        if self._runner is None:
            raise FailedPreconditionError("command buffer is still being recorded; finalize it first")
        self._runner(table, pool, scope)

    def fork_copy(self, memo: dict[int, object]) -> CommandBuffer:
        """Copy for another state of a program, working on that state's copies of the buffers it names."""
        buffers = [resource for resource in self.resources if isinstance(resource, Buffer)]
        copies = [buffer.fork_copy(memo) for buffer in buffers]
        if self._program is None or all(map(is_, buffers, copies)):
            return self
        starts = {buffer.address: copy for buffer, copy in zip(buffers, copies, strict=True)}

        def mapping(reference: Reference) -> Reference:
            if reference.slot != SLOT_DIRECT:
                return reference
            start = max(address for address in starts if address <= reference.address)
            return reference._replace(address=starts[start].address + reference.address - start)

        fork = CommandBuffer(self.mode, self.categories, 0)
        fork.slots = self.slots
        fork.layouts = self.layouts
        fork.resources = [resource for resource in self.resources if not isinstance(resource, Buffer)]
        fork.resources += copies
        fork._is_submitted = self._is_submitted
        fork._program = map_references(self._program, mapping)
        fork._runner = runner_for(fork._program)
        return fork

    def record_duration(self, nanoseconds: int) -> None:
        """Learn from an execution; the shortest counts, for others may have been interrupted."""
        program = self.program
        if program.is_native and not program.has_indirect_counts:
            expected = self.expected_nanoseconds
            self.expected_nanoseconds = nanoseconds if expected is None else min(expected, nanoseconds)

    def _require_recording(self, categories: int) -> None:
        if self._program is not None:
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
            if type(buffer) is not Buffer:
                raise InvalidArgumentError(f"expected a HAL buffer, found {type(buffer).__name__}")
            address, length = buffer.range(offset, length)
            if usage | access:
                buffer.require_usage(usage)
                buffer.require_access(access)
            self.resources.append(buffer)
            return Reference(SLOT_DIRECT, address, length)
        self.slots.require(slot, offset, length, access)
        return Reference(slot, offset, length)
