"""One case: a file loaded, linked and called under limits, in this process.

The oracle: loading and calling either work or raise a `StatusError`; bad bytes raise `FormatError` that says
where. Everything else that is raised is a fault, and so is a dead process; the caller watches for that.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from fuzz_arguments import Plan, plan_arguments, plan_unknown
from fuzz_loaders import InertElfLoader

import gossamer
from gossamer.drivers.local.sync_device import SyncDevice
from gossamer.errors import FormatError, StatusError
from gossamer.hal.device import Device
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.memory.heap_allocator import HeapAllocator
from gossamer.hal.timeline.fence import Fence
from gossamer.limits.scope import call_limits
from gossamer.modules.hal.module import HalModule
from gossamer.modules.vmvx.executable import VmvxLoader
from gossamer.runtime.loading import load_module, with_system_modules
from gossamer.runtime.parameters import parameters_module
from gossamer.vm.bytecode.limits import DEFAULT_LIMITS, Limits
from gossamer.vm.bytecode.module import BytecodeModule
from gossamer.vm.link.context import Context
from gossamer.vm.link.function import Function
from gossamer.vm.link.module import Module
from gossamer.vm.loading import load_bytecode_module

_INTERPRETED = Limits(max_call_depth=64, max_steps=5_000, timeout_seconds=0.1)
_MEMORY_BYTES = 1 << 28
_MOST_CALLS = 48
_MOST_PAUSES = 8

Vector = Annotated[np.ndarray, "16xf32"]


@gossamer.module("host")
class Host:
    """What the sources that import from Python expect."""

    @gossamer.export
    def scale(self, value: Vector, factor: Annotated[float, "f32"]) -> Vector:
        return value * np.float32(factor)

    @gossamer.export
    def next(self, number: Annotated[int, "i32"]) -> Annotated[int, "i32"]:
        return number + 1


class CaseRunner:
    """Runs mutations of the modules of one corpus.

    Args:
        good_libraries: native executables of the corpus, as they were.
    """

    def __init__(self, folder: Path, good_libraries: Iterable[bytes]) -> None:
        self._folder = folder
        self._elf_loader = InertElfLoader(good_libraries)

    def run(self, data: bytes, file: str, before: Sequence[str]) -> str:
        """Load and call one file; the name of what happened.

        Everything is interpreted first, under the interpreter's limits. What loads is then run as programs
        usually are, under the limits of a scope: translated host functions, compiled kernels.

        Args:
            data: the file; its arguments are those of the good `file` it was made of.
            before: names of what is loaded before it.
        Raises: whatever is neither success nor a `StatusError`.
        """
        outcome = self._load_and_call(data, file, before, _INTERPRETED)
        if outcome.startswith("refused"):
            return outcome
        # The second load finds the verified module on disk, the third its translated functions too.
        for manner in ("natively", "again"):
            found = self._load_and_call(data, file, before, DEFAULT_LIMITS)
            if found != outcome:
                return f"{outcome}, {manner} {found}"
        return outcome

    @functools.cache  # noqa: B019
    def _good_module(self, file: str) -> Module:
        return load_module(Host) if file == "host" else load_module((self._folder / file).read_bytes())

    @functools.cache  # noqa: B019
    def _plans(self, file: str) -> dict[tuple[str, str], Plan]:
        module = self._good_module(file)
        plans = plan_arguments(module)
        return {(name, module.exports[name].calling_convention): plan for name, plan in plans.items()}

    def _load_and_call(self, data: bytes, file: str, before: Sequence[str], limits: Limits) -> str:
        try:
            module = load_bytecode_module(data, limits=limits, is_kept=True)
        except FormatError as error:
            if error.offset is None and not error.table:
                raise AssertionError(f"no place in: {error}") from error
            return "refused"
        except StatusError as error:
            return f"refused as {type(error).__name__}"
        device = SyncDevice(
            "local-sync",
            executable_loaders=[self._elf_loader, VmvxLoader(limits=limits)],
            allocator=HeapAllocator(capacity_bytes=_MEMORY_BYTES),
        )
        with call_limits(timeout=5.0, max_steps=50_000, max_depth=64, max_memory=_MEMORY_BYTES):
            return self._link_and_call(module, self._plans(file), before, device)

    def _link_and_call(
        self,
        module: BytecodeModule,
        plans: dict[tuple[str, str], Plan],
        before: Sequence[str],
        device: Device,
    ) -> str:
        modules = [*map(self._good_module, before), module]
        imported = {function.full_name.partition(".")[0] for function in module.imports}
        if "io_parameters" in imported:
            modules = [parameters_module({"model": {"scale": np.ones(16, np.float32)}}), *modules]
        if "hal" in imported:
            modules = [HalModule([device], trace=_ignore), *modules]
        try:
            with Context(with_system_modules(modules, [device])) as context:
                functions = [
                    context.lookup(f"{module.name}.{name}") for name in list(module.exports)[:_MOST_CALLS]
                ]
                outcomes = {
                    _call(function, plans.get((function.name, function.calling_convention)), device)
                    for function in functions
                }
        except StatusError:
            return "not linked"
        return "called" if "error" not in outcomes else "failed when called"


def _ignore(key: str, views: Sequence[BufferView]) -> None:
    for view in views:
        str(view), len(key)


def _call(function: Function, plan: Plan | None, device: Device) -> str:
    if plan is None:
        plan = plan_unknown(function.calling_convention)
    arguments = [_build(row, device) for row in plan]
    try:
        if function.resumable is None:
            function.callable(*arguments)
        else:
            # Why: the program may wait for a fence that nobody will ever signal.
            for _, _ in zip(range(_MOST_PAUSES), function.resumable(*arguments), strict=False):
                pass
    except StatusError:
        return "error"
    failures = [argument.failure for argument in arguments if isinstance(argument, Fence)]
    return "error" if any(failures) else "ok"


def _build(row: list[Any], device: Device) -> object:
    match row:
        case ["view", shape, dtype, element_type]:
            return _view(tuple(shape), np.dtype(dtype), element_type, device)
        case ["fence"]:
            return Fence.create()
        case ["wait"]:
            return None
        case ["span"]:
            return []
        case [_, value]:
            return value
        case _:
            raise AssertionError(row)


def _view(shape: tuple[int, ...], dtype: np.dtype[Any], element_type: int, device: Device) -> BufferView:
    values = np.arange(1, int(np.prod(shape)) + 1).astype(dtype)
    buffer = device.allocator.allocate_buffer(values.nbytes)
    buffer.to_numpy()[:] = values.view(np.uint8).reshape(-1)
    return BufferView(buffer, list(shape), element_type)
