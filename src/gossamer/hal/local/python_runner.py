"""Runs programs record by record in Python: the reference for the native runner.

It runs what the native runner cannot: kernels that are Python callables. Native kernels are called
through ctypes, one call a workgroup, without the denormal mode of the native runner.
In: a program and a packed binding table. Out: nothing, or the error of the first dispatch that failed.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable

from gossamer.errors import InternalStatusError, StatusError
from gossamer.hal.executable import BoundMemory, DispatchCall, WorkgroupCallable
from gossamer.hal.local.kernel_errors import kernel_error
from gossamer.hal.local.native_runner import local_memory
from gossamer.hal.local.program import (
    SLOT_DIRECT,
    SLOT_IN_PROGRAM,
    BarrierRecord,
    CopyRecord,
    DispatchRecord,
    FillRecord,
    Program,
    Reference,
)
from gossamer.limits.scope import CallScope, interrupt_address


class DispatchState(ctypes.Structure):
    """What native kernels get about their dispatch. Spec: `iree/hal/local/executable_library.h` version 6."""

    _fields_ = (
        ("workgroup_size_x", ctypes.c_uint32),
        ("workgroup_size_y", ctypes.c_uint32),
        ("workgroup_size_z", ctypes.c_uint16),
        ("constant_count", ctypes.c_uint16),
        ("workgroup_count_x", ctypes.c_uint32),
        ("workgroup_count_y", ctypes.c_uint32),
        ("workgroup_count_z", ctypes.c_uint16),
        ("max_concurrency", ctypes.c_uint8),
        ("binding_count", ctypes.c_uint8),
        ("constants", ctypes.c_void_p),
        ("binding_ptrs", ctypes.c_void_p),
        ("binding_lengths", ctypes.c_void_p),
        # Not of that specification: kernels of our own look here for `limits.interrupt_word`.
        ("interrupt_words", ctypes.c_void_p),
    )


class WorkgroupState(ctypes.Structure):
    """What native kernels get about their workgroup. Spec: as for `DispatchState`."""

    _fields_ = (
        ("workgroup_id_x", ctypes.c_uint32),
        ("workgroup_id_y", ctypes.c_uint32),
        ("workgroup_id_z", ctypes.c_uint16),
        ("reserved", ctypes.c_uint16),
        ("processor_id", ctypes.c_uint32),
        ("local_memory", ctypes.c_void_p),
        ("local_memory_size", ctypes.c_uint32),
    )


_KERNEL_TYPE = ctypes.CFUNCTYPE(
    ctypes.c_int32, ctypes.c_void_p, ctypes.POINTER(DispatchState), ctypes.POINTER(WorkgroupState)
)


def run_python(program: Program, table: bytes, scope: CallScope | None = None) -> None:
    """Run any program; arguments and errors as for `run_native`."""
    slots = struct.unpack(f"<{len(table) // 8}Q", table)
    run = _Run(program, slots, scope)
    for record in program.records:
        match record:
            case DispatchRecord():
                run.dispatch(record)
            case FillRecord():
                run.fill(record)
            case CopyRecord(source, target):
                source_memory, target_memory = run.resolve(source), run.resolve(target)
                ctypes.memmove(target_memory.address, source_memory.address, target_memory.length)
            case BarrierRecord():
                pass


class _Run:
    """One execution: the program and the memory its slots stand for."""

    def __init__(self, program: Program, slots: tuple[int, ...], scope: CallScope | None) -> None:
        self._scope = scope
        self._program = program
        self._slots = slots
        self._base = program.address

    def resolve(self, reference: Reference) -> BoundMemory:
        if reference.slot == SLOT_DIRECT:
            return BoundMemory(reference.address, reference.length)
        if reference.slot == SLOT_IN_PROGRAM:
            start = self._program.data_offset + reference.address
            return BoundMemory(self._base + start, reference.length)
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
        run_workgroup = _native_kernel(record, call, self._scope)
        if run_workgroup is None:
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


def _native_kernel(
    record: DispatchRecord, call: DispatchCall, scope: CallScope | None
) -> WorkgroupCallable | None:
    function = record.function
    if not function.address:
        return None
    kernel = _KERNEL_TYPE(function.address)
    addresses = (ctypes.c_uint64 * len(call.bindings))(*(memory.address for memory in call.bindings))
    lengths = (ctypes.c_uint64 * len(call.bindings))(*(memory.length for memory in call.bindings))
    constants = (ctypes.c_uint32 * len(call.constants))(*call.constants)
    state = DispatchState(
        1, 1, 1, len(call.constants), *call.workgroup_count, 1, len(call.bindings),
        ctypes.addressof(constants), ctypes.addressof(addresses), ctypes.addressof(lengths),
        interrupt_address(scope),
    )  # fmt: skip
    memory = call.local_memory

    def run(x: int, y: int, z: int) -> None:
        # Safety: the arrays the structs point to are cells of this closure.
        _ = addresses, lengths, constants
        workgroup = WorkgroupState(x, y, z, 0, 0, memory.address, memory.length)
        returned = kernel(function.environment, ctypes.byref(state), ctypes.byref(workgroup))
        if returned:
            raise kernel_error(function, returned, scope)

    return run
