"""Modules in C and their states.

A `CModule` is what `create` of the file made for one load; a `CModuleState` is its state in one context.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable, Mapping, Sequence

from gossamer.abi.declaration import is_async
from gossamer.errors import FailedPreconditionError, InvalidArgumentError, NotFoundError, StatusError
from gossamer.format.module_def import ImportFunction, ModuleDependency
from gossamer.machine_code.fault_messages import named_in_faults
from gossamer.modules.c import handles
from gossamer.modules.c.abi import (
    CREATE_STATE_TYPE,
    CREATE_TYPE,
    DESTROY_STATE_TYPE,
    DESTROY_TYPE,
    FORK_STATE_TYPE,
    LOAD_STATE_TYPE,
    PAIR,
    SAVE_STATE_TYPE,
)
from gossamer.modules.c.descriptor import CExport, ModuleDescriptor
from gossamer.modules.c.destruction import Destruction
from gossamer.modules.c.functions import CFunction, CImport
from gossamer.modules.c.import_contexts import ImportContexts
from gossamer.modules.native import wrong_ref
from gossamer.vm.link.function import Function
from gossamer.vm.link.module import BoundExports, Export, GlobalAccess, ModuleState
from gossamer.vm.objects.buffer import Buffer


class CModule:
    """A module of a shared object.

    Attributes:
        name, version, dependencies, imports, exports: as every module has them (see `vm.link.module`).
        source: path of the file.
        address: what `create` returned.
    """

    def __init__(self, descriptor: ModuleDescriptor, parameters: Mapping[str, str], source: str) -> None:
        """Make a module.

        Args:
            parameters: for the module's `create`.
        Raises: InvalidArgumentError for a module without `create` and parameters; what `create` fails with.
        """
        self.name = descriptor.name
        self.version = descriptor.version
        self.dependencies: Sequence[ModuleDependency] = descriptor.dependencies
        self.imports: Sequence[ImportFunction] = descriptor.imports
        self.c_exports: Mapping[str, CExport] = {found.export.name: found for found in descriptor.exports}
        self.exports: Mapping[str, Export] = {name: found.export for name, found in self.c_exports.items()}
        self.source = source
        self.lifecycle = descriptor.lifecycle
        self.address = self._create(parameters)
        if self.lifecycle.destroy:
            Destruction(self, DESTROY_TYPE(self.lifecycle.destroy), self.address)

    def _create(self, parameters: Mapping[str, str]) -> int:
        if not self.lifecycle.create:
            if parameters:
                raise InvalidArgumentError(
                    f"module {self.name!r} takes no parameters, got {', '.join(parameters)}"
                )
            return 0
        create = CREATE_TYPE(self.lifecycle.create)
        pairs, texts = _pack_pairs(parameters)
        made = _call_for_address(f"`create` of module {self.name!r}", create, len(parameters), pairs)
        del texts  # until here: C reads them
        return made

    def create_state(self) -> CModuleState:
        """Make the state for one context."""
        return CModuleState(self, None)

    def __repr__(self) -> str:
        return f"<CModule {self.name} version {self.version} of {self.source}>"


def _pack_pairs(pairs: Mapping[str, str]) -> tuple[ctypes.Array[ctypes.c_char], list[object]]:
    texts: list[ctypes.Array[ctypes.c_char]] = []
    packed = b""
    for pair in pairs.items():
        if any("\0" in text for text in pair):
            raise InvalidArgumentError(f"parameter {pair[0]!r} has a null character")
        key, value = (ctypes.create_string_buffer(text.encode()) for text in pair)
        texts += (key, value)
        packed += PAIR.pack(ctypes.addressof(key), ctypes.addressof(value))
    return ctypes.create_string_buffer(packed, len(packed)), list(texts)


def _call_for_address(where: str, function: Callable[..., int | None], *arguments: object) -> int:
    """Call a function of C whose last argument is where it stores an address. Returns: the address."""
    out = ctypes.c_void_p()

    def call() -> int | None:
        return function(*arguments, ctypes.byref(out))

    failure = named_in_faults(call, where, "<native code>")()
    if failure:
        error = handles.take_failure(failure, where)
        raise error.annotate(f"in {where}") if isinstance(error, StatusError) else error
    return out.value or 0


class _OwnedState:
    """A state of C, destroyed once.

    Attributes:
        module: that made it.
        address: as C made it.
    """

    def __init__(self, module: CModule, address: int) -> None:
        self.module = module
        self.address = address
        destroy = module.lifecycle.destroy_state
        function = DESTROY_STATE_TYPE(destroy) if destroy else _nothing
        # Safety: this keeps the module until the state is destroyed.
        self._destruction = Destruction(self, _destroy_state, function, module, address)

    def __bool__(self) -> bool:
        """False where the module has no state."""
        return self.address != 0

    @property
    def is_destroyed(self) -> bool:
        """True once nothing may be done with it."""
        return self._destruction.is_done

    def to_bytes(self) -> bytes:
        """The state for a file or another process, as `save_state` of the module gives it.

        Raises: InvalidArgumentError for a module without; what it fails with.
        """
        lifecycle, where = self.module.lifecycle, f"`save_state` of module {self.module.name!r}"
        if not lifecycle.save_state:
            raise InvalidArgumentError(
                f"state of module {self.module.name!r} is known to the module alone and cannot leave this "
                "process: it has no `save_state`"
            )
        save = SAVE_STATE_TYPE(lifecycle.save_state)
        given = handles.take(_call_for_address(where, save, self.module.address, self.address))
        if not isinstance(given, Buffer):
            raise wrong_ref(given, "!vm.buffer").annotate(f"in {where}")
        return bytes(given.data)

    def close(self) -> None:
        """Destroy the state; again is harmless."""
        self._destruction.run()


def _nothing(_module: int, _state: int) -> None:
    return None


def _destroy_state(function: Callable[[int, int], None], module: CModule, address: int) -> None:
    function(module.address, address)


class CModuleState(ModuleState):
    """What one context holds for a module in C.

    Attributes:
        module_address, state_address: what functions of the module are called with.
        is_closed: the state is destroyed; nothing may be called with it.
    """

    def __init__(self, module: CModule, original: _OwnedState | None) -> None:
        """Make a state.

        Args:
            original: to copy, or None for a new one.
        """
        self._module = module
        self.is_closed = False
        self.module_address = module.address
        self._contexts = ImportContexts()
        try:
            owned = self._create() if original is None else self._copy(original)
        except BaseException:
            self._contexts.close()
            raise
        self.state_address = owned.address
        self._current = [owned]
        self._destruction = Destruction(self, _end_state, self._current, self._contexts)

    def _create(self) -> _OwnedState:
        create = self._module.lifecycle.create_state
        address = 0
        if create:
            where = f"`create_state` of module {self._module.name!r}"
            make = CREATE_STATE_TYPE(create)
            address = _call_for_address(where, make, self._module.address, self._contexts.handle)
        return _OwnedState(self._module, address)

    def _copy(self, original: _OwnedState) -> _OwnedState:
        lifecycle, name = self._module.lifecycle, self._module.name
        if original.is_destroyed:
            raise FailedPreconditionError(f"the state of module {name!r} is destroyed")
        if not lifecycle.fork_state:
            if lifecycle.create_state:
                raise FailedPreconditionError(
                    f"module {name!r} has state, but no `fork_state` to copy it: programs with it can be "
                    "neither forked nor saved"
                )
            return _OwnedState(self._module, 0)
        fork = FORK_STATE_TYPE(lifecycle.fork_state)
        where = f"`fork_state` of module {name!r}"
        return _OwnedState(
            self._module,
            _call_for_address(where, fork, self._module.address, original.address, self._contexts.handle),
        )

    def _load(self, data: bytes) -> _OwnedState:
        name = self._module.name
        if not self._module.lifecycle.load_state:
            raise InvalidArgumentError(
                f"module {name!r} has no `load_state`: its state cannot come from a file or another process"
            )
        where = f"`load_state` of module {name!r}"
        load = LOAD_STATE_TYPE(self._module.lifecycle.load_state)
        address = _call_for_address(where, load, self._module.address, self._contexts.handle, data, len(data))
        return _OwnedState(self._module, address)

    def link(self, imports: Sequence[Function | None]) -> CExports:
        """Exports from which C calls these imports."""
        return CExports(self, self._module, self._contexts, imports)

    def globals(self) -> Mapping[str, GlobalAccess]:
        """State in C shows no globals."""
        return {}

    def snapshot(self) -> object:
        """Copy of the state, as `fork` makes it."""
        return self._copy(self._current[0])

    def restore(self, snapshot: object) -> None:
        """Put a copy of the snapshot in place of the state; of bytes, what `load_state` makes of them."""
        if isinstance(snapshot, bytes):
            self._become(self._load(snapshot))
            return
        if not isinstance(snapshot, _OwnedState) or snapshot.module is not self._module:
            raise InvalidArgumentError(
                f"snapshot is of another module than this {self._module.name!r}; one that is loaded again is "
                "another"
            )
        self._become(self._copy(snapshot))

    def _become(self, state: _OwnedState) -> None:
        replaced, self._current[0] = self._current[0], state
        self.state_address = self._current[0].address
        replaced.close()

    def fork(self) -> CModuleState:
        """Copy made by the module."""
        return CModuleState(self._module, self._current[0])

    def close(self) -> None:
        """Destroy the state; threads that the module still runs for it are ended by it."""
        self.is_closed = True
        self._destruction.run()


def _end_state(current: list[_OwnedState], contexts: ImportContexts) -> None:
    # Why in this order: threads of the state may still call imports.
    current[0].close()
    contexts.close()


class CExports(BoundExports):
    """Functions of a state in C, over what its imports are at one time."""

    def __init__(
        self,
        state: CModuleState,
        module: CModule,
        contexts: ImportContexts,
        imports: Sequence[Function | None],
    ) -> None:
        self._state = state
        self._module = module
        self._contexts = contexts
        self._imports = [
            CImport(declared.full_name, declared.signature.calling_convention, function)
            for declared, function in zip(module.imports, imports, strict=True)
        ]
        self._context = contexts.open(self._imports)
        self._bound: dict[str, Callable[..., object]] = {}
        weakref.finalize(self, contexts.release, self._context).atexit = False

    def bind(self, export: str) -> Callable[..., object]:
        """Callable of an export; the same object every time."""
        bound = self._bound.get(export)
        if bound is None:
            found = self._module.c_exports.get(export)
            if found is None:
                raise NotFoundError(f"module {self._module.name!r} exports no function {export!r}")
            function = CFunction(
                self._state, self._context, f"{self._module.name}.{export}", found, self._module.source
            )
            bound = self._bound[export] = function.bind(is_async=is_async(found.export.attrs))
        return bound

    def activate(self) -> None:
        """Have threads of the module call these imports."""
        self._contexts.active = self._imports
