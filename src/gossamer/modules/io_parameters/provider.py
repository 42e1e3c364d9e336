"""Parameter providers: parameters of one scope, moved to and from a device's buffers in queue order.

In: an index of parameters, and lists of spans of them. Out: buffers, filled once the signal fence is reached.
A load that only reads parameters gets the file's own memory where that is aligned as kernels need it; so do
all contexts that load the same parameters. Mirrors `iree/io/parameter_index_provider.c`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from gossamer.abi.command_flags import CommandBufferMode, CommandCategory
from gossamer.abi.memory_flags import ALIGNMENT, BufferUsage, MemoryAccess, memory_access_name
from gossamer.errors import NotFoundError, OutOfRangeError, PermissionDeniedError, StatusError
from gossamer.format.parameters.entries import FileRange, ParameterEntry, repeat_pattern
from gossamer.format.parameters.file_handle import FileHandle
from gossamer.format.parameters.index import ParameterIndex
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.device import Device
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_ref import BufferRef
from gossamer.hal.timeline.fence import Fence

_ONE_SHOT = int(CommandBufferMode.ONE_SHOT)
_READ = int(MemoryAccess.READ)
_WRITE = int(MemoryAccess.WRITE)
_IMMUTABLE = int(BufferUsage.SHARING_IMMUTABLE)
_FILL_LENGTHS = (8, 4, 2, 1)

T = TypeVar("T")


class ParameterSpan(NamedTuple):
    """A part of a parameter and its place in a buffer; all in bytes."""

    key: str
    parameter_offset: int
    buffer_offset: int
    length: int


class ParameterProvider:
    """Serves the parameters of an index under one scope.

    Attributes:
        scope: what programs call it; empty for the one without a name.
        index: its parameters.
    """

    def __init__(self, scope: str, index: ParameterIndex) -> None:
        self.scope = scope
        self.index = index

    def __repr__(self) -> str:
        return f"<ParameterProvider {self.scope!r} of {len(self.index)} parameters>"

    def supports(self, scope: str) -> bool:
        """True for its own scope."""
        return scope == self.scope

    def load(
        self,
        device: Device,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        memory_type: int,
        usage: int,
        spans: Sequence[ParameterSpan],
    ) -> list[Buffer]:
        """Make a buffer of each span; contents are there once `signal` is reached.

        Args:
            usage: where it says SHARING_IMMUTABLE, buffers may be the file's own memory, and read-only.
        Raises: NotFoundError, PermissionDeniedError or OutOfRangeError where a span is no readable part of a
            parameter; `signal` fails with the same error.
        """

        def record(transfers: _Transfers) -> list[Buffer]:
            return [self._load_one(device, memory_type, usage, span, transfers) for span in spans]

        return _in_queue_order(device, affinity, wait, signal, record)

    def gather(
        self,
        device: Device,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        target: Buffer,
        spans: Sequence[ParameterSpan],
    ) -> None:
        """Copy spans to their places in one buffer.

        Raises: as `load`, and where the buffer has no room or may not be written to.
        """

        def record(transfers: _Transfers) -> None:
            for span in spans:
                transfers.read(self._entry(span, _READ), span, target)

        _in_queue_order(device, affinity, wait, signal, record)

    def scatter(
        self,
        device: Device,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        source: Buffer,
        spans: Sequence[ParameterSpan],
    ) -> None:
        """Copy from one buffer to spans of parameters; a mapped file is changed.

        Raises: as `load`, and where a parameter cannot be written to: patterns, and files not opened so.
        """

        def record(transfers: _Transfers) -> None:
            for span in spans:
                transfers.write(source, span, self._entry(span, _WRITE))

        _in_queue_order(device, affinity, wait, signal, record)

    def _entry(self, span: ParameterSpan, access: int) -> ParameterEntry:
        """The entry of a span, checked for access and range."""
        try:
            entry = self.index[span.key]
        except NotFoundError as error:
            where = f"of scope '{self.scope}'" if self.scope else "without a scope"
            raise error.annotate(f"in parameters {where}") from None
        allowed = _allowed_access(entry)
        if access & ~allowed:
            raise PermissionDeniedError(
                f"parameter `{entry.key}` storage does not support the requested access type; "
                f"parameter allows {memory_access_name(allowed) or 'NONE'}, "
                f"operation requires {memory_access_name(access)}"
            )
        if span.parameter_offset + span.length > entry.length:
            raise OutOfRangeError(
                f"parameter `{entry.key}` range out of bounds (offset={span.parameter_offset}, "
                f"length={span.length}, size={entry.length})"
            )
        return entry

    def _load_one(
        self, device: Device, memory_type: int, usage: int, span: ParameterSpan, transfers: _Transfers
    ) -> Buffer:
        entry = self._entry(span, _READ)
        if usage & _IMMUTABLE and isinstance(entry.storage, FileRange) and span.buffer_offset == 0:
            start = entry.storage.offset + span.parameter_offset
            memory = entry.storage.handle.private_part(start, span.length)
            if memory is not None:
                imported = device.allocator.import_memory(memory, memory_type, usage, read_only=True)
                if imported.address % ALIGNMENT == 0:
                    return imported
        buffer = device.allocator.allocate_buffer(span.length, memory_type, usage)
        transfers.read(entry, span, buffer)
        return buffer


def _allowed_access(entry: ParameterEntry) -> int:
    if not isinstance(entry.storage, FileRange):
        return _READ
    handle = entry.storage.handle
    return (_READ if handle.is_readable else 0) | (_WRITE if handle.is_writable else 0)


class _Transfers:
    """Transfers of one queue operation, recorded for the device to run together."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._commands: CommandBuffer | None = None
        self._files: dict[FileHandle, Buffer] = {}

    def read(self, entry: ParameterEntry, span: ParameterSpan, target: Buffer) -> None:
        """Copy a span to its place in a buffer."""
        if isinstance(entry.storage, FileRange):
            source = BufferRef(*self._place(entry.storage, span))
            self._recorded().copy_buffer(source, BufferRef(target, span.buffer_offset, span.length))
        else:
            self._fill(entry.storage.pattern, span, target)

    def write(self, source: Buffer, span: ParameterSpan, entry: ParameterEntry) -> None:
        """Copy from a place in a buffer to a span."""
        assert isinstance(entry.storage, FileRange)
        target = BufferRef(*self._place(entry.storage, span))
        self._recorded().copy_buffer(BufferRef(source, span.buffer_offset, span.length), target)

    def finish(self) -> CommandBuffer | None:
        """What was recorded, or None where nothing is to be moved."""
        if self._commands is not None:
            self._commands.finalize()
        return self._commands

    def _recorded(self) -> CommandBuffer:
        if self._commands is None:
            self._commands = self._device.create_command_buffer(_ONE_SHOT, CommandCategory.TRANSFER)
        return self._commands

    def _place(self, storage: FileRange, span: ParameterSpan) -> tuple[Buffer, int, int]:
        handle = storage.handle
        memory = self._files.get(handle)
        if memory is None:
            handle.require_whole()
            memory = self._files[handle] = Buffer.wrap(handle.contents)
        return memory, storage.offset + span.parameter_offset, span.length

    def _fill(self, pattern: bytes, span: ParameterSpan, target: Buffer) -> None:
        """Repeat a pattern, by a fill where one can do it."""
        commands = self._recorded()
        reference = BufferRef(target, span.buffer_offset, span.length)
        # Why now: a pattern that no fill can repeat is written out below, and a file may name any length.
        target.range(span.buffer_offset, span.length)
        for size in _FILL_LENGTHS:
            word = repeat_pattern(pattern, span.parameter_offset, size)
            fits = size % len(pattern) == 0 and not (span.buffer_offset % size or span.length % size)
            if fits:
                commands.fill_buffer(reference, int.from_bytes(word, "little"), size)
                return
        contents = Buffer.wrap(repeat_pattern(pattern, span.parameter_offset, span.length))
        commands.copy_buffer(BufferRef(contents, 0, span.length), reference)


def _in_queue_order(
    device: Device,
    affinity: int,
    wait: Fence | None,
    signal: Fence | None,
    record: Callable[[_Transfers], T],
) -> T:
    """Record transfers and submit them as one operation; an error fails the signal fence and is raised."""
    transfers = _Transfers(device)
    try:
        result = record(transfers)
        commands = transfers.finish()
        if commands is None:
            device.queue_barrier(affinity, wait, signal)
        else:
            device.queue_execute(affinity, wait, signal, commands)
    except StatusError as error:
        if signal is not None:
            signal.fail(error)
        raise
    return result
