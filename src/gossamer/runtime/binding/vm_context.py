"""Contexts under the name of IREE's binding."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from gossamer.errors import InvalidArgumentError, StatusError
from gossamer.isa.calling_convention import parse_calling_convention
from gossamer.runtime.binding.vm_module import VmFunction, VmInstance, VmModule
from gossamer.runtime.binding.vm_values import VmVariantList
from gossamer.vm.context import Context
from gossamer.vm.list import List
from gossamer.vm.values import to_value

_VALUE_TYPES = {"i": "i32", "I": "i64", "f": "f32", "F": "f64"}
_context_ids = itertools.count(1)


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
        convention = parse_calling_convention(function.calling_convention)
        if len(inputs) != len(convention.arguments):
            raise InvalidArgumentError(
                f"Error invoking function: input list and function mismatch; expected "
                f"{len(convention.arguments)} arguments but passed {len(inputs)}"
            )
        arguments = [_argument(inputs.object, index, kind) for index, kind in enumerate(convention.arguments)]
        bound = self.context.lookup(f"{function.module_name}.{function.name}")
        try:
            returned = bound.callable(*arguments)
        except StatusError as error:
            raise error.annotate(
                f"while invoking {function.module_name}.{function.name}"
            ) from error.__cause__
        kinds = convention.results
        results: tuple[Any, ...] = (returned,) if len(kinds) == 1 else tuple(returned or ())  # type: ignore[arg-type]
        for kind, value in zip(kinds, results, strict=True):
            outputs.object.append(value, _VALUE_TYPES.get(kind, ""))

    def __repr__(self) -> str:
        return f"<VmContext {self._context_id}: {self.context!r}>"


def _argument(values: List, index: int, kind: object) -> object:
    if isinstance(kind, str) and kind in _VALUE_TYPES:
        return to_value(values.get_value(index, _VALUE_TYPES[kind]), _VALUE_TYPES[kind])
    return values.get_ref(index)
