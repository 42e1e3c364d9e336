"""Discrete Fourier transforms as linalg operations.

A short transform is a product with a matrix. One of a length n1 * n2 is many of n1, factors, and many of n2
(Cooley and Tukey): with j = j1 * n2 + j2 and k = k1 + n1 * k2, and w(n) the n-th root of one,

    X[k1, k2] = sum over j2 of w(n2)^(j2 k2) * (w(n)^(j2 k1) * sum over j1 of w(n1)^(j1 k1) * x[j1, j2])

One of a prime length n is a convolution with the chirp exp(i pi j^2 / n), done by transforms of a power of
two (Bluestein).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.generic_builder import (
    Body,
    append_empty,
    append_generic,
    dynamic_sizes,
    static_sizes,
    tensor_type,
)
from gossamer.compiler.tensor.index_builder import Index, IndexBuilder

if TYPE_CHECKING:
    import numpy.typing as npt

_LONGEST_MATRIX = 64

Sizes = list["Index"]


class Fourier:
    """Appends transforms of tensors along their last dimension.

    Attributes:
        build: appends them.
        element: the type of complex number.
    """

    def __init__(self, build: IndexBuilder, element: ir.ComplexType) -> None:
        self.build = build
        self.element = element

    def transform(self, tensor: ir.Value, sizes: Sizes, sign: int) -> ir.Value:
        """The sums over j of x[j] * exp(sign * 2 i pi j k / n), n being the last size.

        Args:
            tensor: complex.
            sizes: its dimensions; the last one is known.
            sign: -1 for the transform, 1 for its inverse times n.
        """
        length = sizes[-1]
        assert isinstance(length, int)
        if length <= 1:
            return tensor
        if length <= _LONGEST_MATRIX:
            return self._by_matrix(tensor, sizes, sign)
        divisor = next(n for n in range(int(length**0.5), 0, -1) if length % n == 0)
        if divisor == 1:
            return self._by_chirp(tensor, sizes, sign)
        return self._by_factors(tensor, sizes, sign, divisor)

    def swapped(self, tensor: ir.Value, sizes: Sizes, axis: int) -> tuple[ir.Value, Sizes]:
        """A tensor with a dimension and the last one exchanged, and its sizes."""
        order = list(range(len(sizes)))
        order[axis], order[-1] = order[-1], order[axis]
        swapped = [sizes[dim] for dim in order]
        loops = ir.AffineMap.get_identity(len(sizes), self.build.location.context)
        init = append_empty(self.build, swapped, self.element)
        maps = [loops.get_submap(order), loops]
        return append_generic(self.build, [tensor], init, maps, lambda _, values: values[0]), swapped

    def times(self, tensor: ir.Value, sizes: Sizes, factors: npt.NDArray[Any]) -> ir.Value:
        """A tensor times factors along its last dimensions."""
        rank = len(sizes)
        loops = ir.AffineMap.get_identity(rank, self.build.location.context)
        last = loops.get_submap(list(range(rank - factors.ndim, rank)))
        init = append_empty(self.build, sizes, self.element)
        return append_generic(
            self.build, [tensor, self._constant(factors)], init, [loops, last, loops], self._product
        )

    def padded(self, tensor: ir.Value, sizes: Sizes, length: int) -> ir.Value:
        """A tensor with zeros behind its last dimension, up to a length."""
        rank, last = len(sizes), sizes[-1]
        assert isinstance(last, int)
        attributes: dict[str, ir.Attribute] = {
            "static_low": ir.DenseI64ArrayAttr.get([0] * rank),
            "static_high": ir.DenseI64ArrayAttr.get([0] * (rank - 1) + [length - last]),
            "operandSegmentSizes": ir.DenseI32ArrayAttr.get([1, 0, 0]),
        }
        type = tensor_type([*sizes[:-1], length], self.element)
        pad = self.build.op("tensor.pad", [tensor], [type], attributes, regions=1)
        indices = [self.build.index_type] * rank
        block = ir.Block.create_at_start(pad.regions[0], indices, [self.build.location] * rank)
        inner = IndexBuilder(ir.InsertionPoint(block), self.build.location)
        inner.op("tensor.yield", [self._number(inner, 0)], [])
        return pad.result

    def cut(self, tensor: ir.Value, sizes: Sizes, length: int) -> ir.Value:
        """The first numbers along the last dimension."""
        rank, kept = len(sizes), [*sizes[:-1], length]
        attributes: dict[str, ir.Attribute] = {
            "static_offsets": ir.DenseI64ArrayAttr.get([0] * rank),
            "static_sizes": ir.DenseI64ArrayAttr.get(static_sizes(kept)),
            "static_strides": ir.DenseI64ArrayAttr.get([1] * rank),
            "operandSegmentSizes": ir.DenseI32ArrayAttr.get([1, 0, len(dynamic_sizes(kept)), 0]),
        }
        operands = [tensor, *dynamic_sizes(kept)]
        type = tensor_type(kept, self.element)
        return self.build.op("tensor.extract_slice", operands, [type], attributes).result

    def _by_matrix(self, tensor: ir.Value, sizes: Sizes, sign: int) -> ir.Value:
        length = sizes[-1]
        assert isinstance(length, int)
        roots = self._constant(_roots(length, length, length, sign))
        rank = len(sizes)
        loops = ir.AffineMap.get_identity(rank + 1, self.build.location.context)
        batch = list(range(rank - 1))
        maps = [
            loops.get_submap([*batch, rank]),
            loops.get_submap([rank - 1, rank]),
            loops.get_submap([*batch, rank - 1]),
        ]
        zero = self._number(self.build, 0)
        type = tensor_type(sizes, self.element)
        init = self.build.op("tensor.splat", [zero, *dynamic_sizes(sizes)], [type]).result
        return append_generic(self.build, [tensor, roots], init, maps, self._product_sum, [rank])

    def _by_factors(self, tensor: ir.Value, sizes: Sizes, sign: int, first: int) -> ir.Value:
        *batch, length = sizes
        assert isinstance(length, int)
        second = length // first
        apart = [*batch, first, second]
        groups = [*([dim] for dim in range(len(batch))), [len(batch), len(batch) + 1]]
        axis = len(batch)
        parts, swapped = self.swapped(self._reshaped(tensor, apart, groups, "expand"), apart, axis)
        parts = self.transform(parts, swapped, sign)
        parts = self.times(parts, swapped, _roots(second, first, length, sign))
        parts, swapped = self.swapped(parts, swapped, axis)
        parts = self.transform(parts, swapped, sign)
        parts, swapped = self.swapped(parts, swapped, axis)
        return self._reshaped(parts, sizes, groups, "collapse")

    def _by_chirp(self, tensor: ir.Value, sizes: Sizes, sign: int) -> ir.Value:
        # Why here: few programs need it, and loading it takes longer than most compilations.
        import numpy as np

        length = sizes[-1]
        assert isinstance(length, int)
        whole = 1 << (2 * length - 2).bit_length()
        # Why the remainder: squares of large numbers would lose their last digits.
        squares = np.arange(length, dtype=np.int64) ** 2 % (2 * length)
        chirp = np.exp(sign * 1j * np.pi * squares / length)
        kernel = np.zeros(whole, np.complex128)
        kernel[:length] = chirp.conj()
        kernel[whole - length + 1 :] = chirp.conj()[:0:-1]
        long = [*sizes[:-1], whole]
        padded = self.padded(self.times(tensor, sizes, chirp), sizes, whole)
        spectrum = self.times(self.transform(padded, long, -1), long, np.fft.fft(kernel) / whole)
        return self.times(self.cut(self.transform(spectrum, long, 1), long, length), sizes, chirp)

    def _reshaped(self, tensor: ir.Value, sizes: Sizes, groups: list[list[int]], way: str) -> ir.Value:
        i64 = ir.IntegerType.get_signless(64)
        attributes: dict[str, ir.Attribute] = {
            "reassociation": ir.ArrayAttr.get(
                [ir.ArrayAttr.get([ir.IntegerAttr.get(i64, dim) for dim in group]) for group in groups]
            )
        }
        operands = [tensor]
        if way == "expand":
            attributes["static_output_shape"] = ir.DenseI64ArrayAttr.get(static_sizes(sizes))
            operands += dynamic_sizes(sizes)
        type = tensor_type(sizes, self.element)
        return self.build.op(f"tensor.{way}_shape", operands, [type], attributes).result

    def _constant(self, numbers: npt.NDArray[Any]) -> ir.Value:
        part = "<c8" if isinstance(self.element.element_type, ir.F32Type) else "<c16"
        type = tensor_type(list(numbers.shape), self.element)
        literal = f'dense<"0x{numbers.astype(part).tobytes().hex()}"> : {type}'
        # Why text: the bindings have no class for literals of complex numbers.
        constant = ir.Operation.parse(f'"arith.constant"() <{{value = {literal}}}> : () -> {type}')
        self.build.at.insert(constant)
        return constant.results[0]

    def _number(self, build: IndexBuilder, value: float) -> ir.Value:
        part = ir.FloatAttr.get(self.element.element_type, value)
        parts = ir.ArrayAttr.get([part, part])
        return build.op("complex.constant", [], [self.element], {"value": parts}).result

    @property
    def _product(self) -> Body:
        return lambda build, values: build.op("complex.mul", values[:2], [self.element]).result

    @property
    def _product_sum(self) -> Body:
        return lambda build, values: (
            build.op("complex.add", [values[2], self._product(build, values)], [self.element]).result
        )


def _roots(rows: int, columns: int, length: int, sign: int) -> npt.NDArray[Any]:
    """Powers of a root of one: exp(sign * 2 i pi row * column / length)."""
    # Why here: as above.
    import numpy as np

    exponents = np.outer(np.arange(rows), np.arange(columns)) % length
    return np.exp(sign * 2j * np.pi * exponents / length)
