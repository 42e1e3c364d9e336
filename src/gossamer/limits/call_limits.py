"""Bounds on what calls may use."""

from __future__ import annotations

from dataclasses import dataclass

from gossamer.errors import InvalidArgumentError


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Bounds of the calls made under one scope, together; None is no bound.

    Attributes:
        timeout: seconds, from when the scope is entered.
        max_steps: turns of loops, calls of functions that call themselves, and workgroups. Loops of native
            code that go through memory element by element do not count: the memory bounds them.
        max_depth: calls inside each other, from module to module or of functions that call themselves.
        max_memory: bytes of buffers and lists that are in use at a time.
    """

    timeout: float | None = None
    max_steps: int | None = None
    max_depth: int | None = None
    max_memory: int | None = None

    def __post_init__(self) -> None:
        for name in ("timeout", "max_steps", "max_depth", "max_memory"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, (int, float)) and value >= 0):
                raise InvalidArgumentError(f"{name} is {value!r}, expected a number that is not negative")


NO_LIMITS = CallLimits()
