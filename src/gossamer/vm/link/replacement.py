"""Replacing a module of a linkage by another of its name.

In: a linkage, and the module to come. Out: the linkage that has it, ready to be called; the old one is as it
was, whatever fails. Next: `vm.link.context` switches from one to the other.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from gossamer.errors import InvalidArgumentError
from gossamer.vm.link.full_names import split_full_name
from gossamer.vm.link.function import Function
from gossamer.vm.link.lifecycle import end, load
from gossamer.vm.link.linkage import Linkage, LinkedModule
from gossamer.vm.link.linking import LoadOrder, check_dependencies
from gossamer.vm.link.module import BoundExports, Module, ModuleState


def with_replaced(linkage: Linkage, name: str, module: Module) -> Linkage:
    """Initialise a module beside the one it replaces, and link all that import it, directly or not, to it.

    Args:
        name: of the module to replace.
        module: of the same name; it may import what was loaded before the one it replaces.
    Returns: a linkage of the same modules in the same order.
    Raises: UnknownModuleError; InvalidArgumentError where the names differ; errors of `link_errors` where the
        module does not fit what it imports, or what imports it; what its initialiser fails with.
    """
    linkage.module(name)
    if module.name != name:
        raise InvalidArgumentError(
            f"module {module.name!r} cannot replace {name!r}: importers know it by name"
        )
    order = linkage.order_before(name)
    changed = Linkage(linkage.modules[before] for before in order.loaded)
    replacing = load(changed, module, order)
    try:
        _bind_as_before(replacing, linkage.modules[name])
        changed.modules[name] = replacing
        _link_importers(changed, linkage, name)
    except BaseException:
        end(replacing)
        raise
    return changed


def _link_importers(changed: Linkage, linkage: Linkage, replaced: str) -> None:
    """Add the modules that come after those in `changed`: linked anew where they import what changed."""
    above = {replaced}
    for name, linked in list(linkage.modules.items())[len(changed.modules) :]:
        if _needs(linked.module, above):
            above.add(name)
            order = LoadOrder({name: loaded.module for name, loaded in changed.modules.items()})
            check_dependencies(linked.module, order)
            relinked = changed.link(linked.module, linked.state, order)
            _bind_as_before(relinked, linked)
            changed.modules[name] = relinked
        else:
            changed.modules[name] = linked


def _needs(module: Module, names: set[str]) -> bool:
    imported = {split_full_name(function.full_name, names)[0] for function in module.imports}
    return not names.isdisjoint(imported.union(dependency.name for dependency in module.dependencies))


def _bind_as_before(linked: LinkedModule, before: LinkedModule) -> None:
    """Make ready what was called before, so that the next call takes no longer than the last one."""
    for name in list(before.functions):
        export = linked.module.exports.get(name)
        if export is not None:
            linked.function(export)


class _Remains(NamedTuple):
    """What is left of a module that was replaced. It does not hold the exports: their end is waited for."""

    module: Module
    state: ModuleState
    imports: Sequence[Function | None]

    def end(self) -> None:
        end(LinkedModule(self.module, self.state, self.imports, self.state.link(self.imports)))


class ReplacedModules:
    """Modules that were replaced, until no call uses them any more and their state is closed."""

    def __init__(self) -> None:
        self._waiting: list[weakref.finalize[[_Remains], BoundExports]] = []
        self._idle: deque[_Remains] = deque()

    def add(self, linked: LinkedModule) -> None:
        """Wait for the end of a module's exports."""
        remains = _Remains(linked.module, linked.state, linked.imports)
        # Why not close it there: that may happen anywhere, in the middle of any call.
        waiting = weakref.finalize(linked.exports, self._idle.append, remains)
        waiting.atexit = False
        self._waiting = [other for other in self._waiting if other.alive] + [waiting]

    def close_idle(self) -> None:
        """Close the states of those that no call uses."""
        while self._idle:
            self._idle.popleft().end()

    def close_all(self) -> None:
        """Close the states of all."""
        for waiting in self._waiting:
            waiting()
        self.close_idle()
