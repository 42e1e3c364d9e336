"""Benchmarks that call functions, synchronous and asynchronous."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from gossamer.hal.timeline.fence import Fence
from gossamer.hal.timeline.semaphore import Semaphore
from gossamer.tools.benchmark.measure import Timing
from gossamer.vm.link.function import Function


class Invocations:
    """Calls of one function with the same arguments.

    Attributes:
        returned: what the last call returned, as the callable ABI has it.
    """

    def __init__(
        self, function: Function, values: Sequence[object], batch_size: int, concurrency: int
    ) -> None:
        self._callable: Callable[..., object] = function.callable
        self._values = tuple(values)
        self._batch_size = batch_size
        self._concurrency = concurrency
        self.returned: object = None

    def run(self, iterations: int) -> Timing:
        """One call for each batch of iterations, which the function itself repeats."""
        batches = -(-iterations // self._batch_size)
        call, values = self._callable, self._values
        returned = None
        real, cpu = time.perf_counter(), time.process_time()
        for _ in range(batches):
            returned = call(*values)
        real, cpu = time.perf_counter() - real, time.process_time() - cpu
        self.returned = returned
        return Timing(batches * self._batch_size, real, cpu)

    def run_async(self, iterations: int) -> Timing:
        """Batches of calls, each after the one before it by fences, some at the same time; then a wait."""
        concurrency = self._concurrency
        batch_size = -(-self._batch_size // concurrency) * concurrency
        batches = -(-iterations // batch_size)
        real = cpu = 0.0
        for _ in range(batches):
            timelines = [Semaphore() for _ in range(concurrency)]
            steps = batch_size // concurrency
            # Why: made before the clock starts; a program that runs all day has them too.
            fences = [
                (Fence.at(timeline, step) if step else None, Fence.at(timeline, step + 1))
                for step in range(steps)
                for timeline in timelines
            ]
            done = Fence((timeline, steps) for timeline in timelines)
            call, values = self._callable, self._values
            real_start, cpu_start = time.perf_counter(), time.process_time()
            for wait, signal in fences:
                self.returned = call(*values, wait, signal)
            done.wait()
            real += time.perf_counter() - real_start
            cpu += time.process_time() - cpu_start
        return Timing(batches * batch_size, real, cpu)
