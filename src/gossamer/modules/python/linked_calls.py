"""Which functions a Python module's imports reach.

An instance outlives the linkages that it is in (see `vm.link.linkage`), so its import methods look for the
function when they are called. Within a call of an export it is the one that this export was linked to, in
whatever thread or task Python carries the context of the call to; elsewhere it is the one that is active.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from gossamer.errors import NotFoundError
from gossamer.modules.python.signature import Signature
from gossamer.vm.link.function import Function

Imports: TypeAlias = Sequence[Function | None]


@dataclass(slots=True)
class ImportMethods:
    """Imports of one instance.

    Attributes:
        active: by ordinal, for calls that come from no export.
    """

    active: Imports = field(default=())

    def find(self, ordinal: int) -> Function | None:
        """What a call of an import is to reach now; None for an optional import that nobody offers."""
        call = _call.get()
        while call is not None:
            if call.methods is self:
                return call.imports[ordinal]
            call = call.outer
        return self.active[ordinal] if self.active else None

    def entered(
        self, imports: Imports, function: Callable[..., object], owner: object
    ) -> Callable[..., object]:
        """A function during which the instance's imports are these.

        Args:
            owner: is held as long as anything goes on that the function began.
        """

        def call(*arguments: object) -> object:
            token = _call.set(_Call(self, imports, _call.get(), owner))
            try:
                return function(*arguments)
            finally:
                _call.reset(token)

        return call


class _Call(NamedTuple):
    methods: ImportMethods
    imports: Imports
    outer: _Call | None
    owner: object


_call: ContextVar[_Call | None] = ContextVar("gossamer_python_call", default=None)


def found(signature: Signature, find: Callable[[], Function | None]) -> Function:
    """The function that an import reaches. Raises: NotFoundError where nobody offers it."""
    function = find()
    if function is None:
        raise NotFoundError(f"optional import {signature.name} is not there in this context")
    return function
