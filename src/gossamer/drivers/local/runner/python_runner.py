"""Runs programs record by record in Python: the reference for the native runner.

It runs what the native runner cannot: kernels that are Python callables. Dispatches of native kernels among
them go to the native runner, one by one.
In: a program and a packed binding table. Out: nothing, or the error of the first dispatch that failed.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from contextlib import nullcontext
from typing import TypeAlias

from gossamer.drivers.local.runner.native_runner import local_memory
from gossamer.errors import InternalStatusError, StatusError, UnavailableError
from gossamer.hal.command.program import Program, build_program
from gossamer.hal.command.program_reader import decode_records
from gossamer.hal.command.records import (
    SLOT_DIRECT,
    CopyRecord,
    DispatchRecord,
    FillRecord,
    Reference,
    UpdateRecord,
)
from gossamer.hal.executable import BoundMemory, DispatchCall, WorkgroupCallable
from gossamer.limits.scope import CallScope

NativeRun: TypeAlias = Callable[[Program, bytes, CallScope | None], None]
"""Runs a program without Python kernels with a binding table, under a scope of calls or none."""


def run_python(
    program: Program, table: bytes, scope: CallScope | None = None, run_native: NativeRun | None = None
) -> None:
    """Run any program; arguments and errors as for `native_runner.run_native`.

    Args:
        run_native: for dispatches of native kernels; None where there is no native runner.
    Raises: UnavailableError also, for a native kernel that there is no runner for.
    """
    slots = struct.unpack(f"<{len(table) // 8}Q", table)
    with nullcontext() if scope is None else scope.apply():
        _Run(program, slots, scope).run(table, run_native)


class _Run:
    """One execution: the program and the memory its slots stand for."""

    def __init__(self, program: Program, slots: tuple[int, ...], scope: CallScope | None) -> None:
        self._scope = scope
        self._program = program
        self._slots = slots

    def run(self, table: bytes, run_native: NativeRun | None) -> None:
        for record in decode_records(self._program):
            match record:
                case DispatchRecord(function) if not function.address:
                    self.dispatch(record)
                case DispatchRecord(function):
                    if run_native is None:
                        raise UnavailableError(
                            f"kernel '{function.name}' is native code, which needs llvmlite"
                        )
                    run_native(build_program([record]), table, self._scope)
                case FillRecord():
                    self.fill(record)
                case CopyRecord(source, target):
                    source_memory, target_memory = self.resolve(source), self.resolve(target)
                    ctypes.memmove(target_memory.address, source_memory.address, target_memory.length)
                case UpdateRecord(data, target):
                    ctypes.memmove(self.resolve(target).address, data, len(data))

    def resolve(self, reference: Reference) -> BoundMemory:
        if reference.slot == SLOT_DIRECT:
            return BoundMemory(reference.address, reference.length)
        base, length = self._slots[2 * reference.slot], self._slots[2 * reference.slot + 1]
        if reference.length >= 0:
            return BoundMemory(base + reference.address, reference.length)
        return BoundMemory(base + reference.address, length - reference.address)

    def fill(self, record: FillRecord) -> None:
        target = self.resolve(record.target)
        pattern = record.pattern.to_bytes(8, "little")[: record.pattern_length]
        count = target.length // record.pattern_length
        ctypes.memmove(target.address, pattern * count, count * record.pattern_length)

    def dispatch(self, record: DispatchRecord) -> None:
        counts = record.workgroup_count
        if record.indirect_count is not None:
            address = self.resolve(record.indirect_count).address
            counts = struct.unpack("<3I", ctypes.string_at(address, 12))
        scratch = record.function.local_memory_bytes
        call = DispatchCall(
            tuple(map(self.resolve, record.bindings)),
            record.constants,
            (counts[0], counts[1], counts[2]),
            BoundMemory(local_memory.reserve(scratch), scratch),
        )
        run_workgroup = _python_kernel(record, call)
        for z in range(counts[2]):
            for y in range(counts[1]):
                for x in range(counts[0]):
                    if self._scope is not None:
                        self._scope.check()
                    run_workgroup(x, y, z)


def _python_kernel(record: DispatchRecord, call: DispatchCall) -> WorkgroupCallable:
    kernel = record.function.kernel
    assert kernel is not None
    name = record.function.name
    try:
        return _reporting(kernel(call), name)
    except StatusError:
        raise
    except Exception as error:
        raise InternalStatusError(f"kernel '{name}' raised {error!r}") from error


def _reporting(run: WorkgroupCallable, name: str) -> Callable[[int, int, int], None]:
    def run_reporting(x: int, y: int, z: int) -> None:
        try:
            run(x, y, z)
        except StatusError:
            raise
        except Exception as error:
            raise InternalStatusError(f"kernel '{name}' raised {error!r}") from error

    return run_reporting
