"""How the modules of a context are joined at one time.

An import is bound when its module is linked, and that never changes: a translated function calls its import
by a global name of its own, which costs what any call in Python costs. What changes is the linkage, as a
whole. Replacing `b` links those that import it once more, over the same state, and makes a linkage of them;
the context then refers to that one.

                     context.linkage ──── one store ────┐
                           │                            │
                  before   ▼                            ▼   after
               ┌─────────────────────┐      ┌─────────────────────┐
    state of   │ main   exports ──┐  │      │ main   exports'──┐  │
    main ◄─────┼────────────────┐ │  │      │                  │  │
      ▲        │                └─│──│──────│────────────────► │  │  the same globals
      └────────┼──────────────────┼──┼──────┤                  │  │
               │ b      exports ◄─┘  │      │ b'     exports'◄─┘  │
               │        └─► state    │      │        └─► state'   │
               │ a      exports      │══════│ a      exports      │  what does not import b is shared
               └─────────────────────┘      └─────────────────────┘

A call that began before the store goes on over the exports that it began with, however deep it goes, and
never meets the new ones; a call that begins later meets only those. Nothing is locked and nothing is counted:
who calls holds a `Function`, and with it the exports that it leads to. When nobody holds those of the module
that was replaced any more, its state can be closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from threading import RLock

from gossamer.vm.link.full_names import split_full_name
from gossamer.vm.link.function import Function
from gossamer.vm.link.link_errors import UnknownFunctionError, UnknownModuleError
from gossamer.vm.link.linking import LoadOrder, resolve_imports
from gossamer.vm.link.module import BoundExports, Export, Module, ModuleState


@dataclass(slots=True, eq=False)
class LinkedModule:
    """A module in a linkage.

    Attributes:
        module: what is loaded.
        state: its globals; linkages of one context share it.
        imports: what its imports are, by ordinal.
        exports: bound over those.
        functions: exports that were asked for, by name.
    """

    module: Module
    state: ModuleState
    imports: Sequence[Function | None]
    exports: BoundExports
    functions: dict[str, Function] = field(default_factory=dict[str, Function])
    _lock: RLock = field(default_factory=RLock)

    def function(self, export: Export) -> Function:
        """The one `Function` of an export in this linkage."""
        with self._lock:
            found = self.functions.get(export.name)
            if found is None:
                found = self.functions[export.name] = Function(
                    self.module.name,
                    export,
                    self.exports.bind(export.name),
                    self.exports.bind_resumable(export.name),
                    self.exports.inline_form(export.name),
                    self.exports,
                )
            return found


class Linkage:
    """Modules in load order, joined.

    Attributes:
        modules: by name. Loading adds to them; nothing else changes.
    """

    def __init__(self, modules: Iterable[LinkedModule] = ()) -> None:
        self.modules = {linked.module.name: linked for linked in modules}

    def module(self, name: str) -> LinkedModule:
        """A module.

        Raises: UnknownModuleError.
        """
        linked = self.modules.get(name)
        if linked is None:
            raise UnknownModuleError("", name, loaded=self.modules)
        return linked

    def function(self, full_name: str) -> Function:
        """A function by `module.function`; the same object every time.

        Raises: UnknownModuleError, UnknownFunctionError.
        """
        return self.export(*split_full_name(full_name, self.modules))

    def export(self, module_name: str, name: str) -> Function:
        """A function of a module by its local name; the same object every time.

        Raises: UnknownModuleError, UnknownFunctionError.
        """
        linked = self.module(module_name)
        export = linked.module.exports.get(name)
        if export is None:
            raise UnknownFunctionError("", module_name, name, linked.module.exports)
        return linked.function(export)

    def order_before(self, name: str) -> LoadOrder:
        """What is loaded before, and after, one of the modules."""
        names = list(self.modules)
        place = names.index(name)
        modules = [linked.module for linked in self.modules.values()]
        return LoadOrder(
            {module.name: module for module in modules[:place]},
            {module.name: str(getattr(module, "source", "")) for module in modules[place + 1 :]},
        )

    def link(self, module: Module, state: ModuleState, order: LoadOrder) -> LinkedModule:
        """Join a module to those that are in the linkage.

        Args:
            order: what is loaded before the module.
        Raises: errors of `vm.link.link_errors`.
        """
        imports = tuple(
            None if found is None else self.modules[found[0].name].function(found[1])
            for found in resolve_imports(module, order)
        )
        return LinkedModule(module, state, imports, state.link(imports))
