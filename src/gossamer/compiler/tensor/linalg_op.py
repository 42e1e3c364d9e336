"""A readable face for `linalg.generic`, the one linalg operation that reaches dispatch formation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.tensor_op import is_tensor
from gossamer.compiler.walk import walk

GENERIC = "linalg.generic"


@dataclass(frozen=True)
class LinalgOp:
    """A `linalg.generic` operation on tensors.

    Attributes:
        op: the operation itself.
    """

    op: ir.Operation

    @cached_property
    def maps(self) -> tuple[ir.AffineMap, ...]:
        """Indexing map of each operand: loop indices to element indices."""
        attr = ir.ArrayAttr(self.op.attributes["indexing_maps"])
        return tuple(ir.AffineMapAttr(entry).value for entry in attr)

    @cached_property
    def iterators(self) -> tuple[str, ...]:
        """ "parallel" or "reduction" for each loop."""
        attr = ir.ArrayAttr(self.op.attributes["iterator_types"])
        return tuple("reduction" if "reduction" in str(entry) else "parallel" for entry in attr)

    @cached_property
    def input_count(self) -> int:
        """How many operands are inputs; the others are the initial values of the results."""
        return ir.DenseI32ArrayAttr(self.op.attributes["operandSegmentSizes"])[0]

    @property
    def inputs(self) -> list[ir.Value]:
        """Operands that are only read: tensors, or scalars with a map without results."""
        return list(self.op.operands)[: self.input_count]

    @property
    def inits(self) -> list[ir.Value]:
        """Initial values of the results, one for each."""
        return list(self.op.operands)[self.input_count :]

    @property
    def init_maps(self) -> tuple[ir.AffineMap, ...]:
        """Indexing map of each result."""
        return self.maps[self.input_count :]

    @property
    def body(self) -> ir.Block:
        """What is computed for each element; one argument for each operand."""
        return self.op.regions[0].blocks[0]

    @property
    def loop_count(self) -> int:
        """Rank of the iteration space."""
        return len(self.iterators)

    @property
    def parallel_loops(self) -> list[int]:
        """Loops whose iterations each have elements of their own."""
        return [loop for loop, kind in enumerate(self.iterators) if kind == "parallel"]

    @property
    def reduction_loops(self) -> list[int]:
        """Loops that combine elements."""
        return [loop for loop, kind in enumerate(self.iterators) if kind == "reduction"]

    @property
    def is_elementwise(self) -> bool:
        """All loops are parallel."""
        return "reduction" not in self.iterators

    @cached_property
    def loop_sizes(self) -> tuple[int | None, ...]:
        """Trip count of each loop where a type states it, else None."""
        sizes: list[int | None] = [None] * self.loop_count
        for operand, map in zip(self.op.operands, self.maps, strict=True):
            for position, expr in enumerate(map.results):
                loop = dim_position(expr)
                if loop is not None and sizes[loop] is None:
                    sizes[loop] = static_size(operand, position)
        return tuple(sizes)

    def uses_index(self) -> bool:
        """Whether the body asks for a loop index."""
        return any(op.name == "linalg.index" for op in walk(self.op))

    @property
    def only_moves(self) -> bool:
        """Whether an operation computes nothing: each element of its result is one that it is given."""
        return self.is_elementwise and self._bare_yield is not None

    @property
    def is_fill(self) -> bool:
        """Whether an operation gives one scalar to all elements."""
        yielded = self._bare_yield
        if yielded is None or not self.is_elementwise:
            return False
        if isinstance(yielded, ir.BlockArgument) and yielded.owner == self.body:
            return not is_tensor(self.op.operands[yielded.arg_number])
        return True

    def reads_once(self, operand: int) -> bool:
        """Whether iterations read each element of an operand at most once; of results each is read once."""
        return operand >= self.input_count or self.maps[operand].is_permutation

    @property
    def _bare_yield(self) -> ir.Value | None:
        """What the one result is, where the body only yields."""
        operations = list(self.body.operations)
        return operations[0].operands[0] if len(operations) == 1 and len(self.inits) == 1 else None


def as_linalg(op: ir.Operation) -> LinalgOp | None:
    """The operation's linalg face, or None where it is another kind of operation."""
    return LinalgOp(op) if op.name == GENERIC else None


def dim_position(expr: ir.AffineExpr) -> int | None:
    """Which loop index an expression is, or None where it is anything more."""
    return expr.position if isinstance(expr, ir.AffineDimExpr) else None


def is_identity(map: ir.AffineMap) -> bool:
    """Whether a map gives the loop indices in order."""
    return map.n_dims == len(map.results) and all(
        dim_position(expr) == position for position, expr in enumerate(map.results)
    )


def static_size(tensor: ir.Value, dim: int) -> int | None:
    """Size of a dimension where the tensor's type states it."""
    type = ir.ShapedType(tensor.type)
    return None if type.is_dynamic_dim(dim) else type.get_dim_size(dim)
