"""A module with one function whose reflection and behaviour a test chooses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gossamer.runtime as rt
from gossamer.format.module_def import ImportFunction, ModuleDependency
from gossamer.vm.link.function import Function
from gossamer.vm.link.module import BoundExports, Export, GlobalAccess, ModuleState


class ReflectedModule:
    """Module `reflected` with the export `call`."""

    name = "reflected"
    version = 0
    dependencies: Sequence[ModuleDependency] = ()
    imports: Sequence[ImportFunction] = ()

    def __init__(self, convention: str, attrs: Mapping[str, str], function: Callable[..., object]) -> None:
        self.exports: Mapping[str, Export] = {"call": Export("call", convention, attrs)}
        self.function = function

    def create_state(self) -> ReflectedState:
        return ReflectedState(self.function)


class ReflectedState(ModuleState):
    def __init__(self, function: Callable[..., object]) -> None:
        self.function = function

    def link(self, imports: Sequence[Function | None]) -> ReflectedExports:
        return ReflectedExports(self.function)

    def globals(self) -> Mapping[str, GlobalAccess]:
        return {}

    def fork(self) -> ModuleState:
        return ReflectedState(self.function)

    def close(self) -> None:
        pass


class ReflectedExports(BoundExports):
    def __init__(self, function: Callable[..., object]) -> None:
        self.function = function

    def bind(self, export: str) -> Callable[..., object]:
        return self.function


def invoker(
    convention: str,
    function: Callable[..., object],
    *,
    arguments: list[Any] | None = None,
    results: list[Any] | None = None,
    reflection: str | None = None,
) -> rt.FunctionInvoker:
    """Invoker of a function with a calling convention, described by `iree.abi` where a test gives it."""
    attrs: dict[str, str] = {}
    if arguments is not None or results is not None:
        attrs["iree.abi"] = json.dumps({"a": arguments or [], "r": results or []})
    if reflection is not None:
        attrs["iree.abi"] = reflection
    module = rt.VmModule(ReflectedModule(convention, attrs, function))
    context = rt.VmContext(rt.VmInstance(), [module])
    found = module.lookup_function("call")
    assert found is not None
    return rt.FunctionInvoker(context, rt.get_device("local-sync"), found)
