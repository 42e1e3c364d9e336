"""Factorisations of real matrices, and solves with triangular ones, one column a step.

Each gives what LAPACK's routine of its name gives.
Spec: LAPACK, `potrf`, `getrf`, `geqrf`, `orgqr`; BLAS, `trsm`.
"""

from __future__ import annotations

from gossamer.compiler.input.stablehlo.linear_algebra.matrix import Matrix, filled, looped, numbered
from gossamer.compiler.mlir import ir


def cholesky(matrix: Matrix) -> tuple[Matrix, Matrix]:
    """The lower triangular factor, and 0 or the number of the first column whose pivot is not positive.

    Only the lower triangle is read, and the upper one is kept.
    """
    batch, size, _ = matrix.shape
    rows, columns = numbered(matrix.shape, 1), numbered(matrix.shape, 2)

    def step(number: Matrix, state: list[Matrix]) -> list[Matrix]:
        rest, factor, failed = state
        column = rest.where(columns.compared("EQ", number), 0).sum(2)
        below = numbered(column.shape, 1)
        pivot = column.where(below.compared("EQ", number), 0).sum(1)
        root = pivot.unary("sqrt")
        scaled = (column / root).where(below.compared("GT", number), 0)
        whole = root.where(below.compared("EQ", number), scaled)
        is_new = failed.compared("EQ", 0) & pivot.compared("GT", 0).compared("EQ", 0)
        return [
            rest - scaled * scaled.transposed(),
            whole.where(columns.compared("EQ", number), factor),
            (number + 1).where(is_new, failed),
        ]

    none = filled(0, (batch, 1, 1), ir.IntegerType.get_signless(32))
    _, factor, failed = looped(size, [matrix, matrix, none], step)
    return factor.where(rows.compared("GE", columns), matrix), failed


def triangular_solve(matrix: Matrix, right: Matrix, *, is_lower: bool, has_unit_diagonal: bool) -> Matrix:
    """The X of matrix * X = right; only the triangle that is named is read."""
    _, size, _ = matrix.shape
    columns, rows = numbered(matrix.shape, 2), numbered(right.shape, 1)

    def step(number: Matrix, state: list[Matrix]) -> list[Matrix]:
        (solved,) = state
        if not is_lower:
            number = filled(size - 1, (1, 1, 1), number.element) - number
        is_here = rows.compared("EQ", number)
        column = matrix.where(columns.compared("EQ", number), 0).sum(2)
        row = solved.where(is_here, 0).sum(1)
        if not has_unit_diagonal:
            row = row / column.where(numbered(column.shape, 1).compared("EQ", number), 0).sum(1)
        rest = (solved - column * row).where(rows.compared("GT" if is_lower else "LT", number), solved)
        return [row.where(is_here, rest)]

    return looped(size, [right], step)[0]


def lu(matrix: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Both factors in one matrix, the row that each was exchanged with, and the first pivot that is 0.

    Rows and pivots are counted from 1; no pivot is number 0.
    """
    batch, height, width = matrix.shape
    count = min(height, width)
    rows, columns = numbered(matrix.shape, 1), numbered(matrix.shape, 2)
    i32 = ir.IntegerType.get_signless(32)

    def step(number: Matrix, state: list[Matrix]) -> list[Matrix]:
        factors, exchanged, failed = state
        chosen = _pivot_row(factors.where(columns.compared("EQ", number), 0).sum(2), number)
        is_here, is_chosen = rows.compared("EQ", number), rows.compared("EQ", chosen)
        here, there = factors.where(is_here, 0).sum(1), factors.where(is_chosen, 0).sum(1)
        swapped = there.where(is_here, here.where(is_chosen, factors))
        is_column = columns.compared("EQ", number)
        pivot = there.where(numbered(there.shape, 2).compared("EQ", number), 0).sum(2)
        is_zero = pivot.compared("EQ", 0)
        column = swapped.where(is_column, 0).sum(2)
        ratio = column.where(is_zero, column / pivot)
        is_below = rows.compared("GT", number)
        rest = (swapped - ratio * there).where(columns.compared("GT", number) & is_below, swapped)
        return [
            ratio.where(is_column & is_below, rest),
            (chosen + 1).where(numbered(exchanged.shape, 2).compared("EQ", number), exchanged),
            (number + 1).where(is_zero & failed.compared("EQ", 0), failed),
        ]

    start = [matrix, filled(0, (batch, 1, count), i32), filled(0, (batch, 1, 1), i32)]
    factors, exchanged, failed = looped(count, start, step)
    return factors, exchanged, failed


def _pivot_row(column: Matrix, number: Matrix) -> Matrix:
    """The first row from a number on whose element is largest."""
    rows = numbered(column.shape, 1)
    size = column.unary("abs").where(rows.compared("GE", number), -1)
    is_largest = size.compared("EQ", size.reduced("maximum", 1, -1))
    first = rows.where(is_largest, column.shape[1]).reduced("minimum", 1, column.shape[1])
    # Why: among numbers that are none, none is the largest.
    return first.where(first.compared("LT", column.shape[1]), number)


def householder(matrix: Matrix) -> tuple[Matrix, Matrix]:
    """R above the reflectors of Q, and their factors."""
    batch, height, width = matrix.shape
    count = min(height, width)
    columns = numbered(matrix.shape, 2)

    def step(number: Matrix, state: list[Matrix]) -> list[Matrix]:
        reduced, factors = state
        is_column = columns.compared("EQ", number)
        column = reduced.where(is_column, 0).sum(2)
        height_of = numbered(column.shape, 1)
        is_below = height_of.compared("GT", number)
        head = column.where(height_of.compared("EQ", number), 0).sum(1)
        tail = (column * column).where(is_below, 0).sum(1)
        length = (head * head + tail).unary("sqrt")
        is_done = tail.compared("EQ", 0)
        end = head.where(is_done, length.unary("negate").where(head.compared("GE", 0), length))
        factor = filled(0, (1, 1, 1), head.element).where(is_done, (end - head) / end)
        tail_of = filled(0, (1, 1, 1), head.element).where(is_done, column / (head - end)).where(is_below, 0)
        reflector = filled(1, (1, 1, 1), head.element).where(height_of.compared("EQ", number), tail_of)
        rest = reduced - reflector * factor * (reflector * reduced).sum(1)
        rest = rest.where(columns.compared("GT", number), reduced)
        kept = end.where(height_of.compared("EQ", number), tail_of.where(is_below, column))
        return [
            kept.where(is_column, rest),
            factor.where(numbered(factors.shape, 2).compared("EQ", number), factors),
        ]

    start = [matrix, filled(0, (batch, 1, count), matrix.element)]
    reduced, factors = looped(count, start, step)
    return reduced, factors


def orthogonal(reflectors: Matrix, factors: Matrix) -> Matrix:
    """The first columns of Q, as many as the reflectors' matrix has."""
    count = factors.shape[2]
    rows, columns = numbered(reflectors.shape, 1), numbered(reflectors.shape, 2)
    identity = filled(1, reflectors.shape, reflectors.element).where(rows.compared("EQ", columns), 0)

    def step(number: Matrix, state: list[Matrix]) -> list[Matrix]:
        (product,) = state
        number = filled(count - 1, (1, 1, 1), number.element) - number
        column = reflectors.where(columns.compared("EQ", number), 0).sum(2)
        height_of = numbered(column.shape, 1)
        tail = column.where(height_of.compared("GT", number), 0)
        reflector = filled(1, (1, 1, 1), column.element).where(height_of.compared("EQ", number), tail)
        factor = factors.where(numbered(factors.shape, 2).compared("EQ", number), 0).sum(2)
        return [product - reflector * factor * (reflector * product).sum(1)]

    return looped(count, [identity], step)[0]
