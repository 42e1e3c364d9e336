"""Instances, functions and modules under the names of IREE's binding."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable
from typing import Any, Self, cast

import numpy as np

from gossamer.errors import InvalidArgumentError, NotFoundError
from gossamer.hal.memory.file_mapping import FileMapping
from gossamer.runtime.iree_api.host_bytes import HostBytes
from gossamer.runtime.iree_api.types import Linkage
from gossamer.vm.link.module import Export, Module
from gossamer.vm.loading import load_bytecode_module

_ALIGNMENT_BYTES = 16
"""Why: what Python allocates is no better aligned, and the loader copies executables where it must."""


class VmInstance:
    """What contexts of one host share; nothing here."""


class VmFunction:
    """An exported function of a module, not bound to any context."""

    module_name: str
    ordinal: int
    linkage: int

    def __init__(self, module: Module, export: Export, ordinal: int) -> None:
        self._export = export
        self.module_name = module.name
        self.ordinal = ordinal
        self.linkage = int(Linkage.EXPORT)

    @property
    def name(self) -> str:
        """Local name."""
        return self._export.name

    @property
    def calling_convention(self) -> str:
        """Calling convention string."""
        return self._export.calling_convention

    @property
    def reflection(self) -> dict[str, str]:
        """Attributes that its compiler recorded."""
        return dict(self._export.attrs)

    def __repr__(self) -> str:
        return f"<VmFunction {self.name}({self.calling_convention}), reflection = {self.reflection}>"


class VmModule:
    """A loaded module, without state."""

    def __init__(self, module: Module, *, flatbuffer: object = None, owner: object = None) -> None:
        self.module = module
        self._flatbuffer = flatbuffer
        self._owner = owner

    @classmethod
    def copy_buffer(cls, instance: VmInstance, buffer: Any) -> Self:
        """Load a module from a copy of bytes."""
        del instance
        data = bytes(buffer)
        return cls(load_bytecode_module(data), flatbuffer=data)

    @classmethod
    def wrap_buffer(
        cls,
        instance: VmInstance,
        buffer: Any,
        destroy_callback: Callable[[], Any] | None = None,
        close_buffer: bool = False,
    ) -> Self:
        """Load a module from bytes without a copy.

        Args:
            destroy_callback: called when nothing refers to the module any more.
            close_buffer: call `buffer.close()` then.
        Raises: ValueError when the bytes are not aligned.
        """
        del instance
        return cls._wrap(buffer, destroy_callback, buffer if close_buffer else None)

    @classmethod
    def _wrap(
        cls, buffer: Any, destroy_callback: Callable[[], Any] | None, to_close: Any, source: str = ""
    ) -> Self:
        memory = HostBytes.over(buffer)
        if not _is_aligned(memory):
            raise InvalidArgumentError(
                f"received an unaligned buffer: data must be {_ALIGNMENT_BYTES}-byte aligned"
            )
        module = cls(load_bytecode_module(memory.data, source=source), flatbuffer=buffer)
        _on_release(memory, destroy_callback, to_close)
        return module

    @classmethod
    def from_buffer(cls, instance: VmInstance, buffer: Any, warn_if_copy: bool = True) -> Self:
        """Load a module from bytes, copied only where they are not aligned."""
        if _is_aligned(HostBytes.over(buffer)):
            return cls.wrap_buffer(instance, buffer)
        if warn_if_copy:
            warnings.warn(
                "Making copy of unaligned VmModule buffer. It is recommended to make this deterministic by "
                "calling `copy_buffer` to always make a copy or `mmap` to efficiently load from a file. "
                "This warning can be silenced by adding `warn_if_copy=False` which may also perform better.",
                UserWarning,
                stacklevel=2,
            )
        return cls.copy_buffer(instance, buffer)

    @classmethod
    def from_flatbuffer(cls, instance: VmInstance, buffer: Any, warn_if_copy: bool = True) -> Self:
        """The former name of `from_buffer`."""
        return cls.from_buffer(instance, buffer, warn_if_copy)

    @classmethod
    def mmap(
        cls, instance: VmInstance, filepath: str, destroy_callback: Callable[[], Any] | None = None
    ) -> Self:
        """Load a module from a file mapped into memory."""
        with open(filepath, "rb") as file:
            mapped = FileMapping(file.fileno())
        return cls._wrap(mapped, destroy_callback, mapped, source=filepath)

    @classmethod
    def resolve_module_dependency(cls, instance: VmInstance, name: str, minimum_version: int) -> Self:
        """Modules in shared libraries are not found by name here. Raises: ValueError."""
        del instance
        raise NotFoundError(f"no module library '{name}' of version {minimum_version} or later")

    @property
    def name(self) -> str:
        """The module's name."""
        return self.module.name

    @property
    def version(self) -> int:
        """The module's version."""
        return self.module.version

    @property
    def function_names(self) -> list[str]:
        """Names of the exported functions."""
        return list(self.module.exports)

    @property
    def stashed_flatbuffer_blob(self) -> object:
        """The bytes it was loaded from, or None."""
        return self._flatbuffer

    def lookup_function(self, name: str, linkage: Linkage = Linkage.EXPORT) -> VmFunction | None:
        """An exported function, or None."""
        export = self.module.exports.get(name) if linkage == Linkage.EXPORT else None
        if export is None:
            return None
        return VmFunction(self.module, export, list(self.module.exports).index(name))

    def __repr__(self) -> str:
        functions = ", ".join(self.module.exports)
        return f"<VmModule {self.module.name} : [{functions}]>"


def _is_aligned(memory: HostBytes) -> bool:
    return memory.__array_interface__["data"][0] % _ALIGNMENT_BYTES == 0


def _on_release(memory: HostBytes, callback: Callable[[], Any] | None, buffer: Any) -> None:
    """Have things done once nothing uses the memory of a module any more."""
    if callback is None and buffer is None:
        return

    def release() -> None:
        if buffer is not None:
            buffer.close()
        if callback is not None:
            callback()

    # Why the innermost object: it holds the buffer's export, and weak references to a memoryview are
    # told after it let go, when the buffer can be closed.
    innermost: Any = memory
    while isinstance(innermost, np.ndarray):
        innermost = cast("Any", innermost).base
    weakref.finalize(innermost, release).atexit = False
