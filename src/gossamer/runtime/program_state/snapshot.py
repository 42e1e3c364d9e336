"""Snapshots: the state of every module of a context at one time, and which modules it is the state of.

A snapshot goes back whole to modules of the same content. Other versions of a module are told apart by what
differs, and take over what they have in common with the snapshot, by name and type, when asked.

    Snapshot       refs and values as they are; of this process
    SavedModule    numbers, arrays and Python objects; pickled, saved to a file, restored in another process
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast, runtime_checkable

from gossamer.abi.memory_flags import MemoryAccess
from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.modules.python.module import PythonModule
from gossamer.runtime.program_state.values import to_portable
from gossamer.vm.bytecode.global_storage import GlobalsSnapshot
from gossamer.vm.bytecode.globals import access_globals
from gossamer.vm.bytecode.module import BytecodeModule
from gossamer.vm.link.context import Context
from gossamer.vm.link.module import GlobalAccess, Module


@runtime_checkable
class SerializableState(Protocol):
    """State that its module makes bytes of; the module's `restore` takes them."""

    def to_bytes(self) -> bytes:
        """Raises: InvalidArgumentError where the module does not."""
        ...


@dataclass(frozen=True, slots=True)
class SavedModule:
    """State of one module, without anything of the process that it comes from.

    Attributes:
        name, version: of the module.
        digest: of the content of a compiled module; "" for others.
        types: of its globals by name, those that can change.
        values: of the same: numbers, arrays, bytes, None; under "" what a Python module's class, or a module
            in C, gave.
    """

    name: str
    version: int
    digest: str
    types: Mapping[str, str]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """State of every module of a context at one time; may be restored any number of times, and pickled.

    Attributes:
        contents: by module name; each module knows what its own means. Empty in one that was pickled.
        modules: by name, in load order. Empty in one that was pickled.
        saved: by module name, in one that was pickled.
    """

    contents: Mapping[str, object]
    modules: Mapping[str, Module]
    saved: Mapping[str, SavedModule]

    @classmethod
    def take(cls, context: Context) -> Snapshot:
        """Copy the state of every module of a context."""
        return cls(context.snapshot(), {module.name: module for module in context.modules}, {})

    @property
    def names(self) -> list[str]:
        """The modules, in load order."""
        return list(self.modules or self.saved)

    def is_of(self, module: Module) -> bool:
        """Whether what it holds for a module's name may go back to that module whole."""
        saved = self.saved.get(module.name)
        if saved is not None:
            return (saved.version, saved.digest) == (module.version, content_digest(module))
        own = self.modules[module.name]
        return own is module or (own.version, content_digest(own)) == (module.version, content_digest(module))

    def module(self, name: str) -> SavedModule:
        """What it holds for one module, without anything of this process.

        Raises: InvalidArgumentError where that cannot leave the process.
        """
        return self.saved.get(name) or _save(self.modules[name], self.contents[name])

    def portable(self) -> Snapshot:
        """The same without anything of this process."""
        return Snapshot({}, {}, {name: self.module(name) for name in self.names})

    def __reduce__(self) -> tuple[Any, ...]:
        return (Snapshot, ({}, {}, dict(self.portable().saved)))

    def __repr__(self) -> str:
        return f"<Snapshot of {', '.join(self.names)}>"


def content_digest(module: Module) -> str:
    """What tells a compiled module's content from another version's, in hexadecimal; "" for other modules."""
    return module.content_digest if isinstance(module, BytecodeModule) else ""


def describe_difference(saved: SavedModule, module: Module, types: Mapping[str, str]) -> str:
    """Why a snapshot does not go back to a module whole: versions, contents, globals."""
    if saved.version != module.version:
        reasons = [f"version {saved.version} there, {module.version} here"]
    else:
        reasons = [f"version {module.version} of other content"]
    for name in sorted({*saved.types, *types}):
        there, here = saved.types.get(name), types.get(name)
        if there != here:
            reasons.append(f"global {name}: {there or 'absent'} there, {here or 'absent'} here")
    return "; ".join(reasons)


def changing_globals(accesses: Mapping[str, GlobalAccess]) -> dict[str, GlobalAccess]:
    """Globals that hold state: constants and what a program makes for its own use are left out."""
    return {name: access for name, access in accesses.items() if _can_change(access)}


def _can_change(access: GlobalAccess) -> bool:
    if not access.is_mutable or access.storage_type in OWN_TYPES:
        return False
    value = access.get()
    buffer = value.buffer if isinstance(value, BufferView) else value
    return not isinstance(buffer, Buffer) or bool(buffer.allowed_access & MemoryAccess.WRITE)


OWN_TYPES = ("!hal.device", "!hal.executable", "!hal.command_buffer", "!hal.fence", "!hal.semaphore")
"""What programs make for their own use."""


def _save(module: Module, contents: object) -> SavedModule:
    digest = content_digest(module)
    if isinstance(module, BytecodeModule) and isinstance(contents, GlobalsSnapshot):
        storage = module.create_storage()
        storage.restore(contents)
        accesses = changing_globals(access_globals(storage, module.global_names))
        types = {name: access.type for name, access in accesses.items()}
        values = {name: to_portable(access, f"{module.name}.{name}") for name, access in accesses.items()}
        return SavedModule(module.name, module.version, digest, types, values)
    if isinstance(module, PythonModule):
        values = cast("dict[str, object]", contents) if isinstance(contents, dict) else {"": contents}
        return SavedModule(module.name, module.version, digest, dict.fromkeys(values, ""), values)
    if not contents:
        return SavedModule(module.name, module.version, digest, {}, {})
    if isinstance(contents, SerializableState):
        return SavedModule(module.name, module.version, digest, {}, {"": contents.to_bytes()})
    raise InvalidArgumentError(
        f"state of module {module.name!r} is known to the module alone and cannot leave this process"
    )
