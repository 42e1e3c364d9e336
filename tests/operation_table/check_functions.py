"""Compares functions of `math` with NumPy's f64: `python check_functions.py [--target=TARGET] [TYPE...]`.

All numbers of f16 and bf16, a million patterns of bits of f32. Prints, for each function, the largest error
in units of the last place, and values that should be infinite, NaN, or zero of a sign, and are not.
The exit code is 1 where there are such values, or an error is larger than it may be.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import ml_dtypes
import numpy as np
from check_table import options
from table_report import print_outcomes, read_arguments
from table_types import ELEMENT_TYPES, Array, ElementType

import gossamer

_erf = np.vectorize(math.erf, otypes=[np.float64])
_erfc = np.vectorize(math.erfc, otypes=[np.float64])
FUNCTIONS: dict[str, Callable[..., Array]] = {
    "absf": np.abs, "acos": np.arccos, "acosh": np.arccosh, "asin": np.arcsin, "asinh": np.arcsinh,
    "atan": np.arctan, "atanh": np.arctanh, "cbrt": np.cbrt, "ceil": np.ceil, "cos": np.cos, "cosh": np.cosh,
    "erf": _erf, "erfc": _erfc, "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1, "floor": np.floor,
    "log": np.log, "log10": np.log10, "log1p": np.log1p, "log2": np.log2, "roundeven": np.rint,
    "round": lambda x: np.copysign(np.floor(np.abs(x) + 0.5), x), "rsqrt": lambda x: 1 / np.sqrt(x),
    "sin": np.sin, "sinh": np.sinh, "sqrt": np.sqrt, "tan": np.tan, "tanh": np.tanh, "trunc": np.trunc,
}  # fmt: skip
FUNCTIONS_OF_TWO: dict[str, Callable[..., Array]] = {
    "atan2": np.arctan2, "copysign": np.copysign, "powf": np.power,
}  # fmt: skip
HALF_ULPS = 0.51
ULPS = {
    "llvm-cpu": {"": 0.7, "rsqrt": 1.5},
    "vmvx": {"": 2.5, "rsqrt": 1.5, "erfc": 8.0},
}
"""How far functions of f32 are off at most, in units of the last place."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """A function over many numbers: its largest error, and what is wrong."""

    error: float
    wrong: str
    refused: str = ""


def numbers(type: ElementType, count: int) -> Array:
    """All numbers of a type of 16 bits; of others, as many whose patterns of bits are random."""
    if type.bits == 16:
        return np.arange(1 << 16, dtype=np.uint16).view(type.dtype)
    return np.frombuffer(np.random.default_rng(5).bytes(count * type.dtype.itemsize), type.dtype)


def sweep(type: ElementType, target: str, count: int) -> Iterator[tuple[str, Sweep]]:
    """Every function of a type, by name."""
    values = numbers(type, count)
    shuffled = np.random.default_rng(6).permutation(values)
    calls: dict[str, tuple[Array, ...]] = dict.fromkeys(FUNCTIONS, (values,))
    calls |= dict.fromkeys(FUNCTIONS_OF_TWO, (values, shuffled))
    text = "\n".join(_function(name, type.name, len(operands)) for name, operands in calls.items())
    module = gossamer.compile_text(text, options=options(target))
    references = FUNCTIONS | FUNCTIONS_OF_TWO
    with gossamer.Pipeline([module], device="local-sync") as pipeline:
        for name, operands in calls.items():
            found = np.asarray(getattr(pipeline.main, name)(*operands))
            limit = HALF_ULPS if type.bits == 16 else ULPS[target].get(name, ULPS[target][""])
            yield name, compare(references[name], operands, found, limit)


def _function(name: str, type: str, count: int) -> str:
    letters = "ab"[:count]
    tensor, maps = f"tensor<?x{type}>", ", ".join(["affine_map<(d0) -> (d0)>"] * (count + 1))
    return f"""
func.func @{name}({", ".join(f"%{letter}: {tensor}" for letter in letters)}) -> {tensor} {{
  %zero = arith.constant 0 : index
  %size = tensor.dim %a, %zero : {tensor}
  %empty = tensor.empty(%size) : {tensor}
  %result = linalg.generic {{indexing_maps = [{maps}], iterator_types = ["parallel"]}}
      ins({", ".join(f"%{letter}" for letter in letters)} : {", ".join([tensor] * count)})
      outs(%empty : {tensor}) {{
    ^bb0({", ".join(f"%x{letter}: {type}" for letter in letters)}, %out: {type}):
      %value = math.{name} {", ".join(f"%x{letter}" for letter in letters)} : {type}
      linalg.yield %value : {type}
  }} -> {tensor}
  return %result : {tensor}
}}"""


def compare(function: Callable[..., Array], operands: tuple[Array, ...], found: Array, limit: float) -> Sweep:
    """What a function gave against what it is; numbers below the normal ones may count as zero.

    Args:
        function: of f64.
        operands: that it was given, in the type of the result.
        found: result.
        limit: of errors, in units of the last place.
    """
    with np.errstate(all="ignore"):
        wide = [operand.astype(np.float64) for operand in operands]
        tiny = _smallest_normal(found)
        flushed = [np.where(np.abs(each) < tiny, np.copysign(0.0, each), each) for each in wide]
        exact = [function(*each) for each in (wide, flushed)]
        errors = [_errors(found, each) for each in exact]
    error = np.minimum(*errors)
    worst = int(np.argmax(error))
    words = f"{[str(operand[worst]) for operand in operands]}: {found[worst]}, expected {exact[0][worst]}"
    finite = error[np.isfinite(error)]
    count = np.count_nonzero(error > limit)
    return Sweep(float(finite.max(initial=0.0)), f"{words} ({count} such)" if count else "")


def _smallest_normal(numbers: Array) -> float:
    return float(ml_dtypes.finfo(numbers.dtype).smallest_normal)


def _errors(found: Array, exact: Array) -> Array:
    """Distances in units of the last place; infinity where no number, no infinity or no sign is right."""
    tiny = _smallest_normal(found)
    got, wide = found.astype(np.float64), exact.astype(found.dtype).astype(np.float64)
    step = np.maximum(np.abs(wide), tiny)
    unit = np.exp2(np.floor(np.log2(step))) * float(ml_dtypes.finfo(found.dtype).eps)
    error = np.abs(got - exact) / unit
    is_same = (got == wide) & (np.signbit(got) == np.signbit(wide)) | np.isnan(got) & np.isnan(wide)
    is_small = (np.abs(got) <= tiny) & (np.abs(wide) <= tiny) & (np.signbit(got) == np.signbit(wide))
    is_number = np.isfinite(got) & np.isfinite(wide) & (got != 0)
    error = np.where(is_number | is_same & np.isfinite(error), error, np.inf)
    return np.where(is_small | is_same & ~np.isfinite(error), 0.0, error)


def main(arguments: list[str]) -> int:
    """Print verdicts and largest errors. Returns: the exit code."""
    target, names = read_arguments(arguments)

    def outcomes() -> Iterator[tuple[str, Sweep]]:
        for name in names or ("f16", "bf16", "f32"):
            for function, result in sweep(ELEMENT_TYPES[name], target, 1_000_000):
                print(f"{name} {function}: {result.error:.3f}")
                yield f"{name} {function}", result

    return print_outcomes(outcomes())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
