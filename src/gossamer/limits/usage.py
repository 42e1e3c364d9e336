"""Memory and depth of the calls of a scope, accounted for in it and in the scopes around it."""

from __future__ import annotations

import threading

from gossamer.limits.call_limits import CallLimits
from gossamer.limits.errors import CallResourceError


class Usage:
    """What the calls of one scope use.

    Attributes:
        limits: as they were given.
        used_memory: bytes in use, of calls that a limit of memory is on.
    """

    __slots__ = ("_bounds_depth", "_bounds_memory", "_depths", "limits", "used_memory")

    def __init__(self, limits: CallLimits) -> None:
        self.limits = limits
        self.used_memory = 0
        self._depths: dict[int, int] = {}
        self._bounds_memory: tuple[Usage, ...] = () if limits.max_memory is None else (self,)
        self._bounds_depth: tuple[Usage, ...] = () if limits.max_depth is None else (self,)

    def count_for(self, outer: Usage) -> None:
        """Account for everything in another scope too, and obey its limits."""
        self._bounds_memory += outer._bounds_memory
        self._bounds_depth += outer._bounds_depth

    @property
    def bounds_memory(self) -> bool:
        """True where memory is accounted for."""
        return bool(self._bounds_memory)

    @property
    def bounds_depth(self) -> bool:
        """True where calls inside each other are counted."""
        return bool(self._bounds_depth)

    def charge(self, byte_length: int) -> None:
        """Account for memory that is about to be allocated.

        Raises: CallResourceError where it does not fit; nothing is accounted for then.
        """
        for scope in self._bounds_memory:
            allowed = scope.limits.max_memory or 0
            if (reached := scope.used_memory + byte_length) > allowed:
                raise CallResourceError(
                    f"the call passed its limit of {allowed} bytes of memory: it uses {scope.used_memory} "
                    f"and asks for {byte_length} more",
                    limit="max_memory",
                    allowed=allowed,
                    reached=reached,
                )
        for scope in self._bounds_memory:
            scope.used_memory += byte_length

    def refund(self, byte_length: int) -> None:
        """Account for memory that is given back."""
        for scope in self._bounds_memory:
            scope.used_memory -= byte_length

    def enter_call(self) -> None:
        """Account for a call inside the present one of this thread.

        Raises: CallResourceError where it is too deep; it is not accounted for then.
        """
        thread = threading.get_ident()
        for scope in self._bounds_depth:
            allowed = scope.limits.max_depth or 0
            if (depth := scope._depths.get(thread, 0) + 1) > allowed:
                raise CallResourceError(
                    f"the call passed its limit of {allowed} calls inside each other; "
                    "is a recursion endless?",
                    limit="max_depth",
                    allowed=allowed,
                    reached=depth,
                )
        for scope in self._bounds_depth:
            scope._depths[thread] = scope._depths.get(thread, 0) + 1

    def leave_call(self, count: int = 1) -> None:
        """Account for the end of calls."""
        thread = threading.get_ident()
        for scope in self._bounds_depth:
            scope._depths[thread] -= count
