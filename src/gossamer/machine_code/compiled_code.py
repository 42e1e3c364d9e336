"""Text of LLVM IR → code in memory, by way of what is kept on disk.

Native code can be turned off (`GOSSAMER_JIT=0`), and is off where LLVM is not installed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Protocol

from gossamer.errors import FormatError
from gossamer.kept_files.store import content_key, load_object, store_object
from gossamer.machine_code.code_image import decode_code_image, encode_code_image
from gossamer.machine_code.loaded_code import LoadedCode
from gossamer.processor.host import host_architecture, processor_identity
from gossamer.processor.installed_llvm import installed_llvm
from gossamer.source_version import source_version

JIT_VARIABLE = "GOSSAMER_JIT"

_LINKED_ARCHITECTURE = "x86_64"


class NativeCode(Protocol):
    """Code in memory; it stays as long as this lives."""

    def find(self, symbol: str) -> int:
        """Address of a function; 0 where there is none of that name."""
        ...

    def address(self, symbol: str) -> int:
        """Address of a function.

        Raises: InternalError where there is none of that name.
        """
        ...


def is_native_code_enabled() -> bool:
    """False where the environment or the installation says so."""
    return os.environ.get(JIT_VARIABLE) != "0" and installed_llvm() is not None


@cache
def _compiler_identity() -> str:
    """What determines the code that a text becomes, beside the text."""
    processor = processor_identity()
    if not processor:
        from gossamer.machine_code.llvm import host_cpu

        processor = host_cpu()
    return f"{source_version()} {installed_llvm()} {processor}"


def load_native_code(
    text: str, find_function: Callable[[str], int | None], *, origin: str = ""
) -> NativeCode:
    """Compile a module for this machine, or find it compiled, and load it.

    Args:
        text: a module of LLVM IR.
        find_function: address of a function that the module only declares, by its symbol.
        origin: all that our code made the text of, if the result is to be found by that: see
            `find_native_code`.
    Raises: InternalError where LLVM rejects the text or a function has no address; ImportError without LLVM.
    """
    key = _origin_key(origin) if origin else content_key(_compiler_identity(), text)
    return _load_stored(key, find_function) or _compile(text, key, find_function)


def find_native_code(origin: str, find_function: Callable[[str], int | None]) -> NativeCode | None:
    """Load a module that was compiled before, without its text; None where there is none.

    Args:
        origin: as `load_native_code` had it.
        find_function: as for `load_native_code`.
    Raises: InternalError where a function has no address.
    """
    return _load_stored(_origin_key(origin), find_function)


def _origin_key(origin: str) -> str:
    return content_key(_compiler_identity(), "origin", origin)


def _load_stored(key: str, find_function: Callable[[str], int | None]) -> NativeCode | None:
    stored = load_object(key)
    if stored is None:
        return None
    if host_architecture() != _LINKED_ARCHITECTURE:
        from gossamer.machine_code.llvm import LlvmCode

        return LlvmCode(stored, find_function)
    try:
        return LoadedCode(decode_code_image(stored), find_function)
    except FormatError:
        # Its hash is right, so a version that makes other images wrote it: to be made anew.
        return None


def _compile(text: str, key: str, find_function: Callable[[str], int | None]) -> NativeCode:
    from gossamer.machine_code.llvm import LlvmCode, compile_object

    compiled = compile_object(text)
    if host_architecture() != _LINKED_ARCHITECTURE:
        store_object(key, compiled)
        return LlvmCode(compiled, find_function)
    from gossamer.format.elf_object import read_elf_object
    from gossamer.machine_code.link import link_object

    image = link_object(read_elf_object(compiled))
    store_object(key, encode_code_image(image))
    return LoadedCode(image, find_function)
