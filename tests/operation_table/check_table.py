"""Compares every row of the table with NumPy: `python check_table.py [--target=TARGET] [TYPE...]`.

Prints each row that is wrong, or refused with its reason, and counts. The exit code is 1 where one is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import ml_dtypes
import numpy as np
from table_operations import Row, rows
from table_report import print_outcomes, read_arguments
from table_types import ELEMENT_TYPES, Array

import gossamer
from gossamer.compiler.options import CompileOptions
from gossamer.errors import CompileError


def options(target: str) -> CompileOptions:
    """Options that keep f64, which IREE narrows to f32 unless told otherwise."""
    return CompileOptions(target_device="local", target_backends=(target,), type_conversions=frozenset())


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of a row: what is wrong with it, or why the compiler refuses it; both empty where it is right."""

    row: Row
    wrong: str = ""
    refused: str = ""


def check(all_rows: Iterable[Row], target: str = "vmvx") -> Iterator[Verdict]:
    """Compile rows into one module, or each by itself where that fails, and compare."""
    remaining = list(all_rows)
    try:
        module = gossamer.compile_text("\n".join(row.text for row in remaining), options=options(target))
    except CompileError as error:
        if len(remaining) == 1:
            yield Verdict(remaining[0], refused=str(error).partition("\n")[0])
            return
        for row in remaining:
            yield from check([row], target)
        return
    with gossamer.Pipeline([module], device="local-sync") as pipeline:
        for row in remaining:
            found = np.asarray(getattr(pipeline.main, row.name)(*row.arguments))
            yield Verdict(row, wrong=difference(row, found))


def difference(row: Row, found: Array) -> str:
    """The first element that differs, in words; empty where all are right."""
    if found.dtype != row.expected.dtype or found.shape != row.expected.shape:
        return f"{found.dtype}{found.shape} in place of {row.expected.dtype}{row.expected.shape}"
    wrong = np.flatnonzero(~_are_equal(found, row.expected, row.ulps))
    if not wrong.size:
        return ""
    operands = [operand.ravel()[wrong[0]] for operand in row.arguments if operand.size == found.size]
    first_found, first_expected = found.ravel()[wrong[0]], row.expected.ravel()[wrong[0]]
    return f"{operands}: {first_found}, expected {first_expected} ({wrong.size} such)"


def _are_equal(found: Array, expected: Array, ulps: int) -> Array:
    if expected.dtype.kind in "biu":
        return found == expected
    if expected.dtype.kind == "c":
        return _are_equal_complex(found, expected, ulps)
    wide_found, wide_expected = found.astype(np.float64), expected.astype(np.float64)
    same = (wide_found == wide_expected) & (np.signbit(wide_found) == np.signbit(wide_expected))
    same |= np.isnan(wide_found) & np.isnan(wide_expected)
    if not ulps:
        return same
    step = np.abs(wide_expected) * float(ml_dtypes.finfo(expected.dtype).eps)
    with np.errstate(invalid="ignore"):
        return same | (np.abs(wide_found - wide_expected) <= ulps * step)


def _are_equal_complex(found: Array, expected: Array, ulps: int) -> Array:
    """Errors count against the length of the number: of a small part beside a large one little is known."""
    parts = [_are_equal(found.real, expected.real, 0), _are_equal(found.imag, expected.imag, 0)]
    with np.errstate(invalid="ignore"):
        limit = ulps * np.abs(expected) * float(np.finfo(expected.dtype).eps)
        return (found == expected) | (parts[0] & parts[1]) | (np.abs(found - expected) <= limit)


def main(arguments: list[str]) -> int:
    """Print verdicts. Returns: the exit code."""
    target, names = read_arguments(arguments)
    types = [ELEMENT_TYPES[name] for name in names or ELEMENT_TYPES]
    return print_outcomes(
        (f"{type.name} {verdict.row.name}", verdict)
        for type in types
        for verdict in check(rows(type), target)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
