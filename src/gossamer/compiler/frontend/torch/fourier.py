"""Fourier transforms of PyTorch as products with a matrix of sines and cosines.

    X[k] = sum over t of x[t] (cos(2 pi k t / n) - i sin(2 pi k t / n))

The importer's library has some of them, of one length and scale. Angles are reduced as integers and computed
in double precision, so that results are as exact as the sums are.
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
# PyTorch is an optional extra.

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn.functional import pad

_ATEN: Any = torch.ops.aten


def _table(rows: int, columns: int, period: int, dtype: Any) -> tuple[Any, Any]:
    """Cosines and sines of 2 pi row column / period."""
    steps = torch.arange(rows).unsqueeze(1) * torch.arange(columns).unsqueeze(0) % period
    angles = steps.to(torch.float64) * (2 * math.pi / period)
    return torch.cos(angles).to(dtype), torch.sin(angles).to(dtype)


def _scale(length: int, norm: str | None, *, is_inverse: bool) -> float:
    if norm == "ortho":
        return 1 / math.sqrt(length)
    is_divided = is_inverse if norm in (None, "backward") else not is_inverse
    return 1 / length if is_divided else 1.0


def _resized(x: Any, size: int) -> Any:
    """The last dimension cut, or filled with zeros."""
    found = x.shape[-1]
    return pad(x, (0, size - found)) if found < size else x[..., :size]


def _parts(x: Any, size: int) -> tuple[Any, Any]:
    if x.is_complex():
        return _resized(x.real, size), _resized(x.imag, size)
    real = _resized(x if x.is_floating_point() else x.to(torch.get_default_dtype()), size)
    return real, torch.zeros_like(real)


def _complex_transform(
    x: Any, n: int | None, dim: int, norm: str | None, *, is_inverse: bool, bins: int | None = None
) -> Any:
    """One dimension of a transform; the first `bins` of it, or all."""
    moved = x.movedim(dim, -1)
    length = moved.shape[-1] if n is None else n
    real, imaginary = _parts(moved, length)
    cosines, sines = _table(length, length if bins is None else bins, length, real.dtype)
    if not is_inverse:
        sines = -sines
    scale = _scale(length, norm, is_inverse=is_inverse)
    first = (real @ cosines - imaginary @ sines) * scale
    second = (real @ sines + imaginary @ cosines) * scale
    return torch.complex(first, second).movedim(-1, dim)


def _fft(x: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    return _complex_transform(x, n, dim, norm, is_inverse=False)


def _ifft(x: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    return _complex_transform(x, n, dim, norm, is_inverse=True)


def _rfft(x: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    length = x.shape[dim] if n is None else n
    return _complex_transform(x, n, dim, norm, is_inverse=False, bins=length // 2 + 1)


def _irfft(x: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """Each bin but the first, and the one in the middle of an even length, stands for two."""
    moved = x.movedim(dim, -1)
    length = 2 * (moved.shape[-1] - 1) if n is None else n
    bins = length // 2 + 1
    real, imaginary = _parts(moved, bins)
    cosines, sines = _table(bins, length, length, real.dtype)
    numbers = torch.arange(bins)
    is_single = (numbers == 0) | (2 * numbers == length)
    weights = torch.where(is_single, 1.0, 2.0).to(real.dtype) * _scale(length, norm, is_inverse=True)
    return ((real * weights) @ cosines - (imaginary * weights) @ sines).movedim(-1, dim)


def _dimensions(x: Any, s: Sequence[int] | None, dim: Sequence[int] | None) -> list[tuple[int, int | None]]:
    """Dimensions to transform, and the size of each."""
    if dim is None:
        dim = range(-(x.dim() if s is None else len(s)), 0)
    sizes: Sequence[int | None] = [None] * len(dim) if s is None else [None if n == -1 else n for n in s]
    return list(zip(dim, sizes, strict=True))


def _each(transform: Callable[..., Any], default: Sequence[int] | None) -> Callable[..., Any]:
    """A transform of several dimensions: one after the other."""

    def transform_each(
        x: Any, s: Sequence[int] | None = None, dim: Sequence[int] | None = default, norm: str | None = None
    ) -> Any:
        for axis, size in _dimensions(x, s, dim):
            x = transform(x, size, axis, norm)
        return x

    return transform_each


def _real_first(default: Sequence[int] | None) -> Callable[..., Any]:
    """Of several dimensions of real numbers: the last gives half of the bins, and goes first."""

    def transform_each(
        x: Any, s: Sequence[int] | None = None, dim: Sequence[int] | None = default, norm: str | None = None
    ) -> Any:
        *rest, (last, size) = _dimensions(x, s, dim)
        x = _rfft(x, size, last, norm)
        for axis, length in rest:
            x = _fft(x, length, axis, norm)
        return x

    return transform_each


def _real_last(default: Sequence[int] | None) -> Callable[..., Any]:
    """The way back of `_real_first`."""

    def transform_each(
        x: Any, s: Sequence[int] | None = None, dim: Sequence[int] | None = default, norm: str | None = None
    ) -> Any:
        *rest, (last, size) = _dimensions(x, s, dim)
        for axis, length in rest:
            x = _ifft(x, length, axis, norm)
        return _irfft(x, size, last, norm)

    return transform_each


_PLANE = (-2, -1)
FOURIER_DECOMPOSITIONS: dict[Any, Callable[..., Any]] = {
    _ATEN.fft_fft.default: _fft,
    _ATEN.fft_ifft.default: _ifft,
    _ATEN.fft_rfft.default: _rfft,
    _ATEN.fft_irfft.default: _irfft,
    _ATEN.fft_fft2.default: _each(_fft, _PLANE),
    _ATEN.fft_ifft2.default: _each(_ifft, _PLANE),
    _ATEN.fft_fftn.default: _each(_fft, None),
    _ATEN.fft_ifftn.default: _each(_ifft, None),
    _ATEN.fft_rfft2.default: _real_first(_PLANE),
    _ATEN.fft_irfft2.default: _real_last(_PLANE),
    _ATEN.fft_rfftn.default: _real_first(None),
    _ATEN.fft_irfftn.default: _real_last(None),
}
"""By operation; signatures are PyTorch's."""
