"""Handles by which states of C name their imports.

A state is made with a handle. Exports get one when they are linked, which every call of them passes on: the
first ones that of the state. It stands for the imports that they were linked to, and so for those that a call
began with; once these exports are gone it stands for the imports that are active, since C may have kept it,
until it is given out again.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Protocol

from gossamer.errors import CancelledError, InvalidArgumentError


class Import(Protocol):
    """An import of a state, as C calls it."""

    @property
    def is_bound(self) -> bool:
        """False for an optional one that nobody offers."""
        ...

    def call(self, arguments: int, results: int) -> None:
        """Call with slots at these addresses."""
        ...


class ImportContexts:
    """Handles of one state.

    Attributes:
        active: imports that the state calls by itself, by ordinal; none before it is linked.
        handle: that the state is made with.
    """

    def __init__(self) -> None:
        self.active: Sequence[Import] = ()
        self._handles: set[int] = set()
        self._is_closed = False
        self.handle = self._new(None)
        self._free = [self.handle]

    def open(self, imports: Sequence[Import]) -> int:
        """A handle for imports."""
        try:
            # Why not look first whether there is one: another thread may take it in between.
            handle = self._free.pop()
        except IndexError:
            return self._new(imports)
        _contexts[handle] = (self, imports)
        return handle

    def _new(self, imports: Sequence[Import] | None) -> int:
        handle = next(_numbers)
        self._handles.add(handle)
        _contexts[handle] = (self, imports)
        return handle

    def release(self, handle: int) -> None:
        """Let a handle stand for the active imports."""
        if not self._is_closed:
            _contexts[handle] = (self, None)
            self._free.append(handle)

    def close(self) -> None:
        """Calls by any of the handles fail from now on."""
        self._is_closed = True
        for handle in self._handles:
            del _contexts[handle]
        self._handles.clear()


_numbers = count(0x1000)
_contexts: dict[int, tuple[ImportContexts, Sequence[Import] | None]] = {}


def find_import(handle: int | None, ordinal: int) -> Import:
    """The import that C means.

    Raises: CancelledError for a handle of a state that is closed; InvalidArgumentError for an ordinal without
        import.
    """
    found = _contexts.get(handle or 0)
    if found is None:
        raise CancelledError("the context is closed: its imports cannot be called any more")
    contexts, imports = found
    imports = contexts.active if imports is None else imports
    if ordinal >= len(imports):
        raise InvalidArgumentError(f"import {ordinal} is not bound; imports are bound after `create_state`")
    return imports[ordinal]
