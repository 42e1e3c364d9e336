"""From files, bytes and classes to modules; and the system modules that they depend on.

In: what users name as modules, in load order. Out: `vm.Module`s in load order, system modules put in where
they are first needed. Mirrors `iree/tooling/context_util.c`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TypeAlias

from gossamer.errors import InvalidArgumentError, NotFoundError, StatusError
from gossamer.format.module_def import Bytes
from gossamer.format.other_files import is_mlir_text
from gossamer.hal.device import Device
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.memory.file_mapping import FileMapping
from gossamer.hal.native_policy import NativeCodePolicy
from gossamer.modules.c.location import parse_location
from gossamer.modules.hal.inline import HalInlineModule
from gossamer.modules.hal.loader import HalLoaderModule
from gossamer.modules.hal.module import HalModule
from gossamer.modules.vmvx.module import vmvx_module
from gossamer.runtime.processor_requirements import require_processor
from gossamer.runtime.text_io.tensors import format_tensor
from gossamer.vm.bytecode.module import BytecodeModule
from gossamer.vm.link.module import Module
from gossamer.vm.loading import load_bytecode_module

ModuleSource: TypeAlias = "Module | type | str | os.PathLike[str] | Bytes"
"""A loaded module, a decorated class, the bytes of a `.vmfb` file, or a path: of such a file, or of a shared
object with parameters (`libfoo.so?key=value`)."""


_SHOWN_CHARACTERS = 200
"""Of a path that leads nowhere: it may be a whole program."""


def _trace(key: str, views: Sequence[BufferView]) -> None:
    lines = [f"=== {key} ===", *(format_tensor(view, sys.maxsize) for view in views)]
    sys.stderr.write("\n".join(lines) + "\n\n")


def _parameters_module() -> Module:
    # Why here: few programs have parameters.
    from gossamer.modules.io_parameters.module import IoParametersModule

    return IoParametersModule()


_SYSTEM_MODULES: dict[str, Callable[[Sequence[Device], Device], Module]] = {
    "hal": lambda devices, lead: HalModule(devices, trace=_trace, lead=lead),
    "hal_inline": lambda _devices, lead: HalInlineModule([lead], trace=_trace),
    "hal_loader": lambda _devices, lead: HalLoaderModule([lead]),
    "io_parameters": lambda _devices, _lead: _parameters_module(),
    "vmvx": lambda _devices, _lead: vmvx_module(),
}


def load_module(
    source: ModuleSource, *, allow_native: NativeCodePolicy | str = NativeCodePolicy.ALL
) -> Module:
    """Load a module; it holds no state and may be used by any number of contexts and pipelines.

    Args:
        source: a path is mapped into memory, bytes are borrowed.
        allow_native: "all" loads shared objects, "embedded" and "none" refuse them.
    Raises: NotFoundError when there is no such file, FormatError on bytes that are no module,
        InvalidArgumentError for an object that is no module, PermissionDeniedError for a shared object that
        is refused, before any of its code runs.
    """
    if isinstance(source, type):
        # Why here: only programs with modules in Python need what makes them.
        from gossamer.modules.python.module import module_of

        found = module_of(source)
        if found is None:
            raise InvalidArgumentError(
                f"class {source.__qualname__} is no module; decorate it with @gossamer.module(name)"
            )
        return found
    if isinstance(source, (bytes, bytearray, memoryview)):
        return load_bytecode_module(bytes(source) if isinstance(source, bytearray) else source)
    if isinstance(source, (str, os.PathLike)):
        return _load_file(os.fspath(source), NativeCodePolicy.parse(allow_native))
    if isinstance(source, Module):  # pyright: ignore[reportUnnecessaryIsInstance]
        return source
    raise InvalidArgumentError(f"{source!r} is no module: expected a path, bytes, a class or a module")


def _load_file(path: str, policy: NativeCodePolicy) -> Module:
    location = parse_location(path)
    if location is not None:
        # Why here: only programs with modules in C need what loads them.
        from gossamer.modules.c.loading import load_c_module

        return load_c_module(location, policy)
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            data: Bytes = b""
            if size:
                data = memoryview(FileMapping(file.fileno()))
    except OSError as error:
        failure = NotFoundError(f"failed to open file '{path[:_SHOWN_CHARACTERS]}': {error.strerror}")
        if is_mlir_text(path.encode(errors="replace")):
            failure.annotate("this is MLIR text, expected a path or the bytes of a module; compile it first")
        raise failure from error
    try:
        return load_bytecode_module(data, source=path)
    except StatusError as error:
        raise error.annotate(f"loading bytecode module at '{path}'") from None


def with_system_modules(
    modules: Sequence[Module], devices: Sequence[Device], *, lead: Device | None = None
) -> list[Module]:
    """Put the system modules that `modules` depend on before those that need them.

    Args:
        modules: a system module among them stays the one used.
        lead: the one of `devices` that is preferred for memory; None for the first.

    Raises: IncompatibleError for a module whose kernels are for a processor that this machine has not.
    """
    listed = {module.name for module in modules}
    loaded: list[Module] = []
    for module in modules:
        for dependency in module.dependencies:
            make = _SYSTEM_MODULES.get(dependency.name)
            if make is not None and dependency.name not in listed:
                loaded.append(make(devices, lead or devices[0]))
                listed.add(dependency.name)
        check_machine(module)
        loaded.append(module)
    return loaded


def check_machine(module: Module) -> None:
    """Refuse a module that this machine cannot run.

    Raises: IncompatibleError for kernels that are for a processor that this machine has not.
    """
    if isinstance(module, BytecodeModule):
        require_processor(module)
