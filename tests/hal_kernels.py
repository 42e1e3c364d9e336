"""Kernels that HAL tests dispatch: native ones, and the same as Python callables."""

from __future__ import annotations

import ctypes
from functools import cache

import numpy as np

from gossamer.drivers.local.runner.native_runner import external_address
from gossamer.errors import AbortedError, StatusError, status_error
from gossamer.hal.executable import (
    BoundMemory,
    DispatchCall,
    Executable,
    ExecutableFunction,
    WorkgroupCallable,
)
from gossamer.machine_code.compiled_code import NativeCode, load_native_code

_HEADER = """
define internal ptr @binding(ptr %state, i64 %index) {
  %field = getelementptr i8, ptr %state, i64 32
  %pointers = load ptr, ptr %field
  %cell = getelementptr ptr, ptr %pointers, i64 %index
  %pointer = load ptr, ptr %cell
  ret ptr %pointer
}
"""

# out[x + y * 16 + z * 256] += constant[0] + 1
_COUNT = """
define i32 @count(ptr %environment, ptr %state, ptr %workgroup) {
  %x = load i32, ptr %workgroup
  %y_field = getelementptr i8, ptr %workgroup, i64 4
  %y = load i32, ptr %y_field
  %z_field = getelementptr i8, ptr %workgroup, i64 8
  %z16 = load i16, ptr %z_field
  %z = zext i16 %z16 to i32
  %y16 = mul i32 %y, 16
  %z256 = mul i32 %z, 256
  %xy = add i32 %x, %y16
  %index = add i32 %xy, %z256
  %out = call ptr @binding(ptr %state, i64 0)
  %cell = getelementptr i32, ptr %out, i32 %index
  %old = load i32, ptr %cell
  %constants_field = getelementptr i8, ptr %state, i64 24
  %constants = load ptr, ptr %constants_field
  %constant = load i32, ptr %constants
  %sum = add i32 %old, %constant
  %new = add i32 %sum, 1
  store i32 %new, ptr %cell
  ret i32 0
}
"""

# out[x] = in[x] * 0.5, for one float a workgroup
_HALVE = """
define i32 @halve(ptr %environment, ptr %state, ptr %workgroup) {
  %x = load i32, ptr %workgroup
  %in = call ptr @binding(ptr %state, i64 0)
  %out = call ptr @binding(ptr %state, i64 1)
  %source = getelementptr float, ptr %in, i32 %x
  %target = getelementptr float, ptr %out, i32 %x
  %value = load float, ptr %source
  %half = fmul float %value, 5.000000e-01
  store float %half, ptr %target
  ret i32 0
}
"""

# Fails in workgroup 3 with status 10 (ABORTED).
_FAIL = """
define i32 @fail(ptr %environment, ptr %state, ptr %workgroup) {
  %x = load i32, ptr %workgroup
  %bad = icmp eq i32 %x, 3
  %code = select i1 %bad, i32 10, i32 0
  ret i32 %code
}
"""

# out[0..5] = lengths of bindings 0 and 1, workgroup count x y z, local memory size; then writes local memory.
_INSPECT = """
define i32 @inspect(ptr %environment, ptr %state, ptr %workgroup) {
  %out = call ptr @binding(ptr %state, i64 0)
  %lengths_field = getelementptr i8, ptr %state, i64 40
  %lengths = load ptr, ptr %lengths_field
  %length0 = load i64, ptr %lengths
  %length1_cell = getelementptr i64, ptr %lengths, i64 1
  %length1 = load i64, ptr %length1_cell
  store i64 %length0, ptr %out
  %out1 = getelementptr i64, ptr %out, i64 1
  store i64 %length1, ptr %out1
  %count_x_field = getelementptr i8, ptr %state, i64 12
  %count_x = load i32, ptr %count_x_field
  %count_x64 = zext i32 %count_x to i64
  %out2 = getelementptr i64, ptr %out, i64 2
  store i64 %count_x64, ptr %out2
  %count_y_field = getelementptr i8, ptr %state, i64 16
  %count_y = load i32, ptr %count_y_field
  %count_y64 = zext i32 %count_y to i64
  %out3 = getelementptr i64, ptr %out, i64 3
  store i64 %count_y64, ptr %out3
  %count_z_field = getelementptr i8, ptr %state, i64 20
  %count_z = load i16, ptr %count_z_field
  %count_z64 = zext i16 %count_z to i64
  %out4 = getelementptr i64, ptr %out, i64 4
  store i64 %count_z64, ptr %out4
  %size_field = getelementptr i8, ptr %workgroup, i64 24
  %size = load i32, ptr %size_field
  %size64 = zext i32 %size to i64
  %out5 = getelementptr i64, ptr %out, i64 5
  store i64 %size64, ptr %out5
  %local_field = getelementptr i8, ptr %workgroup, i64 16
  %local = load ptr, ptr %local_field
  %last = sub i64 %size64, 1
  %last_cell = getelementptr i8, ptr %local, i64 %last
  store i8 1, ptr %last_cell
  ret i32 0
}
"""


def fail_status(returned: int) -> StatusError:
    return status_error(returned, f"workgroup failed with code {returned}")


# Spins constant[0] times, then out[x] += 1 and who[x] = processor id; fails in workgroup constant[1] with 10.
_WORK = """
define i32 @work(ptr %environment, ptr %state, ptr %workgroup) {
entry:
  %x = load i32, ptr %workgroup
  %constants_field = getelementptr i8, ptr %state, i64 24
  %constants = load ptr, ptr %constants_field
  %spins = load i32, ptr %constants
  %bad_cell = getelementptr i32, ptr %constants, i64 1
  %bad = load i32, ptr %bad_cell
  br label %spin
spin:
  %i = phi i32 [ 0, %entry ], [ %next, %spin ]
  %next = add i32 %i, 1
  call void asm sideeffect "", "r,~{memory}"(i32 %next)
  %more = icmp ult i32 %next, %spins
  br i1 %more, label %spin, label %done
done:
  %out = call ptr @binding(ptr %state, i64 0)
  %cell = getelementptr i32, ptr %out, i32 %x
  %old = load i32, ptr %cell
  %new = add i32 %old, 1
  store i32 %new, ptr %cell
  %who = call ptr @binding(ptr %state, i64 1)
  %who_cell = getelementptr i32, ptr %who, i32 %x
  %processor_field = getelementptr i8, ptr %workgroup, i64 12
  %processor = load i32, ptr %processor_field
  store i32 %processor, ptr %who_cell
  %local_field = getelementptr i8, ptr %workgroup, i64 16
  %local = load ptr, ptr %local_field
  store i32 %x, ptr %local
  %is_bad = icmp eq i32 %x, %bad
  %code = select i1 %is_bad, i32 10, i32 0
  ret i32 %code
}
"""

COUNT, HALVE, FAIL, INSPECT, WORK = range(5)


@cache
def _kernels() -> NativeCode:
    return load_native_code(_HEADER + _COUNT + _HALVE + _FAIL + _INSPECT + _WORK, external_address)


@cache
def native_executable() -> Executable:
    """`count`, `halve`, `fail`, `inspect` and `work`, compiled."""
    names = ["count", "halve", "fail", "inspect", "work"]
    code = _kernels()
    addresses = {name: code.address(name) for name in names}
    return Executable(
        [
            ExecutableFunction("count", 1, 1, address=addresses["count"]),
            ExecutableFunction("halve", 2, address=addresses["halve"]),
            ExecutableFunction("fail", 0, address=addresses["fail"], decode_status=fail_status),
            ExecutableFunction("inspect", 2, local_memory_bytes=4096, address=addresses["inspect"]),
            ExecutableFunction(
                "work",
                2,
                2,
                local_memory_bytes=100,
                address=addresses["work"],
                decode_status=fail_status,
            ),
        ],
        format="test-native",
    )


@cache
def python_executable() -> Executable:
    """The same in Python, but for `work`."""
    return Executable(
        [
            ExecutableFunction("count", 1, 1, kernel=_count),
            ExecutableFunction("halve", 2, kernel=_halve),
            ExecutableFunction("fail", 0, kernel=_fail),
            ExecutableFunction("inspect", 2, local_memory_bytes=4096, kernel=_inspect),
        ],
        format="test-python",
    )


def _array(memory: BoundMemory, dtype: type) -> np.ndarray:
    return np.frombuffer((ctypes.c_ubyte * memory.length).from_address(memory.address), dtype)


def _count(call: DispatchCall) -> WorkgroupCallable:
    out = _array(call.bindings[0], np.uint32)

    def run(x: int, y: int, z: int) -> None:
        cell = x + y * 16 + z * 256
        out[cell] = (int(out[cell]) + call.constants[0] + 1) & 0xFFFFFFFF

    return run


def _halve(call: DispatchCall) -> WorkgroupCallable:
    source, target = _array(call.bindings[0], np.float32), _array(call.bindings[1], np.float32)

    def run(x: int, y: int, z: int) -> None:
        target[x] = source[x] * np.float32(0.5)

    return run


def _fail(call: DispatchCall) -> WorkgroupCallable:
    def run(x: int, y: int, z: int) -> None:
        if x == 3:
            raise AbortedError("workgroup failed with code 10")

    return run


def _inspect(call: DispatchCall) -> WorkgroupCallable:
    out = _array(call.bindings[0], np.int64)

    def run(x: int, y: int, z: int) -> None:
        lengths = [memory.length for memory in call.bindings]
        out[:6] = [*lengths, *call.workgroup_count, call.local_memory.length]
        _array(call.local_memory, np.uint8)[-1] = 1

    return run
