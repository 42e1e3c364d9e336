"""A context: modules linked in load order, and the state of each.

Modules are shared, state is not: two contexts over the same modules never see each other's globals.

Thread safety: functions of a context may be called from several threads at once; each call has frames of
its own. Globals are shared between them without a lock, as they are in IREE: modules that change theirs are
called from one thread at a time, or from contexts of their own (`fork`). Whatever changes a context takes
its lock. Loading and replacing may run while calls do; closing, `restore` and `fork` must not.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from types import MappingProxyType, TracebackType
from typing import Self

from gossamer.errors import FailedPreconditionError, StatusError
from gossamer.vm.link.function import Function
from gossamer.vm.link.lifecycle import Signal, end, load, notify
from gossamer.vm.link.link_errors import DuplicateModuleError
from gossamer.vm.link.linkage import Linkage, LinkedModule
from gossamer.vm.link.linking import LoadOrder
from gossamer.vm.link.module import GlobalAccess, Module, ModuleState
from gossamer.vm.link.replacement import ReplacedModules, with_replaced


class Context:
    """Modules loaded together, earlier ones offering functions to later ones.

    Attributes:
        linkage: how they are joined now; another object once a module was replaced. Who keeps a function
            looks before a call whether it is still the one that the function is of.
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        """Make a context and load modules in order; see `register_all`."""
        self.linkage = Linkage()
        self._replaced = ReplacedModules()
        self._announced: Mapping[str, str] = {}
        self._lock = threading.RLock()
        self._is_closed = False
        self.register_all(modules)

    @property
    def modules(self) -> tuple[Module, ...]:
        """Loaded modules, in load order."""
        return tuple(linked.module for linked in self.linkage.modules.values())

    def register_all(self, modules: Iterable[Module]) -> None:
        """Load modules in order. If one fails, those of this call are unloaded again.

        Raises: what `register` does; a module needed too early is told from one that is missing.
        """
        pending = list(modules)
        with self._lock:
            loaded_before = len(self.linkage.modules)
            try:
                for index, module in enumerate(pending):
                    self._announced = {
                        later.name: str(getattr(later, "source", "")) for later in pending[index + 1 :]
                    }
                    self.register(module)
            except BaseException:
                self._unload_after(loaded_before)
                raise
            finally:
                self._announced = {}

    def register(self, module: Module) -> None:
        """Load one module: check what it needs, link it, run its initialiser.

        Raises: errors of `vm.link.link_errors`; whatever the module's `__init` fails with.
        """
        with self._lock:
            self.check_open()
            if module.name in self.linkage.modules:
                raise DuplicateModuleError(module.name)
            try:
                order = LoadOrder({other.name: other for other in self.modules}, self._announced)
                linked = load(self.linkage, module, order)
            except StatusError as error:
                error.annotate(f"while loading module {module.name!r}")
                raise
            self.linkage.modules[module.name] = linked

    def replace(self, name: str, module: Module) -> None:
        """Put a module in the place of a loaded one of the same name, with a new state, while calls run.

        The module is checked against what it imports and what imports it, and initialised, before anything
        changes; on any failure nothing has. Calls that began before go on with the old module to their end,
        calls that begin later have the new one (see `vm.link.linkage`). The old state is closed once no call
        uses it and nobody holds a `Function` that leads to it.

        Args:
            name: of the loaded module.
            module: of the same name; it may import what was loaded before the one it replaces.
        Raises: what `register` does; UnknownModuleError; InvalidArgumentError where the names differ;
            FailedPreconditionError where the initialiser itself replaced something.
        """
        with self._lock:
            self.check_open()
            try:
                self._replace(name, module)
            except StatusError as error:
                error.annotate(f"while replacing module {name!r}")
                raise
        self.close_replaced()

    def _replace(self, name: str, module: Module) -> None:
        before = self.linkage
        linkage = with_replaced(before, name, module)
        if self.linkage is not before or list(before.modules) != list(linkage.modules):
            end(linkage.modules[name])
            raise FailedPreconditionError(
                "the context changed meanwhile: an initialiser may neither load nor replace modules"
            )
        changed = [linked for linked in linkage.modules.values() if linked not in before.modules.values()]
        for linked in changed:
            linked.exports.activate()
        self.linkage = linkage
        self._replaced.add(before.modules[name])
        for linked in changed:
            # Why: functions and exports refer to each other, and are to go as soon as nobody holds them.
            before.modules[linked.module.name].functions.clear()

    def close_replaced(self) -> None:
        """Close the states of modules that were replaced and that nothing uses any more."""
        with self._lock:
            self._replaced.close_idle()

    def module(self, name: str) -> Module:
        """A loaded module.

        Raises: UnknownModuleError.
        """
        return self._linked(name).module

    def state(self, name: str) -> ModuleState:
        """State of a loaded module in this context.

        Raises: UnknownModuleError.
        """
        return self._linked(name).state

    def _linked(self, name: str) -> LinkedModule:
        self.check_open()
        return self.linkage.module(name)

    def lookup(self, full_name: str) -> Function:
        """A function by `module.function`; the same object every time, until its module is replaced.

        Raises: UnknownModuleError, UnknownFunctionError.
        """
        self.check_open()
        return self.linkage.function(full_name)

    def export(self, module_name: str, name: str) -> Function:
        """A function of a module by its local name; as `lookup`."""
        self.check_open()
        return self.linkage.export(module_name, name)

    @property
    def globals(self) -> Mapping[str, GlobalAccess]:
        """Globals of all modules by `module.name`.

        Raises: FailedPreconditionError once the context is closed.
        """
        self.check_open()
        return MappingProxyType(
            {
                f"{name}.{local_name}": access
                for name, linked in list(self.linkage.modules.items())
                for local_name, access in linked.state.globals().items()
            }
        )

    def snapshot(self) -> Mapping[str, object]:
        """Copy of all globals, by module; for `restore` of this context or of a fork.

        Raises: FailedPreconditionError once the context is closed.
        """
        with self._lock:
            self.check_open()
            return {name: linked.state.snapshot() for name, linked in self.linkage.modules.items()}

    def restore(self, snapshot: Mapping[str, object]) -> None:
        """Put a snapshot back; it can be used again."""
        with self._lock:
            for name, contents in snapshot.items():
                self._linked(name).state.restore(contents)

    def fork(self) -> Context:
        """A context over the same modules with copies of their globals; initialisers do not run again."""
        with self._lock:
            self.check_open()
            copy = Context()
            for name, linked in self.linkage.modules.items():
                order = LoadOrder({other.name: other for other in copy.modules})
                forked = copy.linkage.link(linked.module, linked.state.fork(), order)
                forked.exports.activate()
                copy.linkage.modules[name] = forked
            return copy

    def notify(self, signal: Signal) -> None:
        """Call `__notify` of the modules that have it; later modules first when resources are given up."""
        modules = list(self.linkage.modules.values())
        if signal in (Signal.SUSPEND, Signal.LOW_MEMORY):
            modules.reverse()
        for linked in modules:
            notify(linked, signal)

    def close(self) -> None:
        """Run `__deinit` of each module, last loaded first, and release all state. May be called again."""
        with self._lock:
            self._unload_after(0)
            self._replaced.close_all()
            self._is_closed = True
            # Why another: who holds a function of the old one sees that it is no longer the context's.
            self.linkage = Linkage()

    def _unload_after(self, count: int) -> None:
        for name in list(reversed(self.linkage.modules))[: len(self.linkage.modules) - count]:
            end(self.linkage.modules.pop(name))

    def check_open(self) -> None:
        """Raises: FailedPreconditionError once the context is closed."""
        if self._is_closed:
            raise FailedPreconditionError("the context is closed")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Context([{', '.join(self.linkage.modules)}])"
