"""What contexts of one host share."""

from __future__ import annotations

from dataclasses import dataclass

from gossamer.vm.interpret.limits import DEFAULT_LIMITS, Limits


@dataclass(frozen=True, slots=True)
class Instance:
    """Settings that contexts are made with; ref types are registered for the whole process.

    Attributes:
        limits: bounds of calls into modules loaded by those who ask the instance.
    """

    limits: Limits = DEFAULT_LIMITS


DEFAULT_INSTANCE = Instance()
