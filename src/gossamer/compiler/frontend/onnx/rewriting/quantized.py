"""Quantised operators in terms of arithmetic on floats and integers of 32 bits.

    q = saturate(round(x / scale) + zero)    x = (q - zero) * scale

Products of quantised numbers are sums of integers, exact in 32 bits; what becomes of them is rounded once.
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# ONNX is an optional extra.

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from gossamer.compiler.frontend.onnx.rewriting.site import Site

_RANGES = {
    TensorProto.INT8: (-128, 127),
    TensorProto.UINT8: (0, 255),
    TensorProto.INT16: (-32768, 32767),
    TensorProto.UINT16: (0, 65535),
}
"""Least and largest number of the types that are computed here; the importer's lowerings get the others."""
_WIDER_TYPES = (*_RANGES, TensorProto.INT32)


def rewrite_dequantize(site: Site) -> list[str] | None:
    """`DequantizeLinear`: operands x, scale, zero point."""
    x, scale, zero = (site.input(index) for index in range(3))
    if site.dtype(x) not in _WIDER_TYPES or site.attribute("output_dtype", 0):
        return None
    float_type = site.dtype(scale)
    scales = _along_axis(site, scale, x)
    zeros = _along_axis(site, zero, x) if zero else ""
    if scales is None or zeros is None:
        return None
    # Why f32: half floats do not hold all integers of 16 bits.
    numbers = site.cast(x, TensorProto.FLOAT)
    if zeros:
        numbers = site.op("Sub", numbers, site.cast(zeros, TensorProto.FLOAT))
    result = site.op("Mul", numbers, site.cast(scales, TensorProto.FLOAT))
    return [site.cast(result, float_type)]


def rewrite_quantize(site: Site) -> list[str] | None:
    """`QuantizeLinear`: operands x, scale, zero point."""
    x, scale, zero = (site.input(index) for index in range(3))
    wanted = site.dtype(zero) if zero else site.attribute("output_dtype", 0) or TensorProto.UINT8
    if wanted not in _RANGES or site.attribute("precision", 0):
        return None
    scales = _along_axis(site, scale, x)
    zeros = _along_axis(site, zero, x) if zero else ""
    if scales is None or zeros is None:
        return None
    ratio = site.op("Div", site.cast(x, TensorProto.FLOAT), site.cast(scales, TensorProto.FLOAT))
    return [_rounded(site, ratio, zeros, wanted)]


def rewrite_dynamic_quantize(site: Site) -> list[str]:
    """`DynamicQuantizeLinear`: results q in 0 to 255, scale, zero point, of a range that has 0 in it."""
    x, zero = site.input(0), site.constant(0, np.float32)
    axes = list(range(site.rank(x)))
    least = site.op("Min", site.reduced("ReduceMin", x, axes, keepdims=False), zero)
    largest = site.op("Max", site.reduced("ReduceMax", x, axes, keepdims=False), zero)
    steps = site.constant(255, np.float32)
    scale = site.op("Div", site.op("Sub", largest, least), steps)
    # Why: of nothing but zeros the scale is arbitrary, and must not be zero.
    scale = site.op("Where", site.op("Equal", scale, zero), site.constant(1, np.float32), scale)
    zero_point = _rounded(site, site.op("Neg", site.op("Div", least, scale)), "", TensorProto.UINT8)
    return [_rounded(site, site.op("Div", x, scale), zero_point, TensorProto.UINT8), scale, zero_point]


def rewrite_matmul_integer(site: Site) -> list[str]:
    """`MatMulInteger`: operands A, B, zero points of A's rows and of B's columns."""
    a, b, a_zero, b_zero = (site.input(index) for index in range(4))
    return [_product(site, a, _of_rows(site, a_zero), b, b_zero)]


def rewrite_conv_integer(site: Site) -> list[str]:
    """`ConvInteger`: operands x, w, zero points of both."""
    x, w, x_zero, w_zero = (site.input(index) for index in range(4))
    return [_convolved(site, _integers(site, x, x_zero), _integers(site, w, _of_filters(site, w_zero, w)))]


def rewrite_qlinear_matmul(site: Site) -> list[str] | None:
    """`QLinearMatMul`: operands a, b, each with scale and zero point, and those of the result."""
    a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero = (site.input(index) for index in range(8))
    if site.dtype(y_zero) not in _RANGES:
        return None
    product = _product(site, a, _of_rows(site, a_zero), b, b_zero)
    scale = site.op("Mul", _of_rows(site, a_scale), b_scale)
    return [_requantized(site, product, scale, _of_rows(site, y_scale), _of_rows(site, y_zero), y_zero)]


def rewrite_qlinear_conv(site: Site) -> list[str] | None:
    """`QLinearConv`: operands x, w, each with scale and zero point, those of the result, and a bias."""
    x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, bias = (site.input(index) for index in range(9))
    if site.dtype(y_zero) not in _RANGES:
        return None
    product = _convolved(site, _integers(site, x, x_zero), _integers(site, w, _of_filters(site, w_zero, w)))
    spatial = range(1, site.rank(x) - 1)
    if bias:
        product = site.op("Add", product, site.unsqueezed(bias, *spatial))
    if site.shape(w_scale) not in ([], [1]):
        w_scale = site.unsqueezed(w_scale, *spatial)
    return [_requantized(site, product, site.op("Mul", x_scale, w_scale), y_scale, y_zero, y_zero)]


def _requantized(site: Site, product: str, scale: str, y_scale: str, zeros: str, y_zero: str) -> str:
    ratio = site.op("Div", site.cast(scale, TensorProto.FLOAT), site.cast(y_scale, TensorProto.FLOAT))
    scaled = site.op("Mul", site.cast(product, TensorProto.FLOAT), ratio)
    return _rounded(site, scaled, zeros, site.dtype(y_zero))


def _rounded(site: Site, ratio: str, zeros: str, wanted: int) -> str:
    """Floats as the nearest integers, halves as even ones, plus zero points, within the range of a type."""
    numbers = site.op("Round", ratio)
    if zeros:
        numbers = site.op("Add", numbers, site.cast(zeros, TensorProto.FLOAT))
    bounds = [site.constant(bound, np.float32) for bound in _RANGES[wanted]]
    return site.cast(site.op("Clip", numbers, *bounds), wanted)


def _integers(site: Site, x: str, zeros: str) -> str:
    wide = site.cast(x, TensorProto.INT32)
    return site.op("Sub", wide, site.cast(zeros, TensorProto.INT32)) if zeros else wide


def _product(site: Site, a: str, a_zero: str, b: str, b_zero: str) -> str:
    """A product of matrices of integers, as the importer's lowering takes them: three dimensions at most."""
    ranks = site.rank(a), site.rank(b)
    first, second = _integers(site, a, a_zero), _integers(site, b, b_zero)
    if max(ranks) <= 3:
        return site.op("MatMul", first, second)
    if ranks[1] > 2:
        # Doubles hold all sums of products of such numbers.
        wide = [site.cast(each, TensorProto.DOUBLE) for each in (first, second)]
        return site.cast(site.op("MatMul", *wide), TensorProto.INT32)
    last = ranks[0] - 1
    rows = site.op("Flatten", first, axis=last)
    shape = site.op("Concat", site.op("Shape", a, end=last), site.dim(b, 1), axis=0)
    return site.op("Reshape", site.op("MatMul", rows, second), shape)


def _convolved(site: Site, x: str, w: str) -> str:
    given = {each.name: site.attribute(each.name) for each in site.node.attribute}
    return site.op("Conv", x, w, **given)


def _of_rows(site: Site, name: str) -> str:
    """One number, or one a row, to be met by matrices."""
    return site.unsqueezed(name, 1) if name and len(site.shape(name) or []) == 1 else name


def _of_filters(site: Site, name: str, w: str) -> str:
    """One number, or one a filter, to be met by filters."""
    return (
        name if not name or site.shape(name) in ([], [1]) else site.unsqueezed(name, *range(1, site.rank(w)))
    )


def _along_axis(site: Site, name: str, x: str) -> str | None:
    """Scales or zero points to be met by a tensor; None where not enough is known of its shape."""
    shape, own = site.shape(x), site.shape(name)
    if own == [] or (own is not None and own == [1] and not site.attribute("block_size", 0)):
        return site.op("Reshape", name, site.constant([], np.int64)) if own else name
    if shape is None or own is None:
        return None
    axis = site.attribute("axis", 1) % len(shape)
    block = site.attribute("block_size", 0)
    if not block:
        return site.unsqueezed(name, *(each for each in range(len(shape)) if each != axis))
    blocks, size = own[axis], shape[axis]
    if blocks is None or size is None:
        return None
    # Why a slice: the last block may be a part of one.
    times = np.repeat(np.arange(blocks), block)[:size]
    return site.op("Gather", name, site.constant(times, np.int64), axis=axis)
