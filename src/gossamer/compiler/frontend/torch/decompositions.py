"""Operations of PyTorch in terms of simpler ones, where the library's lowering is missing or wrong.

Each is written with PyTorch itself, and traced into the program by `run_decompositions`. Meanings are those
of PyTorch's reference; what a decomposition does not cover it leaves alone (`NotImplemented`).
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# PyTorch is an optional extra, and the importer of the MLIR wheel has no types.

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch._decomp import decomposition_table
from torch_mlir.extras.fx_decomp_util import get_decomposition_table

from gossamer.compiler.frontend.torch.fourier import FOURIER_DECOMPOSITIONS

_ATEN: Any = torch.ops.aten


@functools.cache
def decompositions() -> dict[Any, Callable[..., Any]]:
    """What programs are decomposed by: the library's table, PyTorch's where that is missing, and ours."""
    own = {
        _ATEN.constant_pad_nd.default: _pad,
        _ATEN.median.dim: _median_along,
        _ATEN.kthvalue.default: _kth_value,
        _ATEN.nanmedian.default: _nan_median,
        _ATEN.nanmedian.dim: _nan_median_along,
        _ATEN.median.default: _median,
        _ATEN.angle.default: _angle,
        _ATEN.abs.default: _absolute,
        _ATEN.add.Tensor: _complex_sum,
        _ATEN.sub.Tensor: _complex_difference,
        _ATEN._conj.default: _conjugate,
        _ATEN._conj_physical.default: _conjugate,
        _ATEN._cdist_forward.default: _distances,
        _ATEN.searchsorted.Tensor: _search_sorted,
        _ATEN.sort.stable: _sort,
        _ATEN.isfinite.default: _is_finite,
        _ATEN.histc.default: _histogram,
    }
    # Why: the library's lowering of the form by tanh is exact to four digits only.
    library = {_ATEN.gelu.default: decomposition_table[_ATEN.gelu.default]}
    return {**get_decomposition_table(), **library, **FOURIER_DECOMPOSITIONS, **own}


def _pad(x: Any, pad: Sequence[Any], value: Any = 0) -> Any:
    """Cut where less than nothing is to be added, which the library ignores."""
    if not any(isinstance(size, int) and size < 0 for size in pad):
        return NotImplemented
    for index in range(len(pad) // 2):
        axis = x.dim() - 1 - index
        low, high = (max(-size, 0) for size in pad[2 * index : 2 * index + 2])
        if low or high:
            x = x.narrow(axis, low, x.shape[axis] - low - high)
    rest = [max(size, 0) for size in pad]
    return _ATEN.constant_pad_nd(x, rest, value) if any(rest) else x.clone()


def _sort(x: Any, *, stable: bool | None, dim: int = -1, descending: bool = False) -> Any:
    """Sorting is stable here always."""
    return _ATEN.sort.default(x, dim, descending)


def _is_finite(x: Any) -> Any:
    if x.is_complex():
        return torch.isfinite(x.real) & torch.isfinite(x.imag)
    return (x.abs() < math.inf) if x.is_floating_point() else torch.ones_like(x, dtype=torch.bool)


def _histogram(x: Any, bins: int = 100, min: float = 0, max: float = 0) -> Any:
    """Counts of equal bins, the last of which holds its end; a range that the values decide is left alone."""
    if not min < max:
        return NotImplemented
    values = x.reshape(-1, 1)
    place = torch.floor((values - min) * bins / (max - min)).clamp(max=bins - 1)
    is_inside = (values >= min) & (values <= max)
    return ((place == torch.arange(bins)) & is_inside).sum(0).to(x.dtype)


def _median_along(x: Any, dim: int, keepdim: bool = False) -> tuple[Any, Any]:
    """The lower of the two in the middle; NaN where there is one."""
    values, indices = torch.sort(x, dim=dim)
    middle = torch.full_like(indices.narrow(dim, 0, 1), (x.shape[dim] - 1) // 2)
    if x.is_floating_point():
        # Sorting puts NaN last.
        is_nan = torch.isnan(values)
        first = is_nan.to(torch.int64).argmax(dim, keepdim=True)
        middle = torch.where(is_nan.any(dim, keepdim=True), first, middle)
    value, index = values.gather(dim, middle), indices.gather(dim, middle)
    return (value, index) if keepdim else (value.squeeze(dim), index.squeeze(dim))


def _median(x: Any) -> Any:
    return _median_along(x.reshape(-1), 0)[0]


def _kth_value(x: Any, k: int, dim: int = -1, keepdim: bool = False) -> tuple[Any, Any]:
    values, indices = (part.narrow(dim, k - 1, 1) for part in torch.sort(x, dim=dim))
    return (values, indices) if keepdim else (values.squeeze(dim), indices.squeeze(dim))


def _nan_median_along(x: Any, dim: int = -1, keepdim: bool = False) -> tuple[Any, Any]:
    """The median of the numbers; NaN where there are none."""
    values, indices = torch.sort(x, dim=dim)
    count = torch.isnan(values).logical_not().sum(dim, keepdim=True)
    middle = ((count - 1) // 2).clamp(min=0)
    value, index = values.gather(dim, middle), indices.gather(dim, middle)
    return (value, index) if keepdim else (value.squeeze(dim), index.squeeze(dim))


def _nan_median(x: Any) -> Any:
    return _nan_median_along(x.reshape(-1), 0)[0]


def _angle(x: Any) -> Any:
    if x.is_complex():
        return torch.atan2(x.imag, x.real)
    floats = x if x.is_floating_point() else x.to(torch.get_default_dtype())
    half_turn = torch.where(floats < 0, math.pi, 0.0).to(floats.dtype)
    return torch.where(torch.isnan(floats), floats, half_turn)


def _complex_sum(x: Any, y: Any, *, alpha: Any = 1) -> Any:
    """Part by part: the library adds complex numbers only to complex numbers."""
    if not _is_complex(x) and not _is_complex(y):
        return NotImplemented
    (real, imaginary), (other_real, other_imaginary) = _parts_of(x), _parts_of(y * alpha)
    return torch.complex(*torch.broadcast_tensors(real + other_real, imaginary + other_imaginary))


def _complex_difference(x: Any, y: Any, *, alpha: Any = 1) -> Any:
    return _complex_sum(x, y, alpha=-alpha)


def _is_complex(x: Any) -> bool:
    return x.is_complex() if torch.is_tensor(x) else isinstance(x, complex)


def _parts_of(x: Any) -> tuple[Any, Any]:
    if not torch.is_tensor(x):
        return complex(x).real, complex(x).imag
    return (x.real, x.imag) if x.is_complex() else (x, torch.zeros_like(x))


def _conjugate(x: Any) -> Any:
    return torch.complex(x.real, -x.imag) if x.is_complex() else x.clone()


def _absolute(x: Any) -> Any:
    """Of complex numbers, without squares that overflow."""
    if not x.is_complex():
        return NotImplemented
    parts = torch.view_as_real(x).abs()
    real, imaginary = parts.unbind(-1)
    larger, smaller = torch.maximum(real, imaginary), torch.minimum(real, imaginary)
    is_plain = (larger > 0) & torch.isfinite(larger)
    ratio = torch.where(is_plain, smaller / torch.where(is_plain, larger, 1.0), 0.0)
    length = larger * torch.sqrt(1 + ratio * ratio)
    return torch.where(torch.isinf(parts).any(-1), math.inf, length)


def _distances(x: Any, y: Any, p: float, compute_mode: int | None) -> Any:
    differences = (x.unsqueeze(-2) - y.unsqueeze(-3)).abs()
    if p == 0:
        return (differences != 0).to(x.dtype).sum(-1)
    if p == 1:
        return differences.sum(-1)
    if math.isinf(p):
        return differences.amax(-1)
    if p == 2:
        return differences.square().sum(-1).sqrt()
    return differences.pow(p).sum(-1).pow(1 / p)


def _search_sorted(
    sequence: Any,
    x: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Any = None,
) -> Any:
    """How many elements of a sorted sequence are below each of `x`: exact, and without a branch."""
    if sorter is not None:
        return NotImplemented
    ordered = sequence.unsqueeze(-2) if sequence.dim() > 1 else sequence
    is_below = ordered <= x.unsqueeze(-1) if right or side == "right" else ordered < x.unsqueeze(-1)
    return is_below.sum(-1, dtype=torch.int32 if out_int32 else torch.int64)
