"""A context: modules linked in load order, and the state of each.

Modules are shared, state is not: two contexts over the same modules never see each other's globals.

Thread safety: functions of a context may be called from several threads at once; each call has frames of
its own. Globals are shared between them without a lock, as they are in IREE: modules that change theirs are
called from one thread at a time, or from contexts of their own (`fork`). Loading, closing, `restore` and
`fork` take the context's lock and must not run while calls do.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType, TracebackType
from typing import Self

from gossamer.abi.calling_convention import parse_calling_convention
from gossamer.errors import FailedPreconditionError, InvalidArgumentError, StatusError
from gossamer.vm.link.function import Function
from gossamer.vm.link.instance import DEFAULT_INSTANCE, Instance
from gossamer.vm.link.link_errors import DuplicateModuleError, UnknownFunctionError, UnknownModuleError
from gossamer.vm.link.linking import check_dependencies, resolve_imports
from gossamer.vm.link.module import Export, GlobalAccess, Module, ModuleState

INIT_EXPORT = "__init"
DEINIT_EXPORT = "__deinit"
NOTIFY_EXPORT = "__notify"


class Signal(IntEnum):
    """What `Context.notify` tells modules."""

    RESUME = 0
    SUSPEND = 1
    LOW_MEMORY = 2
    FORK = 3


@dataclass(slots=True)
class _LoadedModule:
    module: Module
    state: ModuleState
    functions: dict[str, Function] = field(default_factory=dict[str, Function])

    def function(self, export: Export) -> Function:
        """The one `Function` of an export in this context."""
        found = self.functions.get(export.name)
        if found is None:
            found = Function(
                self.module.name,
                export,
                self.state.bind(export.name),
                self.state.bind_resumable(export.name),
                self.state.inline_form(export.name),
            )
            self.functions[export.name] = found
        return found


def _check_arguments(module: Module, name: str, expected: str) -> None:
    """Check that a function that contexts call takes what they give it."""
    convention = module.exports[name].calling_convention
    found = parse_calling_convention(convention).arguments
    if found != tuple(expected):
        raise InvalidArgumentError(
            f"function {module.name}.{name} has the calling convention {convention!r}; contexts call it with "
            f"{'no arguments' if not expected else 'an i32'}"
        )


class _LoadOrder:
    """Names loaded and announced, as the linker needs them."""

    def __init__(self) -> None:
        self.loaded: dict[str, Module] = {}
        self.announced: dict[str, str] = {}


class Context:
    """Modules loaded together, earlier ones offering functions to later ones."""

    def __init__(self, modules: Iterable[Module] = (), *, instance: Instance | None = None) -> None:
        """Make a context and load modules in order; see `register_all`."""
        self.instance = instance or DEFAULT_INSTANCE
        self._entries: dict[str, _LoadedModule] = {}
        self._order = _LoadOrder()
        self._lock = threading.RLock()
        self._is_closed = False
        self.register_all(modules)

    @property
    def modules(self) -> tuple[Module, ...]:
        """Loaded modules, in load order."""
        return tuple(entry.module for entry in self._entries.values())

    def register_all(self, modules: Iterable[Module]) -> None:
        """Load modules in order. If one fails, those of this call are unloaded again.

        Raises: what `register` does; a module needed too early is told from one that is missing.
        """
        pending = list(modules)
        with self._lock:
            loaded_before = len(self._entries)
            try:
                for index, module in enumerate(pending):
                    self._order.announced = {
                        later.name: str(getattr(later, "source", "")) for later in pending[index + 1 :]
                    }
                    self.register(module)
            except BaseException:
                self._unload_after(loaded_before)
                raise
            finally:
                self._order.announced = {}

    def register(self, module: Module) -> None:
        """Load one module: check what it needs, bind its imports, run its initialiser.

        Raises: errors of `vm.link_errors`; whatever the module's `__init` fails with.
        """
        with self._lock:
            self._check_open()
            if module.name in self._entries:
                raise DuplicateModuleError(module.name)
            try:
                check_dependencies(module, self._order)
                self._load(_LoadedModule(module, module.create_state()))
            except StatusError as error:
                error.annotate(f"while loading module {module.name!r}")
                raise

    def _load(self, entry: _LoadedModule) -> None:
        module = entry.module
        try:
            self._bind_imports(entry)
            if INIT_EXPORT in module.exports:
                _check_arguments(module, INIT_EXPORT, "")
                entry.state.bind_once(INIT_EXPORT)()
        except BaseException:
            entry.state.close()
            raise
        self._entries[module.name] = entry
        self._order.loaded[module.name] = module

    def _bind_imports(self, entry: _LoadedModule) -> None:
        for ordinal, found in enumerate(resolve_imports(entry.module, self._order)):
            function = None if found is None else self._entries[found[0].name].function(found[1])
            entry.state.bind_import(ordinal, function)

    def module(self, name: str) -> Module:
        """A loaded module.

        Raises: UnknownModuleError.
        """
        return self._entry(name).module

    def state(self, name: str) -> ModuleState:
        """State of a loaded module in this context.

        Raises: UnknownModuleError.
        """
        return self._entry(name).state

    def _entry(self, name: str) -> _LoadedModule:
        self._check_open()
        entry = self._entries.get(name)
        if entry is None:
            raise UnknownModuleError("", name, loaded=self._entries)
        return entry

    def lookup(self, full_name: str) -> Function:
        """A function by `module.function`; the same object every time.

        Raises: UnknownModuleError, UnknownFunctionError.
        """
        module_name, _, function_name = full_name.partition(".")
        entry = self._entry(module_name)
        export = entry.module.exports.get(function_name)
        if export is None:
            raise UnknownFunctionError("", module_name, function_name, entry.module.exports)
        with self._lock:
            return entry.function(export)

    @property
    def globals(self) -> Mapping[str, GlobalAccess]:
        """Globals of all modules by `module.name`."""
        return MappingProxyType(
            {
                f"{name}.{local_name}": access
                for name, entry in self._entries.items()
                for local_name, access in entry.state.globals().items()
            }
        )

    def snapshot(self) -> Mapping[str, object]:
        """Copy of all globals, by module; for `restore` of this context or of a fork."""
        with self._lock:
            return {name: entry.state.snapshot() for name, entry in self._entries.items()}

    def restore(self, snapshot: Mapping[str, object]) -> None:
        """Put a snapshot back; it can be used again."""
        with self._lock:
            for name, contents in snapshot.items():
                self._entry(name).state.restore(contents)

    def fork(self) -> Context:
        """A context over the same modules with copies of their globals; initialisers do not run again."""
        with self._lock:
            self._check_open()
            copy = Context(instance=self.instance)
            for name, entry in self._entries.items():
                copy_entry = _LoadedModule(entry.module, entry.state.fork())
                copy._bind_imports(copy_entry)
                copy._entries[name] = copy_entry
                copy._order.loaded[name] = entry.module
            return copy

    def notify(self, signal: Signal) -> None:
        """Call `__notify` of the modules that have it; later modules first when resources are given up."""
        entries = list(self._entries.values())
        if signal in (Signal.SUSPEND, Signal.LOW_MEMORY):
            entries.reverse()
        for entry in entries:
            export = entry.module.exports.get(NOTIFY_EXPORT)
            if export is not None:
                _check_arguments(entry.module, NOTIFY_EXPORT, "i")
                entry.function(export)(int(signal))

    def close(self) -> None:
        """Run `__deinit` of each module, last loaded first, and release all state. May be called again."""
        with self._lock:
            self._unload_after(0)
            self._is_closed = True

    def _unload_after(self, count: int) -> None:
        for name in list(reversed(self._entries))[: len(self._entries) - count]:
            entry = self._entries.pop(name)
            del self._order.loaded[name]
            export = entry.module.exports.get(DEINIT_EXPORT)
            try:
                if export is not None:
                    _check_arguments(entry.module, DEINIT_EXPORT, "")
                    entry.function(export)()
            except StatusError:
                # Spec: the status of `__deinit` is ignored (iree/vm/context.c, 3.13.0).
                pass
            finally:
                entry.state.close()

    def _check_open(self) -> None:
        if self._is_closed:
            raise FailedPreconditionError("the context is closed")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Context([{', '.join(self._entries)}])"
