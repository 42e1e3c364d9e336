"""Where the microseconds of one call of the sample go: each step alone, in the order of the call.

Usage: python benchmarks/llvm_cpu_call_profile.py module_a.vmfb module_b.vmfb pipeline.vmfb elements

The modules are compiled for llvm-cpu. Steps are measured by themselves, in turns, and the best time of each
counts; what translated functions do between them is what remains of the whole.
"""

from __future__ import annotations

import sys
import timeit
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import gossamer
from gossamer.drivers.local.ir.runner_ir import CALL_FORMAT
from gossamer.drivers.local.runner.native_runner import native_functions
from gossamer.hal.command.binding_table import BindingLayout
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.limits.interrupt_word import NEVER_INTERRUPTED

CALLS = 2000
ROUNDS = 25


def microseconds(steps: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Best time of each step, what calling it takes left out."""
    best = dict.fromkeys(steps, float("inf"))
    for _ in range(ROUNDS):
        empty = timeit.timeit(lambda: None, number=CALLS)
        for name, step in steps.items():
            best[name] = min(best[name], (timeit.timeit(step, number=CALLS) - empty) / CALLS * 1e6)
    return best


def print_profile(paths: Sequence[str], elements: int) -> None:
    pipeline = gossamer.Pipeline(paths, device="local-sync")
    allocator = pipeline.devices[0].allocator
    array = np.full(elements, -2.0, np.float32)
    run = pipeline.run
    bound = run.function.callable
    view = BufferView.from_numpy(array, allocator, copy=True)
    result = bound(view)
    assert isinstance(result, BufferView)
    length, element_type = array.nbytes, view.element_type
    native_a, submit_a = _submission(pipeline, "module_a", length)
    native_b, submit_b = _submission(pipeline, "module_b", length)
    times = microseconds(
        {
            "whole": lambda: run(array),
            "program": lambda: bound(view),
            "argument": lambda: BufferView.copy_of(array, element_type, allocator),
            "result": result.to_numpy,
            "allocation": lambda: allocator.allocate_buffer(length, 48, 3075),
            "view": lambda: BufferView(view.buffer, [elements], element_type),
            "native a": native_a,
            "native b": native_b,
            "submit a": submit_a,
            "submit b": submit_b,
        }
    )
    native, submitted = times["native a"] + times["native b"], times["submit a"] + times["submit b"]
    objects = 3 * times["allocation"] + 3 * times["view"]
    rows = [
        ("argument: memory, view, copy of the array", times["argument"]),
        ("3 allocations of tensors, and giving them back", 3 * times["allocation"]),
        ("3 buffer views", 3 * times["view"]),
        ("2 submissions: tables packed, errors looked for", submitted - native),
        ("2 native calls: command buffers with their kernels", native),
        ("translated functions: 3 calls, checks of 4 tensors", times["program"] - objects - submitted),
        ("result: array over the buffer's memory", times["result"]),
        (
            "PipelineFunction: arguments matched, scopes looked at",
            times["whole"] - times["program"] - times["argument"] - times["result"],
        ),
    ]
    print(f"{elements} elements, gossamer.Pipeline, one call: microseconds, best of {ROUNDS} rounds")
    for name, time in rows:
        print(f"  {time:7.2f}  {name}")
    print(f"  {times['whole']:7.2f}  whole call")


def _submission(
    pipeline: gossamer.Pipeline, module: str, length: int
) -> tuple[Callable[[], object], Callable[[], object]]:
    """A module's command buffer: the native call alone, and all of its submission."""
    state: Any = pipeline.context.state(module)
    commands = next(ref for ref in state.storage.refs if isinstance(ref, CommandBuffer))
    device = pipeline.devices[0]
    buffers = [device.allocator.allocate_buffer(length) for _ in range(commands.binding_count)]
    bindings = [(each, 0, length) for each in buffers]
    table = commands.prepare(bindings)
    values = [value for each in buffers for value in (each.address, length)]
    pack = BindingLayout([(0, length)] * len(buffers)).pack
    call = CALL_FORMAT.pack(commands.program.address, 0, 0, NEVER_INTERRUPTED) + table
    run = native_functions().run
    submit = device.submit_table
    return lambda: run(call), lambda: submit(commands, pack(*values), buffers)


if __name__ == "__main__":
    print_profile(sys.argv[1:-1], int(sys.argv[-1]))
