"""The system module `vmvx`: array operations that kernels in VM bytecode call.

Buffers are `!vm.buffer`; offsets and strides are in elements; two-dimensional sizes come last.
Spec: `iree/modules/vmvx/module.c` of IREE 3.13.0. Compilers emit these only when asked for microkernels.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from gossamer.abi.vmvx_functions import VMVX
from gossamer.errors import InvalidArgumentError
from gossamer.modules.native import FunctionTable, NativeModule
from gossamer.modules.vmvx.views import Array, read_view, write_view

functions = FunctionTable(VMVX)

_TYPE_MASK = 0xFF
_MMT4D_ACCUMULATE = 0x100
_TRANSPOSE_INNER = 0x100
_TRANSPOSE_OUTER = 0x200
_F32, _I8, _I32 = 1, 2, 3
_MMT4D_F32F32F32, _MMT4D_S8S8S32 = 1, 2
_OPERATION_MASK = 0xFF00
_ROLE_MASK = 0xFF
# Rows, columns and depth of tiles by operation: f32, i8, and four others that IREE treats alike.
_MATMUL_TILES = {
    0x100: (8, 4, 1),
    0x200: (8, 4, 2),
    0x300: (8, 8, 4),
    0x400: (8, 8, 4),
    0x500: (8, 8, 4),
    0x600: (8, 8, 4),
}
_ELEMENT_TYPES = {_F32: np.dtype(np.float32), _I8: np.dtype(np.int8), _I32: np.dtype(np.int32)}


def _binary(name: str, dtype: npt.DTypeLike, operation: Callable[[Array, Array], Array]) -> None:
    @functions.export(name)
    def run(  # pyright: ignore[reportUnusedFunction] - the table holds it
        lhs: object, lhs_offset: int, lhs_stride0: int, lhs_stride1: int,
        rhs: object, rhs_offset: int, rhs_stride0: int, rhs_stride1: int,
        out: object, out_offset: int, out_stride0: int, out_stride1: int,
        size0: int, size1: int,
    ) -> None:  # fmt: skip
        sizes = (size0, size1)
        left = read_view(lhs, dtype, lhs_offset, (lhs_stride0, lhs_stride1), sizes)
        right = read_view(rhs, dtype, rhs_offset, (rhs_stride0, rhs_stride1), sizes)
        target = write_view(out, dtype, out_offset, (out_stride0, out_stride1), sizes)
        with np.errstate(all="ignore"):
            target[...] = operation(left, right)


def _unary(name: str, dtype: npt.DTypeLike, operation: Callable[[Array], Array]) -> None:
    @functions.export(name)
    def run(  # pyright: ignore[reportUnusedFunction] - the table holds it
        source: object, source_offset: int, source_stride0: int, source_stride1: int,
        out: object, out_offset: int, out_stride0: int, out_stride1: int,
        size0: int, size1: int,
    ) -> None:  # fmt: skip
        sizes = (size0, size1)
        values = read_view(source, dtype, source_offset, (source_stride0, source_stride1), sizes)
        target = write_view(out, dtype, out_offset, (out_stride0, out_stride1), sizes)
        with np.errstate(all="ignore"):
            target[...] = operation(values)


def _divide(left: Array, right: Array) -> Array:
    # Why: integers divide towards zero, NumPy's towards minus infinity.
    if not right.all():
        raise InvalidArgumentError("integer division by zero")
    wide_left, wide_right = left.astype(np.int64), right.astype(np.int64)
    quotient = np.abs(wide_left) // np.abs(wide_right)
    return np.where((wide_left < 0) != (wide_right < 0), -quotient, quotient).astype(left.dtype)


def _count_leading_zeros(values: Array) -> Array:
    # frexp gives the position of the highest set bit exactly: an i32 fits in a double.
    _, exponent = np.frexp(values.view(np.uint32).astype(np.float64))
    return (32 - exponent).astype(np.int32)


_binary("add.2d.f32", np.float32, np.add)
_binary("sub.2d.f32", np.float32, np.subtract)
_binary("mul.2d.f32", np.float32, np.multiply)
_binary("div.2d.f32", np.float32, np.divide)
_binary("add.2d.i32", np.int32, np.add)
_binary("sub.2d.i32", np.int32, np.subtract)
_binary("mul.2d.i32", np.int32, np.multiply)
_binary("divs.2d.i32", np.int32, _divide)
_binary("divu.2d.i32", np.uint32, _divide)
_binary("and.2d.i32", np.int32, np.bitwise_and)
_binary("or.2d.i32", np.int32, np.bitwise_or)
_binary("xor.2d.i32", np.int32, np.bitwise_xor)
_binary("shl.2d.i32", np.uint32, lambda left, right: left << (right & 31))
_binary("shrs.2d.i32", np.int32, lambda left, right: left >> (right & 31))
_binary("shru.2d.i32", np.uint32, lambda left, right: left >> (right & 31))
_unary("abs.2d.f32", np.float32, np.abs)
_unary("ceil.2d.f32", np.float32, np.ceil)
_unary("floor.2d.f32", np.float32, np.floor)
_unary("neg.2d.f32", np.float32, np.negative)
_unary("exp.2d.f32", np.float32, np.exp)
_unary("log.2d.f32", np.float32, np.log)
_unary("rsqrt.2d.f32", np.float32, lambda values: 1 / np.sqrt(values))
_unary("ctlz.2d.i32", np.int32, _count_leading_zeros)
_unary("copy.2d.x8", np.uint8, np.positive)
_unary("copy.2d.x16", np.uint16, np.positive)
_unary("copy.2d.x32", np.uint32, np.positive)
_unary("copy.2d.x64", np.uint64, np.positive)


@functions.export("fill.2d.x32")
def fill_2d_x32(value: int, out: object, offset: int, row_stride: int, rows: int, columns: int) -> None:
    """Store one value to every element of a matrix."""
    write_view(out, np.uint32, offset, (row_stride, 1), (rows, columns))[...] = value & 0xFFFFFFFF


@functions.export("mmt4d")
def mmt4d(
    lhs: object, lhs_offset: int, lhs_stride: int,
    rhs: object, rhs_offset: int, rhs_stride: int,
    out: object, out_offset: int, out_stride: int,
    m: int, n: int, k: int, m0: int, n0: int, k0: int, flags: int,
) -> None:  # fmt: skip
    """Multiply packed matrices: out[m, n, m0, n0] (+)= lhs[m, k, m0, k0] * rhs[n, k, n0, k0]."""
    match flags & _TYPE_MASK:
        case 1:
            source, target = np.dtype(np.float32), np.dtype(np.float32)
        case 2:
            source, target = np.dtype(np.int8), np.dtype(np.int32)
        case _:
            raise InvalidArgumentError(f"mmt4d: unhandled flags {flags:#x}")
    left = read_view(lhs, source, lhs_offset, (lhs_stride, m0 * k0, k0, 1), (m, k, m0, k0))
    right = read_view(rhs, source, rhs_offset, (rhs_stride, n0 * k0, k0, 1), (n, k, n0, k0))
    result = write_view(out, target, out_offset, (out_stride, m0 * n0, n0, 1), (m, n, m0, n0))
    rows = left.transpose(0, 2, 1, 3).reshape(m * m0, k * k0).astype(target)
    columns = right.transpose(0, 2, 1, 3).reshape(n * n0, k * k0).astype(target)
    product = (rows @ columns.T).reshape(m, m0, n, n0).transpose(0, 2, 1, 3)
    if flags & _MMT4D_ACCUMULATE:
        result += product
    else:
        result[...] = product


@functions.export("pack")
def pack(
    source: object, source_offset: int, source_stride0: int, source_stride1: int,
    out: object, out_offset: int, out_stride0: int, out_stride1: int,
    rows: int, columns: int,
    outer0: int, outer1: int, inner0: int, inner1: int, padding: int, flags: int,
) -> None:  # fmt: skip
    """Cut a matrix into tiles, padding those at its ends."""
    dtype = _tiled_type("pack", flags)
    matrix = read_view(source, dtype, source_offset, (source_stride0, source_stride1), (rows, columns))
    tiled = write_view(
        out, dtype, out_offset, (out_stride0, out_stride1, inner1, 1), (outer0, outer1, inner0, inner1)
    )
    tiles = _matrix_order(tiled, flags)
    padded = np.empty((tiles.shape[0] * tiles.shape[2], tiles.shape[1] * tiles.shape[3]), dtype)
    padded[...] = np.array([padding & (1 << 8 * dtype.itemsize) - 1], f"u{dtype.itemsize}").view(dtype)[0]
    padded[:rows, :columns] = matrix[: padded.shape[0], : padded.shape[1]]
    tiles[...] = padded.reshape(tiles.shape[0], tiles.shape[2], tiles.shape[1], tiles.shape[3]).transpose(
        0, 2, 1, 3
    )


@functions.export("unpack")
def unpack(
    source: object, source_offset: int, source_stride0: int, source_stride1: int,
    out: object, out_offset: int, out_stride0: int, out_stride1: int,
    outer0: int, outer1: int, inner0: int, inner1: int, rows: int, columns: int, flags: int,
) -> None:  # fmt: skip
    """Put a matrix together from tiles, leaving padding out."""
    dtype = _tiled_type("unpack", flags)
    tiled = read_view(
        source,
        dtype,
        source_offset,
        (source_stride0, source_stride1, inner1, 1),
        (outer0, outer1, inner0, inner1),
    )
    matrix = write_view(out, dtype, out_offset, (out_stride0, out_stride1), (rows, columns))
    tiles = _matrix_order(tiled, flags)
    padded = tiles.transpose(0, 2, 1, 3).reshape(
        tiles.shape[0] * tiles.shape[2], tiles.shape[1] * tiles.shape[3]
    )
    matrix[...] = padded[:rows, :columns]


def _tiled_type(function: str, flags: int) -> np.dtype[np.generic]:
    dtype = _ELEMENT_TYPES.get(flags & _TYPE_MASK)
    if dtype is None:
        raise InvalidArgumentError(f"{function}: unhandled flags {flags:#x}")
    return dtype


def _matrix_order(tiled: Array, flags: int) -> Array:
    """Tiles with dimensions in the order rows of tiles, columns of tiles, rows, columns."""
    if flags & _TRANSPOSE_OUTER:
        tiled = tiled.transpose(1, 0, 2, 3)
    if flags & _TRANSPOSE_INNER:
        tiled = tiled.transpose(0, 1, 3, 2)
    return tiled


@functions.export("query_tile_sizes.2d")
def query_tile_sizes_2d(rows: int, columns: int, flags: int) -> tuple[int, int]:
    """Sizes of the tiles that `mmt4d` likes for one operand of an operation; 0 for what it does not know."""
    del rows, columns
    m, n, k = _MATMUL_TILES.get(flags & _OPERATION_MASK, (0, 0, 0))
    match flags & _ROLE_MASK:
        case 1:
            return m, k
        case 2:
            return n, k
        case 3:
            return m, n
        case _:
            return 0, 0


def vmvx_module() -> NativeModule:
    """Make the `vmvx` module."""
    return NativeModule(functions)
