"""Snapshots put back into the modules of a context.

What can be refused is refused before anything changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.allocator import Allocator
from gossamer.modules.python.module import PythonModule
from gossamer.runtime.program_state.snapshot import (
    SavedModule,
    Snapshot,
    changing_globals,
    describe_difference,
)
from gossamer.runtime.program_state.values import put_back
from gossamer.vm.link.context import Context
from gossamer.vm.link.module import Module, ModuleState


def restore(context: Context, snapshot: Snapshot, allocator: Allocator, *, by_name: bool) -> None:
    """Put a snapshot back; see `State.restore`.

    Args:
        context: whose modules get it.
        snapshot: may be restored again.
        allocator: where memory comes from.
        by_name: take over what a module of another version has in common with it.
    Raises: InvalidArgumentError when the modules differ.
    """
    context.check_open()
    modules = {module.name: module for module in context.modules}
    if set(modules) != set(snapshot.names):
        raise InvalidArgumentError(
            f"snapshot is of modules {sorted(snapshot.names)}, this context has {sorted(modules)}"
        )
    states = {name: context.linkage.modules[name].state for name in modules}
    whole = {name for name, module in modules.items() if snapshot.is_of(module)}
    if not by_name:
        for name in set(modules) - whole:
            _refuse(snapshot.module(name), modules[name], states[name])
    saved = {name: snapshot.module(name) for name in modules if name not in whole or name in snapshot.saved}
    context.restore({name: snapshot.contents[name] for name in modules if name not in saved})
    for name, contents in saved.items():
        _put_back(modules[name], states[name], contents, allocator)


def _refuse(saved: SavedModule, module: Module, state: ModuleState) -> None:
    accesses = changing_globals(state.globals())
    # Why: attributes of Python objects have no declared types.
    is_typed = not isinstance(module, PythonModule)
    here = {name: access.type if is_typed else "" for name, access in accesses.items()}
    raise InvalidArgumentError(
        f"snapshot is of another version of module {module.name!r}: "
        f"{describe_difference(saved, module, here)}; by_name=True takes over globals of equal name and type"
    )


def _put_back(module: Module, state: ModuleState, saved: SavedModule, allocator: Allocator) -> None:
    if isinstance(module, PythonModule):
        state.restore(_python_state(state, saved, is_whole=saved.version == module.version))
        return
    if "" in saved.values:
        state.restore(saved.values[""])
        return
    for name, access in changing_globals(state.globals()).items():
        if saved.types.get(name) == access.type:
            put_back(access, saved.values[name], allocator)


def _python_state(state: ModuleState, saved: SavedModule, *, is_whole: bool) -> object:
    if "" in saved.values:
        return saved.values[""]
    if is_whole:
        return dict(saved.values)
    present = cast("Mapping[str, object]", state.snapshot())
    return {name: saved.values.get(name, value) for name, value in present.items()}
