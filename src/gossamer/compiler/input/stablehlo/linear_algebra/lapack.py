"""Calls of LAPACK that JAX writes for real matrices on CPUs, as loops of StableHLO.

Batches are made one dimension, vectors rows of a matrix.
Source: JAX 0.10.2, `jaxlib/lapack.py` names targets `lapack_{s,d}NAME_ffi`; options are letters' codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

from gossamer.compiler.input.stablehlo.builder import config_of, stablehlo
from gossamer.compiler.input.stablehlo.linear_algebra.factorizations import (
    cholesky,
    householder,
    lu,
    orthogonal,
    triangular_solve,
)
from gossamer.compiler.input.stablehlo.linear_algebra.jacobi import eigenvectors, singular_vectors
from gossamer.compiler.input.stablehlo.linear_algebra.matrix import Matrix, filled
from gossamer.compiler.mlir import ir

_TARGET = re.compile(r"lapack_[sd](?P<name>\w+)_ffi")
_XLA_TARGETS = {"ProductOfElementaryHouseholderReflectors": "orgqr"}
"""Names that XLA has for routines, on every platform."""


@dataclass(frozen=True, slots=True)
class _Call:
    """A call of a routine.

    Attributes:
        operands: matrices; vectors are rows.
        options: a letter for each, by name.
        results: shapes of the results.
    """

    operands: list[Matrix]
    options: dict[str, str]
    results: list[list[int]]


@dataclass(frozen=True, slots=True)
class _Routine:
    """How a routine is lowered, and the options that its calls have."""

    lower: Callable[[_Call], Sequence[Matrix] | None]
    options: tuple[str, ...] = ()


def lower_lapack(op: ir.Operation, target: str) -> Sequence[ir.Value] | None:
    """Lower a call of a routine that is known, on static shapes.

    Args:
        op: a custom call.
        target: what it calls.
    """
    found = _TARGET.fullmatch(target)
    routine = _ROUTINES.get(found["name"] if found else _XLA_TARGETS.get(target, ""))
    types = [ir.RankedTensorType(value.type) for value in (*op.operands, *op.results)]
    if routine is None or not all(type.has_static_shape and 0 not in type.shape for type in types):
        return None
    options = _options(op)
    if not options.keys() >= {*routine.options}:
        return None
    batches = types[0].rank - 2
    shapes = [type.shape for type in types[len(op.operands) :]]
    call = _Call([_as_matrix(operand, batches) for operand in op.operands], options, shapes)
    results = routine.lower(call)
    if results is None:
        return None
    return [
        stablehlo("reshape", [matrix.value], result.type)
        for matrix, result in zip(results, op.results, strict=True)
    ]


def _as_matrix(tensor: ir.Value, batches: int) -> Matrix:
    type = ir.RankedTensorType(tensor.type)
    *rows, columns = type.shape[batches:]
    shape = [prod(type.shape[:batches]), prod(rows), columns]
    return Matrix(stablehlo("reshape", [tensor], ir.RankedTensorType.get(shape, type.element_type)))


def _options(op: ir.Operation) -> dict[str, str]:
    config = config_of(op)
    if config is None:
        return {}
    return {named.name: chr(ir.IntegerAttr(named.attr).value) for named in config}


def _potrf(call: _Call) -> Sequence[Matrix]:
    (matrix,) = call.operands
    if call.options["uplo"] == "L":
        return cholesky(matrix)
    factor, failed = cholesky(matrix.transposed())
    return factor.transposed(), failed


def _trsm(call: _Call) -> Sequence[Matrix]:
    matrix, right = call.operands
    is_lower, is_right = call.options["uplo"] == "L", call.options["side"] == "R"
    # X A = B is A' X' = B', and either transposition exchanges the triangles.
    if (call.options["trans_x"] != "N") != is_right:
        matrix, is_lower = matrix.transposed(), not is_lower
    if is_right:
        right = right.transposed()
    has_unit_diagonal = call.options["diag"] == "U"
    solved = triangular_solve(matrix, right, is_lower=is_lower, has_unit_diagonal=has_unit_diagonal)
    return [solved.transposed() if is_right else solved]


def _getrf(call: _Call) -> Sequence[Matrix]:
    return lu(call.operands[0])


def _geqrf(call: _Call) -> Sequence[Matrix]:
    return householder(call.operands[0])


def _orgqr(call: _Call) -> Sequence[Matrix]:
    return [orthogonal(*call.operands)]


def _syevd(call: _Call) -> Sequence[Matrix]:
    (matrix,) = call.operands
    values, vectors = eigenvectors(matrix if call.options["uplo"] == "L" else matrix.transposed())
    return [vectors, values, _success(matrix)]


def _gesdd(call: _Call) -> Sequence[Matrix] | None:
    (matrix,) = call.operands
    batch, height, width = matrix.shape
    mode = call.options["mode"]
    if mode == "A" and height != width:
        return None
    values, left, right = singular_vectors(matrix)
    if mode == "N":
        left, right = (
            filled(0, (batch, rows, columns), matrix.element)
            for rows, columns in (shape[-2:] for shape in call.results[2:4])
        )
    return [matrix, values, left, right, _success(matrix)]


def _success(matrix: Matrix) -> Matrix:
    return filled(0, (matrix.shape[0], 1, 1), ir.IntegerType.get_signless(32))


_ROUTINES = {
    "geqrf": _Routine(_geqrf),
    "gesdd": _Routine(_gesdd, ("mode",)),
    "getrf": _Routine(_getrf),
    "orgqr": _Routine(_orgqr),
    "potrf": _Routine(_potrf, ("uplo",)),
    "syevd": _Routine(_syevd, ("uplo",)),
    "trsm": _Routine(_trsm, ("diag", "side", "trans_x", "uplo")),
}
