"""Devices: queues of work ordered by fences.

Every queue operation takes a wait fence and a signal fence, either may be None, and returns at once on
`local-task`; on `local-sync` it is done when it returns unless its wait fence is not reached yet. Then
the thread that reaches the fence does it, so a signaller later in the same thread is no deadlock.
An operation whose wait fence fails, or that fails itself, fails its signal fence with that error;
an error in its arguments is raised at once. Operations belong to the scope of calls that they were queued
under (see `gossamer.limits`): when it is stopped, those that have not ended fail their signal fences.
In: operations. Out: memory changed, fences signalled or failed. Mirrors `iree/hal/device.h`.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Sequence
from functools import lru_cache, partial

from gossamer.errors import NotFoundError, StatusError, UnimplementedError
from gossamer.format.module_def import Bytes
from gossamer.hal.allocator import Allocator
from gossamer.hal.binding_table import Binding
from gossamer.hal.buffer import Buffer
from gossamer.hal.command_buffer import BufferRef, CommandBuffer, CommandCategory
from gossamer.hal.command_checks import check_fill
from gossamer.hal.executable import Executable, ExecutableLoader
from gossamer.hal.fence import Fence
from gossamer.hal.file import File
from gossamer.hal.local.cpu_features import cpu_feature
from gossamer.hal.memory import BufferUsage, MemoryAccess, MemoryType
from gossamer.hal.pending import as_status_error, failed_fence, start_when_reached
from gossamer.limits.scope import CallScope, current_scope

QUEUE_AFFINITY_ANY = -1

_READ = int(MemoryAccess.READ)
_WRITE = int(MemoryAccess.WRITE)
_TRANSFER_SOURCE = int(BufferUsage.TRANSFER_SOURCE)
_TRANSFER_TARGET = int(BufferUsage.TRANSFER_TARGET)


class Device:
    """A device that is this machine's CPU; as it stands, one that runs everything in the caller.

    A queue allocation that waits for nothing and tells nobody is one of `allocator`, and nothing more.

    Attributes:
        identifier: such as `local-sync`; programs look for devices by patterns of it.
        allocator: where its buffers come from.
        executable_loaders: what makes executables of bytes; asked in order.
    """

    def __init__(
        self,
        identifier: str,
        *,
        executable_loaders: Sequence[ExecutableLoader] = (),
        allocator: Allocator | None = None,
    ) -> None:
        self.identifier = identifier
        self.allocator = allocator or Allocator()
        self.executable_loaders = list(executable_loaders)

    def __repr__(self) -> str:
        return f"<hal.Device {self.identifier}>"

    @property
    def concurrency(self) -> int:
        """Workgroups that can run at a time."""
        return 1

    def _start(
        self, signal: Fence | None, operation: Callable[..., None], arguments: tuple[object, ...]
    ) -> None:
        """Run an operation whose wait fence is reached, and tell its signal fence.

        It runs on this thread; a subclass with workers calls this on one of them.
        """
        try:
            operation(*arguments)
        except Exception as exception:
            if signal is None:
                self._report_unobserved(as_status_error(exception))
            else:
                # Why without the traceback: its frames know the fence, which keeps the error; what the
                # operation worked on would stay in memory until Python looks for such circles.
                signal.fail(as_status_error(exception.with_traceback(None)))
        else:
            if signal is not None:
                signal.signal()

    def close(self) -> None:
        """Wait for what was started and stop workers; the device must not be used afterwards."""
        self.allocator.trim()

    def trim(self) -> None:
        """Give memory held for reuse back to the system."""
        self.allocator.trim()

    def query_i64(self, category: str, key: str) -> tuple[bool, int]:
        """Ask the device about itself.

        Args:
            category: `hal.device.id`, `hal.executable.format`, `hal.device`, `hal.dispatch` or `hal.cpu`.
            key: a pattern with `*` and `?`, a format, `concurrency`, or a CPU feature.
        Returns: whether it knows the key, and the value.
        """
        match category:
            case "hal.device.id":
                return True, int(_pattern(key).fullmatch(self.identifier) is not None)
            case "hal.executable.format":
                return True, int(any(loader.supports_format(key) for loader in self.executable_loaders))
            case "hal.device":
                return (True, 1) if key == "concurrency" else (False, 0)
            case "hal.dispatch":
                return (True, self.concurrency) if key == "concurrency" else (False, 0)
            case "hal.cpu":
                value = cpu_feature(key)
                return (False, 0) if value is None else (True, value)
            case _:
                return False, 0

    def create_executable(self, format: str, data: Bytes, constants: Sequence[int] = ()) -> Executable:
        """Make an executable of bytes.

        Raises: NotFoundError when no loader knows the format.
        """
        for loader in self.executable_loaders:
            if loader.supports_format(format):
                return loader.load(format, data, constants)
        raise NotFoundError(f"no executable loader registered for the given executable format '{format}'")

    def create_channel(self) -> object:
        """Collectives between devices are not available.

        Raises: UnimplementedError always.
        """
        raise UnimplementedError("collectives not implemented")

    def queue_alloca(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        byte_length: int,
        memory_type: int = MemoryType.DEVICE_LOCAL,
        usage: int = BufferUsage.DEFAULT,
    ) -> Buffer:
        """Allocate in queue order; later operations may name the buffer at once and use it once signalled."""
        buffer = self.allocator.allocate_buffer(byte_length, memory_type, usage)
        if wait is not None or signal is not None:
            self.queue_barrier(affinity, wait, signal)
        return buffer

    def submit_barrier(self, affinity: int, wait: Fence | None) -> Fence | None:
        """As `queue_barrier` with a signal fence made here: the fence, or None where it is reached."""
        if wait is None or wait.is_reached:
            return None
        signal = Fence.create()
        self.queue_barrier(affinity, wait, signal)
        return signal

    def queue_dealloca(self, affinity: int, wait: Fence | None, signal: Fence | None, buffer: Buffer) -> None:
        """Deallocate in queue order; the contents are out of reach from then on."""
        if wait is None or wait.is_reached:
            buffer.allocated_buffer.deallocate()
            self.queue_barrier(affinity, None, signal)
            return

        def deallocate() -> None:
            buffer.allocated_buffer.deallocate()
            if signal is not None:
                signal.signal()

        start_when_reached(wait, signal, deallocate, current_scope())

    def submit_dealloca(self, affinity: int, wait: Fence | None, buffer: Buffer) -> Fence | None:
        """As `queue_dealloca` with a signal fence made here: the fence, or None where it is reached."""
        if wait is None or wait.is_reached:
            buffer.allocated_buffer.deallocate()
            return None
        signal = Fence.create()
        self.queue_dealloca(affinity, wait, signal, buffer)
        return signal

    def queue_barrier(self, affinity: int, wait: Fence | None, signal: Fence | None) -> None:
        """Signal one fence when another is reached."""
        del affinity
        if wait is None or wait.is_reached:
            if signal is not None:
                signal.signal()
        elif signal is not None:
            start_when_reached(wait, signal, signal.signal, current_scope())

    def queue_fill(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        target: BufferRef,
        pattern: int,
        pattern_length: int,
    ) -> None:
        """Fill a range of a buffer with a pattern of 1, 2, 4 or 8 bytes."""
        check_fill(target.offset, target.length, pattern_length)
        commands = CommandBuffer(1, CommandCategory.TRANSFER)
        commands.fill_buffer(target, pattern, pattern_length)
        self._execute_now(affinity, wait, signal, commands)

    def queue_update(
        self, affinity: int, wait: Fence | None, signal: Fence | None, source: Bytes, target: BufferRef
    ) -> None:
        """Copy host bytes, as they are now, to a buffer."""
        commands = CommandBuffer(1, CommandCategory.TRANSFER)
        commands.update_buffer(source, target)
        self._execute_now(affinity, wait, signal, commands)

    def queue_copy(
        self, affinity: int, wait: Fence | None, signal: Fence | None, source: BufferRef, target: BufferRef
    ) -> None:
        """Copy between buffers."""
        commands = CommandBuffer(1, CommandCategory.TRANSFER)
        commands.copy_buffer(source, target)
        self._execute_now(affinity, wait, signal, commands)

    def queue_read(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        source: File,
        source_offset: int,
        target: BufferRef,
    ) -> None:
        """Copy from a file to a buffer; `target` says how many bytes."""
        assert target.buffer is not None
        target.buffer.require_usage(_TRANSFER_TARGET)
        target.buffer.require_access(_WRITE)
        address, length = target.buffer.range(target.offset, target.length)
        source_address, _ = source.range(source_offset, length)
        self._submit(wait, signal, _move, address, source_address, length, (source, target))
        del affinity

    def queue_write(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        source: BufferRef,
        target: File,
        target_offset: int,
    ) -> None:
        """Copy from a buffer to a file; `source` says how many bytes."""
        assert source.buffer is not None
        source.buffer.require_usage(_TRANSFER_SOURCE)
        source.buffer.require_access(_READ)
        address, length = source.buffer.range(source.offset, source.length)
        target_address, _ = target.range(target_offset, length, write=True)
        self._submit(wait, signal, _move, target_address, address, length, (source, target))
        del affinity

    def queue_execute(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        command_buffer: CommandBuffer,
        bindings: Sequence[Binding] = (),
    ) -> None:
        """Execute a command buffer.

        Args:
            bindings: table for its slots; the buffers are kept alive until it is done.
        """
        del affinity
        table = command_buffer.prepare(bindings)
        scope = current_scope()
        if wait is None or wait.is_reached:
            self._execute(signal, command_buffer, table, bindings, scope)
        else:
            start = partial(self._execute, signal, command_buffer, table, bindings, scope)
            start_when_reached(wait, signal, start, scope)

    def submit_execute(
        self,
        affinity: int,
        wait: Fence | None,
        command_buffer: CommandBuffer,
        bindings: Sequence[Binding] = (),
    ) -> Fence | None:
        """As `queue_execute` with a signal fence made here: the fence, or None where it is reached."""
        if wait is None or wait.is_reached:
            return self.submit_table(command_buffer, command_buffer.prepare(bindings), bindings)
        signal = Fence.create()
        self.queue_execute(affinity, wait, signal, command_buffer, bindings)
        return signal

    def submit_table(
        self, command_buffer: CommandBuffer, table: bytes, keepalive: Sequence[object]
    ) -> Fence | None:
        """As `submit_execute` at once, with a binding table that is packed and checked.

        Args:
            table: see `CommandBuffer.run`.
            keepalive: what has the table's buffers.
        """
        scope = current_scope()
        if not self._runs_inline(command_buffer):
            return self._execute_awaited(command_buffer, table, keepalive, scope)
        try:
            command_buffer.run(table, keepalive, None, scope)
        except Exception as exception:
            return failed_fence(exception)
        return None

    def queue_host_call(
        self, affinity: int, wait: Fence | None, signal: Fence | None, function: Callable[[], object]
    ) -> None:
        """Call a Python function in queue order; what it raises fails the signal fence."""
        del affinity
        self._submit(wait, signal, _call, function)

    def queue_flush(self, affinity: int) -> None:
        """Start what was submitted; nothing is held back here."""
        del affinity

    def _runs_inline(self, command_buffer: CommandBuffer) -> bool:
        """True where a command buffer is run by the thread that submits it."""
        del command_buffer
        return True

    def _execute(
        self,
        signal: Fence | None,
        command_buffer: CommandBuffer,
        table: bytes,
        keepalive: Sequence[object],
        scope: CallScope | None,
    ) -> None:
        """Start a command buffer whose wait fence is reached."""
        self._start(signal, command_buffer.run, (table, keepalive, None, scope))

    def _execute_awaited(
        self,
        command_buffer: CommandBuffer,
        table: bytes,
        keepalive: Sequence[object],
        scope: CallScope | None,
    ) -> Fence | None:
        """Start a command buffer for a thread that waits for it: a fence, or None where it is done."""
        signal = Fence.create()
        self._execute(signal, command_buffer, table, keepalive, scope)
        return signal

    def _execute_now(
        self, affinity: int, wait: Fence | None, signal: Fence | None, commands: CommandBuffer
    ) -> None:
        commands.finalize()
        self.queue_execute(affinity, wait, signal, commands)

    def _submit(
        self, wait: Fence | None, signal: Fence | None, operation: Callable[..., None], *arguments: object
    ) -> None:
        if wait is None or wait.is_reached:
            self._start(signal, operation, arguments)
        else:
            start = partial(self._start, signal, operation, arguments)
            start_when_reached(wait, signal, start, current_scope())

    def _report_unobserved(self, error: StatusError) -> None:
        """Handle an error that no fence can carry."""
        raise error


def _move(target: int, source: int, length: int, keepalive: object) -> None:
    ctypes.memmove(target, source, length)


def _call(function: Callable[[], object]) -> None:
    function()


@lru_cache(maxsize=64)
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in glob))
