"""Command buffers: commands recorded once and executed any number of times.

In: fills, updates, copies, dispatches and barriers on buffers given directly or by slot of a binding table.
Out: one program for the native runner; executing it with a table only packs addresses.
Every range is checked: direct ones when recorded, slots when a table is given.
Mirrors `iree/hal/command_buffer.h`.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from enum import IntFlag
from typing import NamedTuple, TypeAlias

from gossamer.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    OutOfRangeError,
)
from gossamer.hal.buffer import Buffer
from gossamer.hal.executable import Executable
from gossamer.hal.local.program import (
    SLOT_DIRECT,
    SLOT_IN_PROGRAM,
    BarrierRecord,
    CopyRecord,
    DispatchRecord,
    FillRecord,
    Program,
    Record,
    Reference,
    encode_program,
)
from gossamer.hal.local.runner import Runner, runner_for
from gossamer.hal.local.tile_pool import TilePool
from gossamer.hal.memory import WHOLE_BUFFER, BufferUsage, MemoryAccess

_MAXIMUM_BINDINGS = 64
_UNUSED_SLOT = 1 << 64
"""Extent of a slot that no command names: no binding is long enough, so it is looked at apart."""
_MAXIMUM_CONSTANTS = 64
_TRANSFER_SOURCE = int(BufferUsage.TRANSFER_SOURCE)
_TRANSFER_TARGET = int(BufferUsage.TRANSFER_TARGET)
_INDIRECT_PARAMETERS = int(BufferUsage.DISPATCH_INDIRECT_PARAMETERS)
_READ = int(MemoryAccess.READ)
_WRITE = int(MemoryAccess.WRITE)


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


Binding: TypeAlias = tuple[Buffer | None, int, int]
"""An entry of a binding table: buffer, offset, length (or WHOLE_BUFFER)."""


class CommandBuffer:
    """Commands being recorded, or recorded.

    Attributes:
        mode: bits of CommandBufferMode.
        categories: bits of CommandCategory; other commands are refused.
        binding_capacity: slots that commands may name.
    """

    __slots__ = (
        "__weakref__",
        "_data",
        "_debug_group_depth",
        "_is_submitted",
        "_program",
        "_records",
        "_requirements",
        "_resources",
        "_runner",
        "_slot_access",
        "_slot_extents",
        "_table_format",
        "binding_capacity",
        "categories",
        "mode",
    )

    def __init__(
        self,
        mode: int = 0,
        categories: int = CommandCategory.ANY,
        binding_capacity: int = 0,
    ) -> None:
        if binding_capacity < 0:
            raise InvalidArgumentError(f"binding capacity {binding_capacity} is negative")
        self.mode = mode
        self.categories = categories
        self.binding_capacity = binding_capacity
        self._records: list[Record] = []
        self._data = bytearray()
        # What records point to by bare address stays alive with them.
        self._resources: list[object] = []
        self._slot_extents: list[int] = []
        self._slot_access: list[int] = []
        self._requirements: list[tuple[int, int]] = []
        self._debug_group_depth = 0
        self._is_submitted = False
        self._program: Program | None = None
        self._runner: Runner | None = None
        self._table_format = struct.Struct("<0Q")

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
        return len(self._slot_extents)

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
        program = encode_program(self._records, bytes(self._data))
        self._table_format = struct.Struct(f"<{2 * len(self._slot_extents)}Q")
        self._requirements = list(zip(self._slot_extents, self._slot_access, strict=True))
        self._runner = runner_for(program)
        self._program = program
        self._records = []

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
        """Make what follows wait for what came before; the stages are hints."""
        del source_stages, target_stages, flags
        self._require_recording(0)
        self._records.append(BarrierRecord())

    def advise_buffer(self, target: BufferRef) -> None:
        """Hint at how a buffer will be used; memory of this machine needs none."""
        self._require_recording(CommandCategory.TRANSFER)
        if target.buffer is None:
            self._require_slot(target.slot)

    def fill_buffer(self, target: BufferRef, pattern: int, pattern_length: int) -> None:
        """Repeat a pattern.

        Args:
            target: offset and length are multiples of `pattern_length`.
            pattern: unsigned value.
            pattern_length: 1, 2, 4 or 8 bytes.
        """
        if target.length == 0:
            return
        self._require_recording(CommandCategory.TRANSFER)
        check_fill(target.offset, target.length, pattern_length)
        reference = self._reference(target, _TRANSFER_TARGET, _WRITE)
        mask = (1 << 8 * pattern_length) - 1
        self._records.append(FillRecord(reference, pattern & mask, pattern_length))

    def update_buffer(self, source: bytes | memoryview, target: BufferRef) -> None:
        """Copy host bytes, as they are now, to a buffer; `target.length` is the number of bytes."""
        if target.length == 0:
            return
        self._require_recording(CommandCategory.TRANSFER)
        if len(source) != target.length:
            raise InvalidArgumentError(
                f"update has {len(source)} bytes of data for a target of {target.length} bytes"
            )
        reference = self._reference(target, _TRANSFER_TARGET, _WRITE)
        offset = len(self._data)
        self._data.extend(source)
        self._records.append(CopyRecord(Reference(SLOT_IN_PROGRAM, offset, len(source)), reference))

    def copy_buffer(self, source: BufferRef, target: BufferRef) -> None:
        """Copy bytes between buffers; ranges of one buffer must not overlap."""
        if target.length == 0:
            return
        self._require_recording(CommandCategory.TRANSFER)
        if source.length != target.length:
            raise InvalidArgumentError(
                f"copy spans between source and target must match (source_length={source.length}, "
                f"target_length={target.length})"
            )
        source_reference = self._reference(source, _TRANSFER_SOURCE, _READ)
        target_reference = self._reference(target, _TRANSFER_TARGET, _WRITE)
        if source_reference.slot == SLOT_DIRECT == target_reference.slot:
            check_overlap(source_reference.address, target_reference.address, target_reference.length)
        self._records.append(CopyRecord(source_reference, target_reference))

    def dispatch(
        self,
        executable: Executable,
        function_id: int,
        workgroup_count: tuple[int, int, int],
        constants: Sequence[int] = (),
        bindings: Sequence[BufferRef] = (),
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
        self._require_recording(CommandCategory.DISPATCH)
        function = executable.function(function_id)
        if len(constants) != function.constant_count or len(constants) > _MAXIMUM_CONSTANTS:
            raise InvalidArgumentError(
                f"constant count mismatch, expected {function.constant_count} "
                f"but was provided {len(constants)}"
            )
        if len(bindings) != function.binding_count or len(bindings) > _MAXIMUM_BINDINGS:
            raise InvalidArgumentError(
                f"binding count mismatch, expected {function.binding_count} but was provided {len(bindings)}"
            )
        count_reference = None
        if indirect_count is not None:
            count_reference = self._reference(indirect_count._replace(length=12), _INDIRECT_PARAMETERS, _READ)
        else:
            check_workgroup_count(workgroup_count)
        self._resources.append(executable)
        self._records.append(
            DispatchRecord(
                function,
                workgroup_count,
                tuple([constant & 0xFFFFFFFF for constant in constants]),
                tuple([self._reference(binding, 0, 0) for binding in bindings]),
                count_reference,
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
        if self.mode & 1:
            if self._is_submitted:
                raise FailedPreconditionError("one-shot command buffer was submitted before")
            self._is_submitted = True
        requirements = self._requirements
        if not requirements:
            return b""
        if len(bindings) < len(requirements):
            raise _missing_bindings(len(requirements), len(bindings))
        values: list[int] = []
        append = values.append
        for binding, (extent, access) in zip(bindings, requirements, strict=False):
            buffer, offset, length = binding
            if (
                type(buffer) is Buffer
                and offset >= 0
                and extent <= length <= buffer.byte_length - offset
                and not access & ~buffer.allowed_access
                and buffer.address
            ):
                append(buffer.address + offset)
                append(length)
            else:
                values += _table_entry(buffer, offset, length, extent, access)
        return self._table_format.pack(*values)

    def run(self, table: bytes, keepalive: Sequence[Binding] = (), pool: TilePool | None = None) -> None:
        """Execute the commands now, on this thread.

        Args:
            table: what `prepare` returned.
            keepalive: what it was made of, whose buffers must live until this returns.
            pool: workers to share long dispatches with.
        Raises: the error of the first dispatch that fails; what ran before it has taken effect.
        """
        if self._program is None or self._runner is None:
            raise FailedPreconditionError("command buffer is still being recorded; finalize it first")
        self._runner(self._program, table, pool)

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

    def _require_slot(self, slot: int) -> None:
        if not 0 <= slot < self.binding_capacity:
            raise OutOfRangeError(
                f"indirect buffer reference slot {slot} is out range of the declared binding capacity "
                f"of the command buffer {self.binding_capacity}"
            )

    def _reference(self, ref: BufferRef, usage: int, access: int) -> Reference:
        buffer, offset, length, slot = ref
        if buffer is not None:
            if type(buffer) is not Buffer:
                raise InvalidArgumentError(f"expected a HAL buffer, found {type(buffer).__name__}")
            address, length = buffer.range(offset, length)
            buffer.require_usage(usage)
            buffer.require_access(access)
            self._resources.append(buffer)
            return Reference(SLOT_DIRECT, address, length)
        self._require_slot(slot)
        if offset < 0 or length < WHOLE_BUFFER:
            raise OutOfRangeError(f"slot {slot}: offset {offset} and length {length} must not be negative")
        extents = self._slot_extents
        while len(extents) <= slot:
            extents.append(_UNUSED_SLOT)
            self._slot_access.append(0)
        extent = offset + max(length, 0)
        extents[slot] = extent if extents[slot] == _UNUSED_SLOT else max(extents[slot], extent)
        self._slot_access[slot] |= access
        return Reference(slot, offset, length)


def check_fill(offset: int, length: int, pattern_length: int) -> None:
    """Raise InvalidArgumentError unless a fill's pattern has a supported size and divides its range."""
    if pattern_length not in (1, 2, 4, 8):
        raise InvalidArgumentError(
            f"fill value length is not one of the supported values (pattern_length={pattern_length})"
        )
    if offset % pattern_length or (length != WHOLE_BUFFER and length % pattern_length):
        raise InvalidArgumentError(
            "fill offset and length must be multiples of the pattern length "
            f"(offset={offset}, length={length}, pattern_length={pattern_length})"
        )


def check_overlap(source: int, target: int, length: int) -> None:
    """Raise InvalidArgumentError where two ranges of equal length share a byte."""
    if abs(source - target) < length:
        raise InvalidArgumentError("source and target ranges overlap within the same buffer")


def check_workgroup_count(count: tuple[int, int, int]) -> None:
    """Raise OutOfRangeError unless counts fit the fields kernels read them from."""
    if not (0 <= count[0] < 1 << 32 and 0 <= count[1] < 1 << 32 and 0 <= count[2] < 1 << 16):
        raise OutOfRangeError(f"workgroup count {count} is out of range")


def _missing_bindings(needed: int, provided: int) -> InvalidArgumentError | OutOfRangeError:
    if not provided:
        return InvalidArgumentError(
            f"indirect command buffer requires at least {needed} bindings but no binding table was provided"
        )
    return OutOfRangeError(
        f"indirect command buffer requires at least {needed} bindings but only {provided} were provided"
    )


def _table_entry(
    buffer: Buffer | None, offset: int, length: int, extent: int, access: int
) -> tuple[int, int]:
    """What a table holds for an unusual binding: of a slot no command names, or to the buffer's end."""
    if extent == _UNUSED_SLOT:
        return 0, 0
    if type(buffer) is not Buffer:
        raise InvalidArgumentError("binding table slot requires a buffer but none was provided")
    address, length = buffer.range(offset, length)
    buffer.require_access(access)
    if extent > length:
        raise OutOfRangeError(
            "at least one command attempted to access an address outside of the valid bound buffer range "
            f"(end={extent}, binding offset={offset}, binding length={length})"
        )
    return address, length
