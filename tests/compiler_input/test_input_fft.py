"""Fourier transforms of any length and kind, against NumPy, on both targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import gossamer
from gossamer.compiler.options import CompileOptions

Array = npt.NDArray[Any]
_TYPES = {"float32": "f32", "float64": "f64", "complex64": "complex<f32>", "complex128": "complex<f64>"}
_TRANSFORMS: dict[str, Callable[..., Array]] = {
    "FFT": np.fft.fftn,
    "IFFT": np.fft.ifftn,
    "RFFT": np.fft.rfftn,
    "IRFFT": np.fft.irfftn,
}
# One, small, a power of two, a matrix's last, a prime beyond it, products, several dimensions.
_LENGTHS = [(1,), (2,), (5,), (32,), (64,), (67,), (100,), (2 * 97,), (1024,), (4, 6), (3, 70), (2, 3, 5)]


def _cases() -> Iterator[tuple[str, tuple[int, ...], type]]:
    for lengths in _LENGTHS:
        for kind in _TRANSFORMS:
            yield kind, lengths, np.float32
    yield from (("FFT", (67,), np.float64), ("IRFFT", (100,), np.float64))


def _operand(kind: str, lengths: tuple[int, ...], part: type) -> Array:
    random = np.random.default_rng(5)
    if kind == "RFFT":
        return random.standard_normal((3, *lengths)).astype(part)
    last = lengths[-1] // 2 + 1 if kind == "IRFFT" else lengths[-1]
    parts = random.standard_normal((2, 3, *lengths[:-1], last))
    return (parts[0] + 1j * parts[1]).astype(np.result_type(part, np.complex64))


def _expected(kind: str, lengths: tuple[int, ...], operand: Array) -> Array:
    axes = tuple(range(1, 1 + len(lengths)))
    wide = operand.astype(np.result_type(operand.dtype, np.float64))
    result = _TRANSFORMS[kind](wide, lengths, axes)
    part = operand.real.dtype
    return result.astype(np.result_type(part, np.complex64) if np.iscomplexobj(result) else part)


def _tensor(array: Array, batch: str = "3") -> str:
    sizes = "x".join([batch, *map(str, array.shape[1:])])
    return f"tensor<{sizes}x{_TYPES[array.dtype.name]}>"


def _function(name: str, kind: str, lengths: tuple[int, ...], types: tuple[str, str]) -> str:
    return (
        f"func.func @{name}(%0: {types[0]}) -> {types[1]} {{\n"
        f"  %1 = stablehlo.fft %0, type = {kind}, length = {list(lengths)} : ({types[0]}) -> {types[1]}\n"
        f"  return %1 : {types[1]}\n}}\n"
    )


@pytest.mark.parametrize("target", ["vmvx", "llvm-cpu"])
def test_transforms(target: str) -> None:
    cases = [(case, _operand(*case)) for case in _cases()]
    rows = [
        (kind, lengths, operand, _expected(kind, lengths, operand)) for (kind, lengths, _), operand in cases
    ]
    text = "".join(
        _function(f"f{number}", kind, lengths, (_tensor(operand), _tensor(expected)))
        for number, (kind, lengths, operand, expected) in enumerate(rows)
    )
    options = CompileOptions(target_device="local", target_backends=(target,), type_conversions=frozenset())
    module = gossamer.compile_text(text, options=options)

    with gossamer.Pipeline([module], device="local-sync") as pipeline:
        for number, (kind, lengths, operand, expected) in enumerate(rows):
            found = np.asarray(getattr(pipeline.main, f"f{number}")(operand))

            limit = 10 * np.abs(expected).max() * np.finfo(expected.dtype).eps
            assert np.abs(found - expected).max() <= limit, (kind, lengths)


def test_a_batch_of_unknown_size() -> None:
    operand = _operand("FFT", (100,), np.float32)
    types = (_tensor(operand, "?"), _tensor(operand, "?"))
    module = gossamer.compile_text(_function("f", "FFT", (100,), types))

    with gossamer.Pipeline([module]) as pipeline:
        found = np.asarray(pipeline.f(operand))

    np.testing.assert_allclose(found, _expected("FFT", (100,), operand), atol=2e-5)
