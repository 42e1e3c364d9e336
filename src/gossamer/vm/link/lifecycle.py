"""Exports that contexts call: initialisers, their opposites, and what is told of the host.

Spec: names, conventions and the order of calls are those of iree/vm/context.c, 3.13.0.
"""

from __future__ import annotations

from enum import IntEnum

from gossamer.abi.calling_convention import parse_calling_convention
from gossamer.errors import InvalidArgumentError, StatusError
from gossamer.vm.link.linkage import Linkage, LinkedModule
from gossamer.vm.link.linking import LoadOrder, check_dependencies
from gossamer.vm.link.module import Module

INIT_EXPORT = "__init"
DEINIT_EXPORT = "__deinit"
NOTIFY_EXPORT = "__notify"


class Signal(IntEnum):
    """What `Context.notify` tells modules."""

    RESUME = 0
    SUSPEND = 1
    LOW_MEMORY = 2
    FORK = 3


def _check_arguments(module: Module, name: str, expected: str) -> None:
    """Check that a function that contexts call takes what they give it."""
    convention = module.exports[name].calling_convention
    found = parse_calling_convention(convention).arguments
    if found != tuple(expected):
        raise InvalidArgumentError(
            f"function {module.name}.{name} has the calling convention {convention!r}; contexts call it with "
            f"{'no arguments' if not expected else 'an i32'}"
        )


def load(linkage: Linkage, module: Module, order: LoadOrder) -> LinkedModule:
    """Check what a module needs, link it, and run its initialiser. The linkage stays as it is.

    Raises: errors of `vm.link.link_errors`; whatever the initialiser fails with.
    """
    check_dependencies(module, order)
    state = module.create_state()
    try:
        linked = linkage.link(module, state, order)
        linked.exports.activate()
        if INIT_EXPORT in module.exports:
            _check_arguments(module, INIT_EXPORT, "")
            linked.exports.bind_once(INIT_EXPORT)()
    except BaseException:
        state.close()
        raise
    return linked


def end(linked: LinkedModule) -> None:
    """Run what a module has to do at the end, and close its state."""
    try:
        if DEINIT_EXPORT in linked.module.exports:
            _check_arguments(linked.module, DEINIT_EXPORT, "")
            linked.exports.bind_once(DEINIT_EXPORT)()
    except StatusError:
        # Spec: the status of `__deinit` is ignored (iree/vm/context.c, 3.13.0).
        pass
    finally:
        linked.state.close()


def notify(linked: LinkedModule, signal: Signal) -> None:
    """Tell a module, if it listens."""
    export = linked.module.exports.get(NOTIFY_EXPORT)
    if export is not None:
        _check_arguments(linked.module, NOTIFY_EXPORT, "i")
        linked.function(export)(int(signal))
