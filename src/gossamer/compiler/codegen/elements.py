"""Computes one element of any tensor of a dispatch.

To ask for an element of a tensor is to ask its operation, which asks for the elements it needs; what comes
of it is scalar code without intermediate tensors. Fusion is that and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gossamer.compiler.codegen.element_rules import ELEMENT_RULES
from gossamer.compiler.codegen.iteration import Indices
from gossamer.compiler.codegen.kernel_function import KernelFunction
from gossamer.compiler.codegen.reduction import reduce
from gossamer.compiler.codegen.region_copy import RegionCopy
from gossamer.compiler.codegen.unsupported import unsupported
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.index_builder import Index
from gossamer.compiler.tensor.linalg_op import LinalgOp, dim_position
from gossamer.compiler.tensor.tensor_op import is_tensor


class Elements:
    """Appends scalar code to a kernel.

    Attributes:
        kernel: where the code goes.
        stored: elements to load instead of computing them, for operations whose results are in memory.
        captured: what scalars that regions take from around them became, where they are no longer in place.
    """

    def __init__(self, kernel: KernelFunction) -> None:
        self.kernel = kernel
        self.build = kernel.build
        self.stored: dict[ir.Value, Callable[[Indices], ir.Value]] = {}
        self.captured: dict[ir.Value, ir.Value] = {}

    def load_scalars(self) -> None:
        """Replace what the dispatch reads from tensors outside of its tensor operations by loads."""
        end = self.build.at
        for view in list(self.kernel.root.block.operations):
            op = view.operation
            if op.name == "tensor.extract":
                tensor, *indices = op.operands
                self.build.at = ir.InsertionPoint(op)
                op.result.replace_all_uses_with(self.element(tensor, tuple(indices)))
                op.erase()
        self.build.at = end
        self.build.forget()

    def element(self, tensor: ir.Value, indices: Indices, sizes: Sequence[Index | None] = ()) -> ir.Value:
        """The element of a tensor at some indices.

        Args:
            tensor: an operand of the dispatch or a result of one of its operations.
            indices: one for each dimension.
            sizes: sizes of the tensor's dimensions that the caller knows already.
        """
        return self.build.memo(("element", tensor, indices), lambda: self._compute(tensor, indices, sizes))

    def generic(self, linalg: LinalgOp, loops: dict[int, Index]) -> list[ir.Value]:
        """All results of a linalg operation for given parallel loop indices."""
        key = ("generic", linalg.op, tuple(sorted(loops.items())))
        return self.build.memo(key, lambda: reduce(self, linalg, loops))

    def loop_bounds(self, linalg: LinalgOp) -> list[Index]:
        """Trip count of each loop of a linalg operation."""
        return self.build.memo(("bounds", linalg.op), lambda: self._loop_bounds(linalg))

    def body(self, linalg: LinalgOp, loops: dict[int, Index], accumulators: list[ir.Value]) -> list[ir.Value]:
        """Results of one iteration of a linalg operation.

        Args:
            linalg: the operation.
            loops: index of each loop.
            accumulators: elements of the results so far; where empty, the initial values.
        """
        bounds = self.loop_bounds(linalg)
        values: dict[ir.Value, ir.Value] = {}
        for position, operand in enumerate(linalg.op.operands):
            argument = linalg.body.arguments[position]
            if accumulators and position >= linalg.input_count:
                values[argument] = accumulators[position - linalg.input_count]
            elif any(True for _ in argument.uses):
                values[argument] = self.operand(linalg, position, operand, loops, bounds)
        results = RegionCopy(self, values, [loops[loop] for loop in range(linalg.loop_count)]).copy(
            linalg.body
        )
        if accumulators and not self.kernel.keeps_order:
            self._round_once(results)
        return results

    def _round_once(self, sums: list[ir.Value]) -> None:
        """Let targets round a product and the sum it is added to once, where the processor does that."""
        contract = ir.Attribute.parse("#arith.fastmath<contract>", self.build.location.context)
        for value in sums:
            if not isinstance(value, ir.OpResult) or value.owner.name != "arith.addf":
                continue
            total = value.owner.operation
            for operand in total.operands:
                if isinstance(operand, ir.OpResult) and operand.owner.name == "arith.mulf":
                    operand.owner.operation.attributes["fastmath"] = contract
                    total.attributes["fastmath"] = contract

    def operand(
        self, linalg: LinalgOp, position: int, operand: ir.Value, loops: dict[int, Index], bounds: list[Index]
    ) -> ir.Value:
        """The element of an operand that an iteration reads.

        Args:
            linalg: the operation.
            position: which operand.
            operand: the operand itself; a scalar is its own element.
            loops: index of each loop that the operand's map mentions.
            bounds: trip count of each loop.
        """
        if not is_tensor(operand):
            return operand
        map = linalg.maps[position]
        indices = tuple(self.evaluate(expr, loops) for expr in map.results)
        found = [dim_position(expr) for expr in map.results]
        return self.element(operand, indices, [None if loop is None else bounds[loop] for loop in found])

    def initial(self, linalg: LinalgOp, loops: dict[int, Index]) -> list[ir.Value]:
        """The initial values of the results' elements for given parallel loop indices."""
        bounds = self.loop_bounds(linalg)
        inits = enumerate(linalg.inits, linalg.input_count)
        return [self.operand(linalg, position, init, loops, bounds) for position, init in inits]

    def evaluate(self, expr: ir.AffineExpr, loops: dict[int, Index]) -> Index:
        """The value of an affine expression of loop indices."""
        if isinstance(expr, ir.AffineDimExpr):
            return loops[expr.position]
        if isinstance(expr, ir.AffineConstantExpr):
            return expr.value
        assert isinstance(expr, ir.AffineBinaryExpr)
        lhs, rhs = self.evaluate(expr.lhs, loops), self.evaluate(expr.rhs, loops)
        if isinstance(expr, ir.AffineAddExpr):
            return self.build.add(lhs, rhs)
        if isinstance(expr, ir.AffineMulExpr):
            return self.build.mul(lhs, rhs)
        if isinstance(expr, ir.AffineModExpr):
            return self.build.rem(lhs, rhs)
        if isinstance(expr, ir.AffineFloorDivExpr):
            return self.build.floor_div(lhs, rhs)
        return self.build.ceil_div(lhs, rhs)

    def linear(self, indices: Indices, dims: Sequence[Index]) -> Index:
        """Position of an element in a dense row-major tensor."""
        build = self.build
        position: Index = 0
        stride: Index = 1
        for index, dim in zip(reversed(indices), reversed(dims), strict=True):
            position = build.add(build.mul(index, stride), position)
            stride = build.mul(stride, dim)
        return position

    def store(self, result: int, indices: Indices, value: ir.Value) -> None:
        """Store an element of a result of the dispatch.

        Args:
            result: which result.
            indices: one for each of its dimensions.
            value: of its element type.
        """
        offset = self.linear(indices, self.kernel.result_dims(result))
        self.build.store(value, self.kernel.outputs[result], offset)

    def _compute(self, tensor: ir.Value, indices: Indices, sizes: Sequence[Index | None]) -> ir.Value:
        if tensor in self.stored:
            return self.stored[tensor](indices)
        if tensor in self.kernel.inputs:
            return self.build.load(self.kernel.inputs[tensor], self._offset(tensor, indices, sizes))
        assert isinstance(tensor, ir.OpResult)
        rule = ELEMENT_RULES.get(tensor.owner.name)
        if rule is None:
            raise unsupported(tensor.owner.operation, f"'{tensor.owner.name}' has no lowering to a kernel")
        return rule(self, tensor, indices)

    def _offset(self, tensor: ir.Value, indices: Indices, sizes: Sequence[Index | None]) -> Index:
        known = list(sizes) or [None] * len(indices)
        if any(size is None for size in known[1:]):
            dims = self.kernel.shapes.dims(tensor)
            known = [dims[dim] if size is None else size for dim, size in enumerate(known)]
        return self.linear(indices, [1 if size is None else size for size in known])

    def _loop_bounds(self, linalg: LinalgOp) -> list[Index]:
        bounds: list[Index | None] = list(linalg.loop_sizes)
        operands = list(enumerate(linalg.op.operands))
        # Initial values come first: they tell the sizes of results, which the host passes anyway.
        for position, operand in operands[linalg.input_count :] + operands[: linalg.input_count]:
            loops = [dim_position(expr) for expr in linalg.maps[position].results]
            if not any(loop is not None and bounds[loop] is None for loop in loops):
                continue
            for loop, dim in zip(loops, self.kernel.shapes.dims(operand), strict=True):
                if loop is not None and bounds[loop] is None:
                    bounds[loop] = dim
        decided = [bound for bound in bounds if bound is not None]
        if len(decided) < len(bounds):
            raise unsupported(linalg.op, "no operand of 'linalg.generic' tells how far a loop goes")
        return decided
