"""Contexts under the name of IREE's binding."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from gossamer.abi.calling_convention import parse_calling_convention
from gossamer.errors import InvalidArgumentError, StatusError
from gossamer.machine_code.signal_handlers import signal_watch
from gossamer.runtime.iree_api.vm.module import VmFunction, VmInstance, VmModule
from gossamer.runtime.iree_api.vm.values import VmVariantList
from gossamer.vm.link.context import Context
from gossamer.vm.link.function import Function
from gossamer.vm.link.linkage import Linkage
from gossamer.vm.objects.list import List
from gossamer.vm.objects.values import to_value

_VALUE_TYPES = {"i": "i32", "I": "i64", "f": "f32", "F": "f64"}
_context_ids = itertools.count(1)


class BoundFunction:
    """A function of a context, called with values of the VM.

    Attributes:
        convention: its calling convention.
    """

    __slots__ = ("_bound", "_context", "_full_name", "convention")

    def __init__(self, context: Context, function: VmFunction) -> None:
        """Find a function.

        Raises: ValueError when its module is not loaded.
        """
        self._context = context
        self._full_name = f"{function.module_name}.{function.name}"
        self._bound = self._bind()
        self.convention = parse_calling_convention(function.calling_convention)

    def _bind(self) -> tuple[Linkage, Function]:
        linkage = self._context.linkage
        self._bound = (linkage, self._context.lookup(self._full_name))
        return self._bound

    def __call__(self, values: Sequence[object]) -> object:
        """Call the function: None, a value, or a tuple. Raises: what the program raises."""
        linkage, function = self._bound
        if linkage is not self._context.linkage:
            _, function = self._bind()
        if not signal_watch.is_awake:
            signal_watch.wake()
        try:
            return function.callable(*values)
        except StatusError as error:
            raise error.annotate(f"while invoking {self._full_name}") from error.__cause__


class VmContext:
    """Modules linked together, with their state."""

    def __init__(self, instance: VmInstance, modules: Sequence[VmModule] | None = None) -> None:
        self._instance = instance
        self._modules: list[VmModule] = []
        self.context = Context()
        self._context_id = next(_context_ids)
        self.register_modules(modules or ())

    @property
    def context_id(self) -> int:
        """A number of its own."""
        return self._context_id

    def register_modules(self, modules: Sequence[VmModule]) -> None:
        """Load modules in order."""
        self.context.register_all([module.module for module in modules])
        self._modules.extend(modules)

    def invoke(self, function: VmFunction, inputs: VmVariantList, outputs: VmVariantList) -> None:
        """Call a function; results are appended to `outputs`.

        Raises: ValueError when the number of inputs is wrong; what the program raises.
        """
        bound = BoundFunction(self.context, function)
        kinds, results = bound.convention.arguments, bound.convention.results
        if len(inputs) != len(kinds):
            raise InvalidArgumentError(
                f"Error invoking function: input list and function mismatch; expected "
                f"{len(kinds)} arguments but passed {len(inputs)}"
            )
        returned = bound([_argument(inputs.object, index, kind) for index, kind in enumerate(kinds)])
        values: tuple[Any, ...] = (returned,) if len(results) == 1 else tuple(returned or ())  # type: ignore[arg-type]
        for kind, value in zip(results, values, strict=True):
            outputs.object.append(value, _VALUE_TYPES.get(kind, ""))

    def __repr__(self) -> str:
        return f"<VmContext {self._context_id}: {self.context!r}>"


def _argument(values: List, index: int, kind: object) -> object:
    if isinstance(kind, str) and kind in _VALUE_TYPES:
        return to_value(values.get_value(index, _VALUE_TYPES[kind]), _VALUE_TYPES[kind])
    return values.get_ref(index)
