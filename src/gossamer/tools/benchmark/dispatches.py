"""Benchmarks that dispatch one kernel again and again, without a program around it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from gossamer.abi.command_flags import CommandCategory
from gossamer.hal.device import Device
from gossamer.hal.executable import Executable
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_ref import BufferRef
from gossamer.hal.queue import QUEUE_AFFINITY_ANY
from gossamer.hal.timeline.fence import Fence
from gossamer.hal.timeline.semaphore import Semaphore
from gossamer.tools.benchmark.measure import Timing


class Dispatches:
    """Dispatches of one kernel over one grid, recorded once, a batch of them in each submission."""

    def __init__(
        self,
        device: Device,
        executable: Executable,
        function_id: int,
        workgroup_count: tuple[int, int, int],
        constants: Sequence[int],
        bindings: Sequence[Buffer],
        *,
        batch_size: int,
    ) -> None:
        """Record a batch.

        Raises: OutOfRangeError where there is no such function; InvalidArgumentError where constants or
            bindings are not what it takes.
        """
        self._device = device
        self._batch_size = batch_size
        self._commands = device.create_command_buffer(0, CommandCategory.DISPATCH)
        references = [BufferRef(buffer) for buffer in bindings]
        for _ in range(batch_size):
            self._commands.dispatch(executable, function_id, workgroup_count, constants, references)
            self._commands.execution_barrier()
        self._commands.finalize()

    def run(self, iterations: int) -> Timing:
        """Do at least so many dispatches; each submission is waited for."""
        batches = -(-iterations // self._batch_size)
        timeline = Semaphore()
        # Why: the first submission of a process loads what runs it.
        self._submit(timeline, 1)
        real, cpu = time.perf_counter(), time.process_time()
        for value in range(2, batches + 2):
            self._submit(timeline, value)
        real, cpu = time.perf_counter() - real, time.process_time() - cpu
        return Timing(batches * self._batch_size, real, cpu)

    def _submit(self, timeline: Semaphore, value: int) -> None:
        finish = Fence.at(timeline, value)
        self._device.queue_execute(QUEUE_AFFINITY_ANY, None, finish, self._commands)
        finish.wait()
