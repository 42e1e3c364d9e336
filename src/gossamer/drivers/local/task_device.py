"""`local-task`: work runs on worker threads; submitting it returns at once.

What is known to take a few microseconds only runs in the submitting thread: handing it over takes longer. So
does what that thread only waits for, unless it takes long.

Native code releases the interpreter lock, so workers run in parallel with each other and the caller, and
share the workgroups of a long dispatch through a tile pool.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from queue import SimpleQueue

from gossamer.drivers.host.device import HostDevice
from gossamer.drivers.local.runner.runner import runner_for
from gossamer.drivers.local.runner.tile_pool import TilePool
from gossamer.drivers.local.workers.worker_options import DEFAULT_WORKERS, WorkerOptions
from gossamer.errors import StatusError
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.executable import ExecutableLoader
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.timeline.fence import Fence
from gossamer.hal.timeline.pending import failed_fence
from gossamer.limits.scope import CallScope
from gossamer.processor.host import usable_processor_count

_BRIEF_NANOSECONDS = 30_000
"""Work expected to be done in less runs where it is submitted: handing it to a thread takes longer."""

_AWAITED_NANOSECONDS = 50_000_000
"""The same for work that the submitting thread only waits for; it cannot be interrupted for so long."""

_Task = tuple[Fence | None, Callable[..., None], tuple[object, ...]]


class TaskDevice(HostDevice):
    """Runs operations on a pool of threads, started at the first operation.

    Attributes:
        worker_count: threads of the pool.
    """

    def __init__(
        self,
        identifier: str,
        *,
        workers: WorkerOptions = DEFAULT_WORKERS,
        executable_loaders: Sequence[ExecutableLoader] = (),
        allocator: Allocator | None = None,
    ) -> None:
        self.worker_count = max(workers.count or usable_processor_count(), 1)
        self._workers = workers
        self._pool = pool = TilePool(self.worker_count, workers)
        super().__init__(
            identifier,
            partial(runner_for, pool=pool),
            executable_loaders=executable_loaders,
            allocator=allocator,
        )
        self.takes_direct_calls = type(self) is TaskDevice
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._start_lock = threading.Lock()
        self._caller = threading.Lock()
        self._process = os.getpid()

    @property
    def concurrency(self) -> int:
        """One workgroup for each worker."""
        return self.worker_count

    def close(self) -> None:
        """Finish what was submitted and is ready to run, then stop the workers."""
        with self._start_lock:
            threads, self._threads = self._threads, []
        for _ in threads:
            self._tasks.put(None)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join()
        self._pool.close()
        super().close()

    def _start(
        self, signal: Fence | None, operation: Callable[..., None], arguments: tuple[object, ...]
    ) -> None:
        if not self._threads or self._process != os.getpid():
            self._start_workers()
        self._tasks.put((signal, operation, arguments))

    def _runs_inline(self, command_buffer: CommandBuffer) -> bool:
        expected = command_buffer.expected_nanoseconds
        if self._workers.restricts_work:
            return False
        return expected is not None and expected < _BRIEF_NANOSECONDS

    def _execute(
        self,
        signal: Fence | None,
        command_buffer: CommandBuffer,
        table: bytes,
        keepalive: Sequence[object],
        scope: CallScope | None,
    ) -> None:
        if self._runs_inline(command_buffer):
            super()._start(signal, command_buffer.run, (table, keepalive, scope))
        else:
            self._start(signal, self._run_timed, (command_buffer, table, keepalive, scope))

    def _execute_awaited(
        self,
        command_buffer: CommandBuffer,
        table: bytes,
        keepalive: Sequence[object],
        scope: CallScope | None,
    ) -> Fence | None:
        expected = command_buffer.expected_nanoseconds
        if (
            expected is None
            or expected > _AWAITED_NANOSECONDS
            or self._workers.are_special
            # Why one at a time: else more threads would be at work than there are to be workers.
            or not self._caller.acquire(blocking=False)
        ):
            return super()._execute_awaited(command_buffer, table, keepalive, scope)
        try:
            self._run_timed(command_buffer, table, keepalive, scope)
        except Exception as exception:
            return failed_fence(exception)
        finally:
            self._caller.release()
        return None

    def _run_timed(
        self,
        command_buffer: CommandBuffer,
        table: bytes,
        keepalive: Sequence[object],
        scope: CallScope | None,
    ) -> None:
        begun = time.perf_counter_ns()
        try:
            self._workers.check_local_memory(command_buffer.program.local_memory_bytes)
            command_buffer.run(table, keepalive, scope, True)
        except StatusError as error:
            self._workers.abort_if_asked(error)
            raise
        command_buffer.record_duration(time.perf_counter_ns() - begun)

    def _start_workers(self) -> None:
        with self._start_lock:
            if self._process != os.getpid():
                # Threads do not survive a fork: the child starts its own.
                self._tasks = SimpleQueue()
                self._threads = []
                self._process = os.getpid()
            if self._threads:
                return
            self._threads = [
                threading.Thread(
                    target=self._workers.pinned(index, self._work),
                    name=f"{self.identifier}-{index}",
                    daemon=True,
                )
                for index in range(self.worker_count)
            ]
            with self._workers.starting_threads():
                for thread in self._threads:
                    thread.start()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            super()._start(*task)
            # Fences and buffers of a finished task must not live until the next one comes.
            del task

    def _report_unobserved(self, error: StatusError) -> None:
        # Why: nobody waits for this operation, and raising would end the worker.
        sys.stderr.write(f"gossamer: queue operation without a signal fence failed: {error}\n")
