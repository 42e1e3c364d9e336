"""Programs around `kit.c` for tests: what it imports, and how its functions are called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import gossamer
from gossamer.abi.module_interface import ModuleInterface
from gossamer.errors import AbortedError
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.modules.native import FunctionTable, NativeModule
from gossamer.vm.link.module import Module
from gossamer.vm.objects.buffer import Buffer


def other_module() -> NativeModule:
    """Module `other`, in Python, that kit imports from."""
    interface = ModuleInterface("other")
    interface.declare("next", "0r_r")
    interface.declare("total", "0CiIDr_I")
    functions = FunctionTable(interface)

    @functions.export("next")
    def next_of(value: object) -> object:
        if isinstance(value, Buffer):
            return Buffer.wrap(bytes(value.data) + b"!")
        if value is None:
            raise AbortedError("nothing comes next")
        raise KeyError("not a string")

    @functions.export("total")
    def total(pairs: list[tuple[int, int]], ref: object) -> int:
        return sum(one * other for one, other in pairs) + (100 if ref is not None else 0)

    return NativeModule(functions)


def kit_pipeline(kit: Path, **parameters: str | int) -> gossamer.Pipeline:
    """A program of `other` and `kit`."""
    modules: list[Module] = [other_module(), gossamer.load_native_module(kit, **parameters)]
    return gossamer.Pipeline(modules, device="local-sync")


def functions_of(pipeline: gossamer.Pipeline) -> Callable[..., object]:
    """`call(name, *values)`: calls a function of kit in the callable ABI."""

    def call(name: str, *values: object) -> object:
        return pipeline.context.lookup(f"kit.{name}").callable(*values)

    return call


def text_of(value: object) -> bytes:
    """Contents of a `!vm.buffer`."""
    assert isinstance(value, Buffer)
    return bytes(value.data)


def view_of(value: object) -> BufferView:
    """A value as the tensor it is."""
    assert isinstance(value, BufferView)
    return value
