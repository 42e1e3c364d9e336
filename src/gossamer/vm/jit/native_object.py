"""Text of LLVM IR → code in memory, by way of the objects kept on disk.

Native code can be turned off (`GOSSAMER_JIT=0`), and is off where LLVM is not installed.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from gossamer.vm.jit.object_cache import content_key, load_object, store_object

if TYPE_CHECKING:
    from gossamer.vm.jit.llvm import LoadedObject

GENERATION = 1
"""Raised whenever the same text is to become another object: objects kept on disk are then not used."""


JIT_VARIABLE = "GOSSAMER_JIT"


def is_native_code_enabled() -> bool:
    """False where the environment or the installation says so."""
    return os.environ.get(JIT_VARIABLE) != "0" and _has_llvm()


@cache
def _has_llvm() -> bool:
    return find_spec("llvmlite") is not None


def load_native_object(text: str) -> LoadedObject:
    """Compile a module, or find it compiled, and load it. LLVM is imported here and not before."""
    from gossamer.vm.jit.externals import external_addresses
    from gossamer.vm.jit.llvm import LLVMLITE_VERSION, LoadedObject, compile_object, host_cpu

    cpu, features = host_cpu()
    parts = (str(GENERATION), LLVMLITE_VERSION, cpu, features, text)
    key = content_key(*(part.encode() for part in parts))
    data = load_object(key)
    if data is None:
        data = compile_object(text)
        store_object(key, data)
    return LoadedObject(data, external_addresses())
