"""Host queues: operations run by the thread that makes them possible, or as a subclass says.

An operation is done when its call returns unless its wait fence is not reached yet. Then the thread that
reaches the fence does it, so a signaller later in the same thread is no deadlock. A subclass with workers
says by the underscored methods what it runs where.
In: operations, see `hal.queue`. Out: command buffers run, functions called, fences signalled or failed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from gossamer.errors import CancelledError, StatusError
from gossamer.hal.command.binding_table import Binding
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.queue import Queue
from gossamer.hal.timeline.fence import Fence
from gossamer.hal.timeline.pending import as_status_error, failed_fence, start_when_reached
from gossamer.limits.scope import CallScope, current_scope


class HostQueue(Queue):
    """Barriers, command buffers and calls on a host queue."""

    def queue_barrier(self, affinity: int, wait: Fence | None, signal: Fence | None) -> None:
        """Signal one fence when another is reached."""
        del affinity
        if wait is None or wait.is_reached:
            if signal is not None:
                signal.signal()
        elif signal is not None:
            start_when_reached(wait, signal, signal.signal, current_scope())

    def submit_barrier(self, affinity: int, wait: Fence | None) -> Fence | None:
        """See `Queue.submit_barrier`; no fence is made where the wait fence is reached."""
        if wait is None or wait.is_reached:
            return None
        signal = Fence.create()
        self.queue_barrier(affinity, wait, signal)
        return signal

    def queue_execute(
        self,
        affinity: int,
        wait: Fence | None,
        signal: Fence | None,
        command_buffer: CommandBuffer,
        bindings: Sequence[Binding] = (),
    ) -> None:
        """Execute a command buffer of this device; see `Queue.queue_execute`."""
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
        """See `Queue.submit_execute`; no fence is made where the command buffer runs here."""
        if wait is None or wait.is_reached:
            return self.submit_table(command_buffer, command_buffer.prepare(bindings), bindings)
        signal = Fence.create()
        self.queue_execute(affinity, wait, signal, command_buffer, bindings)
        return signal

    def submit_table(
        self, command_buffer: CommandBuffer, table: bytes, keepalive: Sequence[object]
    ) -> Fence | None:
        """Execute a command buffer at once; see `DirectDevice.submit_table`."""
        scope = current_scope()
        if not self._runs_inline(command_buffer):
            return self._execute_awaited(command_buffer, table, keepalive, scope)
        try:
            command_buffer.run(table, keepalive, scope)
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

    def _submit(
        self, wait: Fence | None, signal: Fence | None, operation: Callable[..., None], *arguments: object
    ) -> None:
        if wait is None or wait.is_reached:
            self._start(signal, operation, arguments)
        else:
            start = partial(self._start, signal, operation, arguments)
            start_when_reached(wait, signal, start, current_scope())

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
        except BaseException as exception:
            # Ctrl-C, as a rule: who submitted gets it, and nobody waits for what will not come.
            if signal is not None:
                signal.fail(CancelledError(f"ended by {type(exception).__name__}"))
            raise
        else:
            if signal is not None:
                signal.signal()

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
        self._start(signal, command_buffer.run, (table, keepalive, scope))

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

    def _report_unobserved(self, error: StatusError) -> None:
        """Handle an error that no fence can carry."""
        raise error


def _call(function: Callable[[], object]) -> None:
    function()
