"""Rounding of a Python float to f32, the one step every f32 operation ends with.

A NaN keeps its sign and payload but becomes quiet, as any float conversion of the processor makes it.
"""

from __future__ import annotations

from ctypes import c_float


def round_f32(value: float) -> float:
    """Nearest f32, ties to even; too large a value becomes infinite."""
    return c_float(value).value
