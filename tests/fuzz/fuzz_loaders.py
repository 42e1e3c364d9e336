"""Loads native executables as far as a mutated file allows without running its code.

Machine code is trusted, so a fuzzer must not run code it changed, nor good code on memory that a mutated
program chose. What is not code must be checked by the loader: headers, dynamic tables and relocations always,
the tables of the library where only they changed. Kernels are replaced by ones that touch their memory.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from elf_fields import library_bytes

from gossamer.drivers.local.executable.elf_image import load_image, open_image
from gossamer.drivers.local.executable.elf_loader import ElfLoader
from gossamer.drivers.local.executable.executable_library import QUERY_SYMBOL, load_library
from gossamer.errors import PermissionDeniedError, ResourceExhaustedError
from gossamer.format.module_def import Bytes
from gossamer.hal.executable import DispatchCall, Executable, ExecutableFunction, WorkgroupCallable

_MOST_WORKGROUPS = 10_000


class InertElfLoader:
    """An executable loader for `embedded-elf-*` and `system-elf-*` that runs no kernel.

    Args:
        good: libraries whose code may be asked for its tables.
    """

    def __init__(self, good: Iterable[bytes]) -> None:
        self._good = {elf: library_bytes(elf) for elf in good}

    def supports_format(self, format: str) -> bool:
        """True for what this machine's native loader takes."""
        return ElfLoader().supports_format(format)

    def load(self, format: str, data: Bytes, constants: Sequence[int]) -> Executable:
        """Load everything that can be loaded without running changed code.

        Raises: what the loader does; PermissionDeniedError where only running the code would go further.
        """
        elf = bytes(data)
        if format.startswith("system-"):
            if elf not in self._good:
                load_image(elf)
                raise PermissionDeniedError("code of a changed library is not run")
            image = open_image(elf, QUERY_SYMBOL)
        else:
            image = load_image(elf)
            if not self._has_good_code(elf):
                raise PermissionDeniedError("code of a changed library is not run")
        executable = load_library(image, constants, format=format)
        functions = [_inert(function) for function in executable.functions]
        return Executable(functions, format=format, keepalive=executable)

    def _has_good_code(self, elf: bytes) -> bool:
        if elf in self._good:
            return True
        present = np.frombuffer(elf, np.uint8)
        return any(
            len(good) == len(elf) and not ((present != np.frombuffer(good, np.uint8)) & ~tables).any()
            for good, tables in self._good.items()
        )


def _inert(function: ExecutableFunction) -> ExecutableFunction:
    return replace(function, address=0, environment=0, kernel=_touch)


def _touch(call: DispatchCall) -> WorkgroupCallable:
    for memory in (*call.bindings, call.local_memory):
        # Writing what is there already: memory that is not the program's ends the process.
        ctypes.memmove(memory.address, memory.address, memory.length)
    count = 0

    def run(x: int, y: int, z: int) -> None:
        nonlocal count
        count += 1
        if count > _MOST_WORKGROUPS:
            raise ResourceExhaustedError("more workgroups than a fuzzer has patience for")

    return run
