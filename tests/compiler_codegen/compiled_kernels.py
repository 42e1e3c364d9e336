"""Kernels as targets compile them, run on NumPy arrays: bytecode by our VM, native code through its ABI."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np

from gossamer.compiler.codegen.kernel_source import KernelSource
from gossamer.compiler.kernel_interface import KernelInterface
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.target.registry import find_target
from gossamer.compiler.target.target import ExecutableSource
from gossamer.drivers.local.executable.elf_image import load_image
from gossamer.drivers.local.executable.executable_library import load_library
from gossamer.format.archive import read_module
from gossamer.vm.loading import bytecode_module
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.objects.list import List

TARGETS = ("vmvx", "llvm-cpu")

_GUARD = 64
_GUARD_BYTE = 0xAB


def compile_kernels(target: str, sources: Mapping[str, KernelSource], executor: str):
    """The kernels of a program, for one target."""
    found = find_target(target)
    assert found is not None
    (binary,) = found.compile(ExecutableSource("kernels", sources), CompileOptions())
    return {"vmvx": BytecodeKernels, "llvm-cpu": NativeKernels}[target](binary.data, executor)


class BytecodeKernels:
    """A VM module of kernels."""

    def __init__(self, data: bytes, executor: str) -> None:
        self._exports = bytecode_module(read_module(data), executor=executor).create_state().link(())

    def run(
        self, kernel: KernelInterface, memory: Sequence[np.ndarray], words: bytes, count: tuple[int, int, int]
    ) -> None:
        """Run all workgroups of a dispatch."""
        bindings = List(
            "!vm.buffer",
            [_buffer(array, b.access != "ro") for array, b in zip(memory, kernel.bindings, strict=True)],
        )
        run = self._exports.bind(kernel.export_name)
        constants = Buffer.wrap(words) if words else Buffer.allocate(0)
        for z, y, x in product(*map(range, reversed(count))):
            run(Buffer.allocate(0), constants, bindings, x, y, z, 1, 1, 1, *count)


def _buffer(array: np.ndarray, is_mutable: bool) -> Buffer:
    array = np.asarray(array)
    if array.size == 0:
        return Buffer.allocate(0)
    view = memoryview(array.reshape(-1).view(np.uint8))
    return Buffer.wrap(view if is_mutable else view.toreadonly())


class NativeKernels:
    """A library of native code."""

    def __init__(self, data: bytes, executor: str) -> None:
        self._executable = load_library(load_image(data), (), format="embedded-elf-x86_64")

    def run(
        self, kernel: KernelInterface, memory: Sequence[np.ndarray], words: bytes, count: tuple[int, int, int]
    ) -> None:
        """Run all workgroups of a dispatch, in memory of its own: what is written beside it is noticed."""
        function = self._executable.functions[self._executable.lookup_function(kernel.export_name)]
        assert (function.binding_count, function.constant_count * 4) == (len(memory), len(words))
        call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p)(
            function.address
        )
        copies = [_guarded(array) for array in memory]
        pointers = struct.pack(f"<{len(copies)}Q", *(copy.ctypes.data + _GUARD for copy in copies))
        lengths = struct.pack(f"<{len(copies)}Q", *(array.nbytes for array in memory))
        # Workgroup size, number of constants, workgroup count, concurrency, number of bindings.
        dispatch = struct.pack("<IIHHIIHBB", 1, 1, 1, len(words) // 4, *count, 1, len(copies))
        dispatch += struct.pack("<QQQ", _address(words), _address(pointers), _address(lengths))
        for z, y, x in product(*map(range, reversed(count))):
            assert call(function.environment, dispatch, struct.pack("<IIHHIQI4x", x, y, z, 0, 0, 0, 0)) == 0
        for copy, array, binding in zip(copies, memory, kernel.bindings, strict=True):
            contents = copy[_GUARD : _GUARD + array.nbytes]
            assert np.all(copy[:_GUARD] == _GUARD_BYTE)
            assert np.all(copy[_GUARD + array.nbytes :] == _GUARD_BYTE)
            if binding.access != "ro":
                array.reshape(-1).view(np.uint8)[:] = contents


def _guarded(array: np.ndarray) -> np.ndarray:
    copy = np.full(array.nbytes + 2 * _GUARD, _GUARD_BYTE, np.uint8)
    copy[_GUARD : _GUARD + array.nbytes] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return copy


def _address(data: bytes) -> int:
    return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0
