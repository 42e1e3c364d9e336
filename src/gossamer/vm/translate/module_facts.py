"""What translating one function needs to know about all of its module."""

from __future__ import annotations

from dataclasses import dataclass

from gossamer.vm.bytecode.decoded import DecodedModule
from gossamer.vm.translate.global_access import uniform_ref_globals
from gossamer.vm.typed.call_graph import looping_functions, recursive_functions, waiting_functions


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """Facts about a module.

    Attributes:
        waiting: ordinals of the functions that may wait.
        recursive: ordinals of the functions that may call themselves.
        looping: ordinals of the functions that jump backwards, or call one that does.
        uniform_refs: ordinals of the ref globals whose loads need no check.
    """

    module: DecodedModule
    waiting: frozenset[int]
    recursive: frozenset[int]
    looping: frozenset[int]
    uniform_refs: frozenset[int]


def find_module_facts(module: DecodedModule) -> ModuleFacts:
    """Look through a verified module."""
    return ModuleFacts(
        module,
        waiting_functions(module),
        recursive_functions(module),
        looping_functions(module),
        uniform_ref_globals(module),
    )
