"""The C library's mathematics, called so that results are bit for bit those of IREE's runtime.

Why not `math` or NumPy: `math` raises where C returns NaN or infinity and has no f32 functions; NumPy has
vector versions of its own that differ in the last place. A platform without a C library that can be
opened gets f64 results of `math`, rounded: right to within one unit in the last place.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from functools import cache
from typing import TypeAlias

from gossamer.vm.numbers.rounding import round_f32

FloatFunction: TypeAlias = Callable[..., float]

_LIBRARY_NAMES = (None, "libm.so.6", "libSystem.dylib", "ucrtbase")


@cache
def c_function(name: str, arity: int) -> FloatFunction:
    """A function of the C mathematics library.

    Args:
        name: as C spells it; a trailing `f` (`expf`) takes and returns f32, none f64.
        arity: how many arguments it takes.
    """
    is_f32 = name.endswith("f") and name != "erf"
    found = _find(name)
    if found is None:
        return _fallback(name.removesuffix("f") if is_f32 else name, is_f32)
    number_type = ctypes.c_float if is_f32 else ctypes.c_double
    found.restype = number_type
    found.argtypes = [number_type] * arity
    return found


def _find(name: str) -> ctypes._FuncPointer | None:  # pyright: ignore[reportPrivateUsage]  (its public name is a value)
    for library_name in _LIBRARY_NAMES:
        try:
            return ctypes.CDLL(library_name)[name]
        except (OSError, AttributeError):
            continue
    return None


def _exp2(value: float) -> float:
    return math.pow(2.0, value)


def _fallback(name: str, is_f32: bool) -> FloatFunction:
    function: FloatFunction = _exp2 if name == "exp2" else getattr(math, name)

    def call(*arguments: float) -> float:
        try:
            result = float(function(*arguments))
        except OverflowError:
            result = math.inf
        except ValueError:
            result = math.nan
        return round_f32(result) if is_f32 else result

    return call
