"""Calls of LAPACK, as JAX writes them, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import gossamer


def _type(shape: tuple[int, ...], element: str = "f32") -> str:
    return f"tensor<{'x'.join(map(str, (*shape, element)))}>"


def _call(routine: str, arguments: list[np.ndarray], results: list[str], **options: str) -> list[np.ndarray]:
    types = [_type(argument.shape) for argument in arguments]
    names = [f"%{index}" for index in range(len(arguments))]
    config = ", ".join(f"{name} = {ord(value)} : ui8" for name, value in options.items())
    parameters = ", ".join(f"{name}: {type}" for name, type in zip(names, types, strict=True))
    outputs = ", ".join(f"%r#{index}" for index in range(len(results)))
    text = f"""
    func.func @f({parameters}) -> ({", ".join(results)}) {{
      %r:{len(results)} = stablehlo.custom_call @lapack_s{routine}_ffi({", ".join(names)})
        {{mhlo.backend_config = {{{config}}}, api_version = 4 : i32}}
        : ({", ".join(types)}) -> ({", ".join(results)})
      return {outputs} : {", ".join(results)}
    }}"""
    with gossamer.Pipeline([gossamer.compile_text(text)], device="local-sync") as pipeline:
        found = pipeline.f(*arguments)
        return [np.asarray(result) for result in (found if isinstance(found, (tuple, list)) else [found])]


def _normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).normal(size=shape).astype(np.float32)


def _definite(*shape: int) -> np.ndarray:
    half = _normal(*shape)
    return half @ np.swapaxes(half, -1, -2) + shape[-1] * np.eye(shape[-1], dtype=np.float32)


def _close(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, atol=2e-5 * max(1.0, float(np.abs(expected).max(initial=0))))


@pytest.mark.parametrize("shape", [(1, 1), (17, 17), (2, 3, 4, 4)])
@pytest.mark.parametrize("triangle", ["L", "U"])
def test_cholesky_factors(shape: tuple[int, ...], triangle: str) -> None:
    matrix = _definite(*shape)
    failed = _type(shape[:-2], "i32") if shape[:-2] else "tensor<i32>"

    factor, info = _call("potrf", [matrix], [_type(shape), failed], uplo=triangle)

    expected = np.linalg.cholesky(matrix)
    found, right = (
        (np.tril(factor), expected) if triangle == "L" else (np.triu(factor), np.swapaxes(expected, -1, -2))
    )
    _close(found, right)
    assert not info.any()


@pytest.mark.parametrize(("diagonal", "first"), [((1, -1, 1), 2), ((0, 1, 1), 1), ((1, 1, 1), 0)])
def test_cholesky_tells_the_first_pivot_that_is_not_positive(diagonal: tuple[int, ...], first: int) -> None:
    _, info = _call("potrf", [np.diag(diagonal).astype(np.float32)], [_type((3, 3)), "tensor<i32>"], uplo="L")

    assert int(info) == first


@pytest.mark.parametrize("side", ["L", "R"])
@pytest.mark.parametrize("triangle", ["L", "U"])
@pytest.mark.parametrize("transposed", ["N", "T"])
@pytest.mark.parametrize("diagonal", ["N", "U"])
def test_triangular_solves(side: str, triangle: str, transposed: str, diagonal: str) -> None:
    matrix = _definite(4, 4) / 8
    right = _normal(4, 3) if side == "L" else _normal(3, 4)
    # The other triangle must not be read.
    used = np.tril(matrix) if triangle == "L" else np.triu(matrix)
    passed = np.where(used == 0, np.float32(np.nan), used)
    if diagonal == "U":
        np.fill_diagonal(used, 1)
    factor = used.T if transposed == "T" else used
    expected = np.linalg.solve(factor, right) if side == "L" else np.linalg.solve(factor.T, right.T).T

    (found,) = _call(
        "trsm",
        [passed, right],
        [_type(right.shape)],
        side=side,
        uplo=triangle,
        trans_x=transposed,
        diag=diagonal,
    )

    _close(found, expected)


@pytest.mark.parametrize("shape", [(1, 1), (5, 5), (3, 5), (5, 3), (12, 12)])
def test_lu_factors(shape: tuple[int, int]) -> None:
    matrix, count = _normal(*shape), min(shape)

    factors, pivots, info = _call("getrf", [matrix], [_type(shape), _type((count,), "i32"), "tensor<i32>"])

    lower = np.tril(factors[:, :count], -1) + np.eye(shape[0], count, dtype=np.float32)
    expected = matrix.copy()
    for row, other in enumerate(pivots - 1):
        expected[[row, other]] = expected[[other, row]]
    _close(lower @ np.triu(factors[:count]), expected)
    assert np.abs(lower).max() <= 1
    assert int(info) == 0


def test_lu_tells_the_first_pivot_that_is_zero() -> None:
    matrix = np.array([[1, 2, 3], [2, 4, 6], [1, 0, 1]], np.float32)

    factors, _, info = _call("getrf", [matrix], [_type((3, 3)), _type((3,), "i32"), "tensor<i32>"])

    assert int(info) == 3
    assert factors[2, 2] == 0


@pytest.mark.parametrize("shape", [(1, 1), (5, 5), (6, 4), (4, 6), (20, 20)])
def test_reflectors_make_an_orthogonal_factor(shape: tuple[int, int]) -> None:
    matrix, count = _normal(*shape), min(shape)

    reduced, factors = _call("geqrf", [matrix], [_type(shape), _type((count,))])
    (q,) = _call("orgqr", [reduced[:, :count], factors], [_type((shape[0], count))])

    _close(q.T @ q, np.eye(count))
    _close(q @ np.triu(reduced[:count]), matrix)
    _close(np.abs(np.triu(reduced[:count])), np.abs(np.linalg.qr(matrix)[1]))


def test_reflectors_of_xla_are_those_of_lapack() -> None:
    matrix = _normal(4, 3)
    reduced, factors = _call("geqrf", [matrix], [_type((4, 3)), _type((3,))])
    text = """
    func.func @product(%a: tensor<4x3xf32>, %b: tensor<2xf32>) -> tensor<4x3xf32> {
      %0 = stablehlo.custom_call @ProductOfElementaryHouseholderReflectors(%a, %b)
        : (tensor<4x3xf32>, tensor<2xf32>) -> tensor<4x3xf32>
      return %0 : tensor<4x3xf32>
    }"""
    expected = np.eye(4)
    for column in range(2):
        reflector = np.concatenate([np.zeros(column), [1], reduced[column + 1 :, column]])
        expected = expected @ (np.eye(4) - factors[column] * np.outer(reflector, reflector))

    with gossamer.Pipeline([gossamer.compile_text(text)], device="local-sync") as pipeline:
        found = pipeline.main.product(reduced, factors[:2].copy())

    _close(found, expected[:, :3])


def test_a_column_that_is_reduced_needs_no_reflector() -> None:
    reduced, factors = _call("geqrf", [np.eye(3, dtype=np.float32)], [_type((3, 3)), _type((3,))])

    np.testing.assert_array_equal(reduced, np.eye(3))
    np.testing.assert_array_equal(factors, np.zeros(3))


SYMMETRIC = {
    "one": np.array([[-3]], np.float32),
    "two": np.array([[2, 1], [1, 2]], np.float32),
    "zero": np.zeros((4, 4), np.float32),
    "ones": np.ones((5, 5), np.float32),
    "diagonal": np.diag(np.array([3, -1, 2, -1], np.float32)),
    "large": _normal(33, 33) + _normal(33, 33).T,
}


@pytest.mark.parametrize("name", SYMMETRIC)
def test_eigenvectors(name: str) -> None:
    matrix = SYMMETRIC[name]
    size = len(matrix)

    results = [_type((size, size)), _type((size,)), "tensor<i32>"]
    vectors, values, info = _call("syevd", [matrix], results, mode="V", uplo="L")

    _close(values, np.linalg.eigvalsh(matrix))
    _close((vectors * values) @ vectors.T, matrix)
    _close(vectors.T @ vectors, np.eye(size))
    assert int(info) == 0


@pytest.mark.parametrize("shape", [(1, 1), (7, 4), (4, 7), (24, 24), (2, 5, 3)])
def test_singular_vectors(shape: tuple[int, ...]) -> None:
    matrix = _normal(*shape)
    *batch, height, width = shape
    count = min(height, width)
    results = [
        _type(shape),
        _type((*batch, count)),
        _type((*batch, height, count)),
        _type((*batch, count, width)),
    ]

    _, values, left, right, info = _call("gesdd", [matrix], [*results, _type((*batch,), "i32")], mode="S")

    _close(values, np.linalg.svd(matrix, compute_uv=False))
    _close((left * values[..., None, :]) @ right, matrix)
    _close(np.swapaxes(left, -1, -2) @ left, np.broadcast_to(np.eye(count), (*batch, count, count)))
    assert not info.any()


def test_singular_values_alone() -> None:
    matrix = _normal(6, 4)
    results = [_type((6, 4)), _type((4,)), _type((6, 6)), _type((4, 4)), "tensor<i32>"]

    values = _call("gesdd", [matrix], results, mode="N")[1]

    _close(values, np.linalg.svd(matrix, compute_uv=False))


def test_singular_values_of_a_matrix_of_lower_rank() -> None:
    matrix = np.outer([1, 2, 3], [1, 0, 2, 1]).astype(np.float32)
    results = [_type((3, 4)), _type((3,)), _type((3, 3)), _type((3, 4)), "tensor<i32>"]

    _, values, left, right, _ = _call("gesdd", [matrix], results, mode="S")

    _close(values, np.linalg.svd(matrix, compute_uv=False))
    _close((left * values) @ right, matrix)
