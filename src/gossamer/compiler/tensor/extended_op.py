"""A readable face for what linalg has no form for: `scan`, `scatter`, `sort` and `gather`.

They are spelled as in IREE's `iree_linalg_ext`: inputs, then initial values of the results, a dimension or a
map of dimensions, and a region on scalars.
"""

from __future__ import annotations

from dataclasses import dataclass

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.tensor_op import shape_of

DIALECT = "iree_linalg_ext"


@dataclass(frozen=True, slots=True)
class IndexedOperands:
    """How positions in the indexed tensor of a gather or scatter come about.

    Attributes:
        indices: tensor of indices; its first `batch_rank` dimensions are those of the slices.
        batch_rank: how many dimensions of the tensor of slices count slices.
        has_components: `indices` has one more dimension, for the components of an index.
        indexed_dims: dimension of the indexed tensor that each component counts along.
        slice_dims: its other dimensions.
    """

    indices: ir.Value
    batch_rank: int
    has_components: bool
    indexed_dims: tuple[int, ...]
    slice_dims: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ExtendedOp:
    """One of the operations.

    Attributes:
        op: the operation itself.
    """

    op: ir.Operation

    @property
    def kind(self) -> str:
        """Its name without the dialect."""
        return self.op.name.partition(".")[2]

    @property
    def inputs(self) -> list[ir.Value]:
        """Operands that are only read."""
        return list(self.op.operands)[: len(self.op.operands) - len(self.op.results)]

    @property
    def inits(self) -> list[ir.Value]:
        """Initial values of the results, one for each."""
        return list(self.op.operands)[len(self.op.operands) - len(self.op.results) :]

    @property
    def dimension(self) -> int:
        """The dimension along which it works."""
        return ir.IntegerAttr(self.op.attributes["dimension"]).value

    @property
    def dimension_map(self) -> list[int]:
        """Dimensions that the components of an index count along."""
        attr = self.op.attributes["dimension_map"]
        if isinstance(attr, ir.DenseI64ArrayAttr):
            return list(attr)
        return [ir.IntegerAttr(entry).value for entry in ir.ArrayAttr(attr)]

    @property
    def indexed(self) -> IndexedOperands:
        """For a gather or scatter: how positions in the indexed tensor come about."""
        values, indices = self.inputs[:2]
        indexed, sliced = (self.inits[0], values) if self.kind == "scatter" else (values, self.inits[0])
        rank = len(shape_of(indexed))
        slice_dims = [dim for dim in range(rank) if dim not in self.dimension_map]
        batch_rank = len(shape_of(sliced)) - len(slice_dims)
        return IndexedOperands(
            indices,
            batch_rank,
            len(shape_of(indices)) > batch_rank,
            tuple(self.dimension_map),
            tuple(slice_dims),
        )

    @property
    def is_inclusive(self) -> bool:
        """For a scan: whether an element counts itself."""
        return ir.BoolAttr(self.op.attributes["inclusive"]).value

    @property
    def body(self) -> ir.Block:
        """What is computed on scalars."""
        return self.op.regions[0].blocks[0]
