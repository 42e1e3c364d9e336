"""Eigenvectors and singular vectors of real matrices by rotations (Jacobi).

A step rotates disjoint pairs of columns at once, each pair so that it becomes orthogonal; a sweep, of one
step less than there are columns, meets every pair once, as in a tournament. Sweeps converge quadratically.
"""

from __future__ import annotations

from gossamer.compiler.input.stablehlo.builder import stablehlo
from gossamer.compiler.input.stablehlo.linear_algebra.matrix import Matrix, filled, looped, numbered
from gossamer.compiler.input.stablehlo.sorting import append_sort
from gossamer.compiler.mlir import ir

_SWEEPS = {"f32": 12, "f64": 16}


def eigenvectors(matrix: Matrix) -> tuple[Matrix, Matrix]:
    """Eigenvalues, ascending, in a row, and eigenvectors as columns. Only the lower triangle is read."""

    def step(number: Matrix, state: list[Matrix]) -> list[Matrix]:
        rotated, vectors = state
        rotation = _rotation(rotated, number)
        return [rotation.transposed().dot(rotated).dot(rotation), vectors.dot(rotation)]

    rotated, vectors = looped(_step_count(matrix), [_symmetric(matrix), _identity(matrix)], step)
    return _sorted(_diagonal(rotated), vectors, "LT")


def singular_vectors(matrix: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Singular values, descending, in a row, left vectors as columns and right ones as rows.

    The left vectors of singular values that are zero are zero.
    """
    _, height, width = matrix.shape
    if height < width:
        values, left, right = singular_vectors(matrix.transposed())
        return values, right.transposed(), left.transposed()

    def step(number: Matrix, state: list[Matrix]) -> list[Matrix]:
        rotated, vectors = state
        rotation = _rotation(rotated.transposed().dot(rotated), number)
        return [rotated.dot(rotation), vectors.dot(rotation)]

    gram = matrix.transposed().dot(matrix)
    rotated, vectors = looped(_step_count(gram), [matrix, _identity(gram)], step)
    lengths = (rotated * rotated).sum(1).unary("sqrt")
    left = filled(0, (1, 1, 1), matrix.element).where(lengths.compared("EQ", 0), rotated / lengths)
    values, left = _sorted(lengths, left, "GT")
    _, right = _sorted(lengths, vectors, "GT")
    return values, left, right.transposed()


def _step_count(matrix: Matrix) -> int:
    return _SWEEPS[str(matrix.element)] * len(_rounds(matrix.shape[1]))


def _symmetric(matrix: Matrix) -> Matrix:
    """The lower triangle, and its mirror image."""
    rows, columns = numbered(matrix.shape, 1), numbered(matrix.shape, 2)
    return matrix.where(rows.compared("GE", columns), matrix.transposed())


def _identity(matrix: Matrix) -> Matrix:
    rows, columns = numbered(matrix.shape, 1), numbered(matrix.shape, 2)
    return filled(1, matrix.shape, matrix.element).where(rows.compared("EQ", columns), 0)


def _diagonal(matrix: Matrix) -> Matrix:
    rows, columns = numbered(matrix.shape, 1), numbered(matrix.shape, 2)
    return matrix.where(rows.compared("EQ", columns), 0).sum(1)


def _rounds(size: int) -> list[list[int]]:
    """For each step of a sweep, the partner of each column, itself where it has none."""
    players = [*range(size), *([size] if size % 2 else [])]
    rounds: list[list[int]] = []
    for _ in range(len(players) - 1):
        partners = list(range(size))
        for left, right in zip(players, reversed(players), strict=True):
            if left < size and right < size:
                partners[left] = right
        rounds.append(partners)
        players = [players[0], players[-1], *players[1:-1]]
    return rounds or [[0]]


def _rotation(matrix: Matrix, number: Matrix) -> Matrix:
    """The rotation of each pair of a step that makes their element of a symmetric matrix zero.

    Spec: Golub and Van Loan, "Matrix Computations", `sym.schur2`: for the pair p, q the tangent t is the
    smaller root of t^2 + 2 tau t - 1, with tau = (a[q, q] - a[p, p]) / (2 a[p, q]).
    """
    rows, columns = numbered(matrix.shape, 1), numbered(matrix.shape, 2)
    partners = _partners(matrix.shape[1], number)
    # Why: both of a pair must read one element, and products round differently on the two sides.
    matrix = _symmetric(matrix)
    is_pair = columns.compared("EQ", partners) & rows.compared("NE", columns)
    own = _diagonal(matrix).transposed()
    other = _diagonal(matrix).where(is_pair, 0).sum(2)
    shared = matrix.where(is_pair, 0).sum(2)
    slope = (other - own) / (shared * 2)
    # Why: both of a pair compute one rotation, each from its side; at a slope of 0 the first turns forwards.
    is_first = numbered(own.shape, 1).compared("LT", partners)
    is_forwards = slope.compared("GT", 0)
    is_zero = slope.compared("EQ", 0) & is_first
    size = filled(1, (1, 1, 1), own.element) / (slope.unary("abs") + (slope * slope + 1).unary("sqrt"))
    tangent = size.where(is_forwards, size.where(is_zero, size.unary("negate")))
    tangent = filled(0, (1, 1, 1), own.element).where(shared.compared("EQ", 0), tangent)
    cosine = filled(1, (1, 1, 1), own.element) / (tangent * tangent + 1).unary("sqrt")
    sine = (tangent * cosine).where(is_pair, 0)
    return cosine.where(rows.compared("EQ", columns), sine)


def _partners(size: int, number: Matrix) -> Matrix:
    """The partner of each column at a step, in a column."""
    rounds = _rounds(size)
    type = ir.RankedTensorType.get([1, size, len(rounds)], ir.IntegerType.get_signless(32))
    rows = [[partners[index] for partners in rounds] for index in range(size)]
    table = Matrix(
        stablehlo("constant", [], type, {"value": ir.Attribute.parse(f"dense<{[rows]}> : {type}")})
    )
    return table.where(numbered(table.shape, 2).compared("EQ", number % len(rounds)), 0).sum(2)


def _sorted(keys: Matrix, matrix: Matrix, direction: str) -> tuple[Matrix, Matrix]:
    """Keys, a row, in order, and columns of a matrix in the order of theirs."""
    sorted_keys, values = append_sort([keys.spread(matrix.shape).value, matrix.value], 2, direction)
    return Matrix(sorted_keys).reduced("maximum", 1, float("-inf")), Matrix(values)
