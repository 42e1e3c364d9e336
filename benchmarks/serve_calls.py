"""Times calls of a compiled model in a process of its own, whenever it is asked to.

Usage: python benchmarks/serve_calls.py RUNTIME MODULE FUNCTION DEVICE WORKERS [ARGUMENT]

RUNTIME is `iree` (its Python binding, in an environment that has it), `gossamer` (a pipeline's function) or
`gossamer-bound` (what a pipeline's function calls). WORKERS is 0 on devices without any. Each line of stdin
is a number of calls; the answer is a line with the microseconds of each. The argument, a `.npy` file, is on
the device before.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE, Popen

import numpy as np

Call = Callable[[], object]


class CallServer:
    """A process of this file."""

    def __init__(self, prefix: list[str], python: Path | str, *arguments: object) -> None:
        command = [*prefix, str(python), __file__, *map(str, arguments)]
        self._process = Popen(command, stdin=PIPE, stdout=PIPE, text=True)

    def microseconds(self, count: int) -> list[float]:
        """How long each of a number of calls takes."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{count}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().split()
        if len(answer) != count:
            raise RuntimeError(f"{self._process.args} ended")
        return list(map(float, answer))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def iree_call(module: str, function: str, device: str, workers: int, arguments: list[np.ndarray]) -> Call:
    import iree.runtime as rt

    if workers:
        rt.flags.parse_flags(f"--task_topology_group_count={workers}")
    config = rt.Config(device)
    vm_module = rt.VmModule.mmap(config.vm_instance, module)
    context = rt.SystemContext(vm_modules=[vm_module], config=config)
    bound = context.modules[vm_module.name][function]
    on_device = [rt.asdevicearray(config.device, argument) for argument in arguments]
    return lambda: bound(*on_device)


def gossamer_call(
    module: str, function: str, device: str, workers: int, arguments: list[np.ndarray], *, is_bound: bool
) -> Call:
    import gossamer
    from gossamer.hal.memory.buffer_view import BufferView

    uri = f"{device}://?workers={workers}" if workers else device
    pipeline = gossamer.Pipeline([Path(module)], device=uri)
    allocator = pipeline.devices[0].allocator
    on_device = [BufferView.from_numpy(argument, allocator, copy=True) for argument in arguments]
    (program,) = pipeline.modules.values()
    whole = program[function]
    call = whole.function.callable if is_bound else whole
    return lambda: call(*on_device)


def main() -> None:
    runtime, module, function, device, workers, *paths = sys.argv[1:]
    arguments = [np.load(path) for path in paths]
    if runtime == "iree":
        call = iree_call(module, function, device, int(workers), arguments)
    else:
        is_bound = runtime == "gossamer-bound"
        call = gossamer_call(module, function, device, int(workers), arguments, is_bound=is_bound)
    for line in sys.stdin:
        times: list[float] = []
        for _ in range(int(line)):
            begun = time.perf_counter()
            call()
            times.append((time.perf_counter() - begun) * 1e6)
        print(*times, flush=True)


if __name__ == "__main__":
    main()
