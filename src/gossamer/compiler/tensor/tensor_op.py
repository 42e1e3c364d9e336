"""Readable faces for tensor operations whose numbers are partly attributes and partly operands."""

from __future__ import annotations

from dataclasses import dataclass

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.index_builder import Index

SLICE_NAMES = ("tensor.extract_slice", "tensor.insert_slice")


@dataclass(frozen=True, slots=True)
class SliceOp:
    """`tensor.extract_slice` or `tensor.insert_slice`.

    Attributes:
        tensor: the large tensor: the source of an extraction, the destination of an insertion.
        update: what is inserted, or None for an extraction.
        offsets, sizes, strides: one for each dimension of `tensor`.
        kept: dimensions of `tensor` that the slice has too; the others are of size one and left out.
    """

    tensor: ir.Value
    update: ir.Value | None
    offsets: tuple[Index, ...]
    sizes: tuple[Index, ...]
    strides: tuple[Index, ...]
    kept: tuple[int, ...]

    @property
    def slice_sizes(self) -> tuple[Index, ...]:
        """Sizes of the slice's own dimensions."""
        return tuple(self.sizes[dim] for dim in self.kept)


def read_slice(op: ir.Operation) -> SliceOp:
    """Read a slice operation."""
    segments = segment_operands(op)
    update = segments.pop(0)[0] if op.name == "tensor.insert_slice" else None
    (tensor,), offsets, sizes, strides = segments
    mixed_sizes = mixed(op, "static_sizes", sizes)
    narrow = op.result if update is None else update
    return SliceOp(
        tensor,
        update,
        mixed(op, "static_offsets", offsets),
        mixed_sizes,
        mixed(op, "static_strides", strides),
        _kept_dims(mixed_sizes, shape_of(narrow)),
    )


@dataclass(frozen=True, slots=True)
class PadOp:
    """`tensor.pad`: `low` and `high` elements of padding in each dimension."""

    source: ir.Value
    low: tuple[Index, ...]
    high: tuple[Index, ...]


def read_pad(op: ir.Operation) -> PadOp:
    """Read a `tensor.pad`."""
    (source,), low, high = segment_operands(op)
    return PadOp(source, mixed(op, "static_low", low), mixed(op, "static_high", high))


@dataclass(frozen=True, slots=True)
class PackOp:
    """`linalg.pack` or `linalg.unpack`: a tensor cut into tiles, and the tensor of its tiles.

    Attributes:
        source: what the operation reads.
        dest: gives the result its shape.
        padding: value of what tiles have beyond the tensor, or None where they fit or it does not matter.
        outer: for each of the leading dimensions of the tiled tensor, the dimension it counts tiles of.
        inner: for each of the trailing dimensions of the tiled tensor, the dimension that is cut.
        tiles: tile size of each dimension in `inner`.
    """

    source: ir.Value
    dest: ir.Value
    padding: ir.Value | None
    outer: tuple[int, ...]
    inner: tuple[int, ...]
    tiles: tuple[Index, ...]


def read_pack(op: ir.Operation) -> PackOp:
    """Read a `linalg.pack` or `linalg.unpack`."""
    segments = segment_operands(op)
    padding = segments.pop(2) if op.name == "linalg.pack" else []
    (source,), (dest,), tiles = segments[:3]
    plain = source if op.name == "linalg.pack" else dest
    permutation = "outer_dims_perm" in op.attributes and list(
        ir.DenseI64ArrayAttr(op.attributes["outer_dims_perm"])
    )
    return PackOp(
        source,
        dest,
        padding[0] if padding else None,
        tuple(permutation or range(len(shape_of(plain)))),
        tuple(ir.DenseI64ArrayAttr(op.attributes["inner_dims_pos"])),
        mixed(op, "static_inner_tiles", tiles),
    )


def reassociation(op: ir.Operation) -> list[list[int]]:
    """For each dimension of the tensor of lower rank, the dimensions of the other one that make it up."""
    groups = ir.ArrayAttr(op.attributes["reassociation"])
    return [[ir.IntegerAttr(dim).value for dim in ir.ArrayAttr(group)] for group in groups]


def shape_of(tensor: ir.Value) -> list[int | None]:
    """Sizes of a tensor's dimensions; None where its type does not state them."""
    type = ir.ShapedType(tensor.type)
    return [None if type.is_dynamic_dim(dim) else type.get_dim_size(dim) for dim in range(type.rank)]


def element_type(tensor: ir.Value) -> ir.Type:
    """Type of a tensor's elements."""
    return ir.ShapedType(tensor.type).element_type


def is_tensor(value: ir.Value) -> bool:
    """Whether a value is a ranked tensor."""
    return isinstance(value.type, ir.RankedTensorType)


def mixed(op: ir.Operation, attribute: str, operands: list[ir.Value]) -> tuple[Index, ...]:
    """Numbers of a static array attribute, with its dynamic entries taken from operands.

    Args:
        op: has the attribute.
        attribute: name, for example "static_sizes".
        operands: one for each dynamic entry.
    """
    dynamic = ir.ShapedType.get_dynamic_size()
    remaining = iter(operands)
    numbers = ir.DenseI64ArrayAttr(op.attributes[attribute])
    return tuple(next(remaining) if number == dynamic else number for number in numbers)


def segment_operands(op: ir.Operation) -> list[list[ir.Value]]:
    """Operands of an operation, grouped as its `operandSegmentSizes` says."""
    remaining = iter(op.operands)
    sizes = ir.DenseI32ArrayAttr(op.attributes["operandSegmentSizes"])
    return [[next(remaining) for _ in range(size)] for size in sizes]


def _kept_dims(sizes: tuple[Index, ...], narrow: list[int | None]) -> tuple[int, ...]:
    kept: list[int] = []
    for dim, size in enumerate(sizes):
        static = size if isinstance(size, int) else None
        droppable = len(sizes) - dim > len(narrow) - len(kept)
        if len(kept) < len(narrow) and (not droppable or static == narrow[len(kept)]):
            kept.append(dim)
    return tuple(kept)
