"""Fourier transforms of StableHLO: of complex and real numbers, both ways, along up to three dimensions.

A spectrum of real numbers has its second half left out, which repeats the first. The inverse counts the
numbers that stand for two twice, transforms, and keeps the real parts.
Spec: StableHLO, `fft`.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.input.stablehlo.fourier import Fourier, Sizes
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.generic_builder import append_empty, append_generic
from gossamer.compiler.tensor.index_builder import Index, IndexBuilder
from gossamer.compiler.tensor.tensor_op import element_type, shape_of


def lower_fft(op: ir.Operation) -> Sequence[ir.Value]:
    """Lower a transform of any kind and length."""
    kind = str(op.attributes["fft_type"]).partition("<")[2].split()[-1].rstrip(">")
    lengths = list(ir.DenseI64ArrayAttr(op.attributes["fft_length"]))
    build = IndexBuilder(ir.InsertionPoint(op), op.location)
    (tensor,) = op.operands
    sizes = _sizes(build, tensor)
    if 0 in sizes or not lengths:
        return [tensor]
    first = len(sizes) - len(lengths)
    if kind == "RFFT":
        fourier = Fourier(build, ir.ComplexType.get(element_type(tensor)))
        tensor = _with_zero_parts(fourier, tensor, sizes)
        tensor = fourier.cut(fourier.transform(tensor, sizes, -1), sizes, lengths[-1] // 2 + 1)
        sizes = [*sizes[:-1], lengths[-1] // 2 + 1]
        return [_along(fourier, tensor, sizes, range(first, len(sizes) - 1), -1)]
    fourier = Fourier(build, ir.ComplexType(element_type(tensor)))
    if kind == "FFT":
        return [_along(fourier, tensor, sizes, range(first, len(sizes)), -1)]
    tensor = _along(fourier, tensor, sizes, range(first, len(sizes) - (kind == "IRFFT")), 1)
    return [_inverse(fourier, tensor, sizes, kind, lengths)]


def _inverse(fourier: Fourier, tensor: ir.Value, sizes: Sizes, kind: str, lengths: Sequence[int]) -> ir.Value:
    # Why here: few programs need it, and loading it takes longer than most compilations.
    import numpy as np

    half, length = sizes[-1], lengths[-1]
    assert isinstance(half, int)
    weights = np.full(half, 1 / np.prod(lengths))
    if kind == "IFFT":
        return fourier.times(tensor, sizes, weights)
    weights[1 : (length + 1) // 2] *= 2
    long = [*sizes[:-1], length]
    spectrum = fourier.padded(fourier.times(tensor, sizes, weights), sizes, length)
    return _real_parts(fourier, fourier.transform(spectrum, long, 1), long)


def _along(fourier: Fourier, tensor: ir.Value, sizes: Sizes, axes: Sequence[int], sign: int) -> ir.Value:
    for axis in axes:
        if axis == len(sizes) - 1:
            tensor = fourier.transform(tensor, sizes, sign)
            continue
        swapped, swapped_sizes = fourier.swapped(tensor, sizes, axis)
        transformed = fourier.transform(swapped, swapped_sizes, sign)
        tensor, _ = fourier.swapped(transformed, swapped_sizes, axis)
    return tensor


def _with_zero_parts(fourier: Fourier, tensor: ir.Value, sizes: Sizes) -> ir.Value:
    def body(build: IndexBuilder, values: list[ir.Value]) -> ir.Value:
        part = element_type(tensor)
        zero = build.constant(ir.FloatAttr.get(part, 0.0), part)
        return build.op("complex.create", [values[0], zero], [fourier.element]).result

    loops = ir.AffineMap.get_identity(len(sizes))
    init = append_empty(fourier.build, sizes, fourier.element)
    return append_generic(fourier.build, [tensor], init, [loops, loops], body)


def _real_parts(fourier: Fourier, tensor: ir.Value, sizes: Sizes) -> ir.Value:
    part = fourier.element.element_type

    def body(build: IndexBuilder, values: list[ir.Value]) -> ir.Value:
        return build.op("complex.re", [values[0]], [part]).result

    loops = ir.AffineMap.get_identity(len(sizes))
    init = append_empty(fourier.build, sizes, part)
    return append_generic(fourier.build, [tensor], init, [loops, loops], body)


def _sizes(build: IndexBuilder, tensor: ir.Value) -> Sizes:
    sizes: list[Index] = []
    for dim, size in enumerate(shape_of(tensor)):
        known = size is not None
        sizes.append(
            size if known else build.op("tensor.dim", [tensor, build.value(dim)], [build.index_type]).result
        )
    return sizes
