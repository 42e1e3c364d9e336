"""Runs kernels of other architectures under qemu's user emulation.

The library is laid out at a fixed address with its pointers filled in, beside a few instructions that call a
dispatch function once a workgroup and write the memory of the bindings to standard output: a static program.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from gossamer.format.elf_dynamic import read_elf
from gossamer.versions import EXECUTABLE_LIBRARY_VERSION

_BASE = 0x1000_0000
_DATA = 0x2000_0000
_CODE = 0x3000_0000
_FUNCTIONS_OFFSET = 32
_WRITE, _EXIT = 64, 93


class _AArch64:
    machine, flags, emulator, relative = 183, 0, "qemu-aarch64", 1027

    @staticmethod
    def load(register: int, value: int) -> bytes:
        low = 0xD2800000 | (value & 0xFFFF) << 5 | register
        return struct.pack("<II", low, 0xF2A00000 | (value >> 16 & 0xFFFF) << 5 | register)

    @classmethod
    def call(cls, address: int) -> bytes:
        return cls.load(9, address) + struct.pack("<I", 0xD63F0120)

    @classmethod
    def system_call(cls, number: int) -> bytes:
        return cls.load(8, number) + struct.pack("<I", 0xD4000001)


class _Riscv64:
    machine, flags, emulator, relative = 243, 5, "qemu-riscv64", 3

    @staticmethod
    def load(register: int, value: int) -> bytes:
        register = register + 10 if register < 9 else register
        upper = (value + 0x800) & 0xFFFFF000
        return struct.pack(
            "<II", upper | register << 7 | 0x37, (value & 0xFFF) << 20 | register << 15 | register << 7 | 0x1B
        )

    @classmethod
    def call(cls, address: int) -> bytes:
        return cls.load(28, address) + struct.pack("<I", 28 << 15 | 1 << 7 | 0x67)

    @classmethod
    def system_call(cls, number: int) -> bytes:
        return cls.load(7, number) + struct.pack("<I", 0x73)


MACHINES = {"aarch64": _AArch64, "riscv64": _Riscv64}


def run_emulated(
    folder: Path,
    architecture: str,
    library: bytes,
    bindings: Sequence[np.ndarray],
    count: tuple[int, int, int],
) -> list[np.ndarray]:
    """Run the first kernel of a library once for each workgroup. Returns: the bindings afterwards."""
    machine = MACHINES[architecture]
    if shutil.which(machine.emulator) is None:
        pytest.skip(f"needs {machine.emulator}")
    image = read_elf(library)
    memory = bytearray(max(segment.end for segment in image.segments))
    for segment in image.segments:
        contents = library[segment.offset : segment.offset + segment.file_length]
        memory[segment.address : segment.address + len(contents)] = contents
    for relocation in image.relocations:
        assert relocation.type == machine.relative
        struct.pack_into("<Q", memory, relocation.address, _BASE + relocation.addend)
    data, addresses = _lay_out(bindings)
    lengths = struct.pack(f"<{len(bindings)}Q", *(array.nbytes for array in bindings))
    pointers = struct.pack(f"<{len(bindings)}Q", *addresses)
    tables = _append(data, pointers), _append(data, lengths)
    dispatch = _append(data, struct.pack("<IIHHIIHBBQQQ", 1, 1, 1, 0, *count, 1, len(bindings), 0, *tables))
    environment = _append(data, bytes(96))
    code = bytearray()
    function = _first_function(memory)
    for z, y, x in product(*map(range, reversed(count))):
        workgroup = _append(data, struct.pack("<IIHHIQI4x", x, y, z, 0, 0, 0, 0))
        for register, value in enumerate((environment, dispatch, workgroup)):
            code += machine.load(register, value)
        code += machine.call(function)
    for address, array in zip(addresses, bindings, strict=True):
        for register, value in enumerate((1, address, array.nbytes)):
            code += machine.load(register, value)
        code += machine.system_call(_WRITE)
    code += machine.load(0, 0) + machine.system_call(_EXIT)
    program = folder / "program"
    program.write_bytes(_program(machine, [(_BASE, memory, 7), (_DATA, data, 6), (_CODE, code, 5)]))
    program.chmod(0o700)
    output = subprocess.run([machine.emulator, str(program)], check=True, capture_output=True).stdout
    results: list[np.ndarray] = []
    for array in bindings:
        results.append(np.frombuffer(output[: array.nbytes], array.dtype).reshape(array.shape))
        output = output[array.nbytes :]
    return results


def _first_function(memory: bytearray) -> int:
    """Address of the first kernel: through the library's tables, which a pointer to a header starts."""
    header = memory.find(struct.pack("<II", EXECUTABLE_LIBRARY_VERSION, 0))
    while header >= 0:
        library = memory.find(struct.pack("<Q", _BASE + header))
        if library >= 0:
            (functions,) = struct.unpack_from("<Q", memory, library + _FUNCTIONS_OFFSET)
            return struct.unpack_from("<Q", memory, functions - _BASE)[0]
        header = memory.find(struct.pack("<II", EXECUTABLE_LIBRARY_VERSION, 0), header + 1)
    raise AssertionError("no library tables")


def _lay_out(bindings: Sequence[np.ndarray]) -> tuple[bytearray, list[int]]:
    data = bytearray()
    return data, [_append(data, array.tobytes()) for array in bindings]


def _append(data: bytearray, contents: bytes) -> int:
    data.extend(bytes(-len(data) % 64))
    data.extend(contents)
    return _DATA + len(data) - len(contents)


def _program(machine: type, segments: Sequence[tuple[int, bytearray, int]]) -> bytes:
    offset = 0x1000
    headers, contents = b"", b""
    for address, memory, flags in segments:
        size = len(memory)
        headers += struct.pack("<IIQQQQQQ", 1, flags, offset, address, address, size, size, 0x1000)
        padded = bytes(memory) + bytes(-size % 0x1000)
        contents += padded
        offset += len(padded)
    ident = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    fields = (2, machine.machine, 1, _CODE, 64, 0, machine.flags, 64, 56, len(segments), 64, 0, 0)
    start = ident + struct.pack("<HHIQQQIHHHHHH", *fields) + headers
    return start.ljust(0x1000, b"\0") + contents
