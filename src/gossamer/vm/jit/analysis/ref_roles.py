"""What each ref of a function is: a buffer, or the list of a dispatch's bindings."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from gossamer.vm.typed.ssa import Operand, Operation, SsaEdge, SsaFunction, Value


class RefRole(Enum):
    """What a ref refers to."""

    BUFFER = "buffer"
    LIST = "list"


class RefRoles:
    """Roles of a function's refs, found from how they are used.

    Attributes:
        is_consistent: no ref is used as both.
    """

    def __init__(self, function: SsaFunction, argument_roles: tuple[RefRole | None, ...]) -> None:
        """Infer roles.

        Args:
            argument_roles: one for each argument of the function; None for values.
        """
        self.is_consistent = True
        self._parents: dict[Value, Value] = {}
        self._roles: dict[Value, RefRole] = {}
        for edge in _edges(function):
            parameters = function.blocks[edge.target].parameters
            for parameter, argument in zip(parameters, edge.arguments, strict=True):
                if parameter.kind == "r" and isinstance(argument, Value):
                    self._unite(parameter, argument)
        for argument, role in zip(function.arguments, argument_roles, strict=True):
            if role is not None:
                self._set(argument, role)
        for block in function.blocks:
            for operation in block.operations:
                self._use(operation)

    def role(self, value: Value) -> RefRole:
        """Role of a ref; one that nothing uses is as good as a buffer."""
        return self._roles.get(self._find(value), RefRole.BUFFER)

    def _use(self, operation: Operation) -> None:
        refs = [operand for operand in operation.inputs if _is_ref(operand)]
        if operation.name in ("assign.ref", "cast.any.ref", "select.ref"):
            for operand in refs:
                if isinstance(operand, Value):
                    self._unite(operation.results[0], operand)
            return
        if operation.name.startswith("cmp."):
            return
        used_as = RefRole.LIST if operation.name.startswith("list.") else RefRole.BUFFER
        for operand in refs:
            self._set(operand, used_as)
        for result in operation.results:
            if result.kind == "r":
                self._set(result, RefRole.BUFFER)

    def _set(self, operand: Operand, role: RefRole) -> None:
        if isinstance(operand, Value):
            known = self._roles.setdefault(self._find(operand), role)
            self.is_consistent &= known is role

    def _find(self, value: Value) -> Value:
        while value in self._parents:
            value = self._parents[value]
        return value

    def _unite(self, first: Value, second: Value) -> None:
        first, second = self._find(first), self._find(second)
        if first is second:
            return
        self._parents[second] = first
        role = self._roles.pop(second, None)
        if role is not None:
            self._set(first, role)


def _is_ref(operand: Operand) -> bool:
    return operand.kind == "r"


def _edges(function: SsaFunction) -> Iterator[SsaEdge]:
    yield function.entry
    for block in function.blocks:
        yield from block.edges
