"""Finds out which sizes of a dispatch the host has to pass to its kernel.

Many dimensions are the same size: operands of an elementwise operation are as large as its result, both
factors of a matrix product agree. Of sizes that agree, one is passed, and stands for all.
"""

from __future__ import annotations

from gossamer.compiler.codegen.loop_builder import LoopBuilder
from gossamer.compiler.kernel_interface import ConstantSource, KnownSize
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.extended_op import DIALECT, ExtendedOp
from gossamer.compiler.tensor.index_builder import Index
from gossamer.compiler.tensor.linalg_op import LinalgOp, as_linalg, dim_position
from gossamer.compiler.tensor.shapes import Shapes
from gossamer.compiler.tensor.tensor_op import is_tensor, shape_of

_CAST = "tensor.cast"
_SCAN = f"{DIALECT}.scan"


def find_known_sizes(function: ir.Operation) -> dict[ConstantSource, KnownSize]:
    """What each dynamic dimension of a dispatch's operands and results is for its kernel.

    Args:
        function: of the dispatch; not changed.
    Returns: for each dimension, the number it is or the one constant that stands for all that equal it.
    """
    *_, terminator = (view.operation for view in function.regions[0].blocks[0].operations)
    tensors = [*function.regions[0].blocks[0].arguments, *terminator.operands]
    if not any(is_tensor(tensor) and None in shape_of(tensor) for tensor in tensors):
        return {}
    # Why a copy: operations that compute sizes are appended to it.
    scratch = ir.Module.create(function.location)
    return _SizeAnalysis(function.clone(ir.InsertionPoint(scratch.body)).operation).find()


class _SizeAnalysis:
    """Groups of sizes that agree."""

    def __init__(self, function: ir.Operation) -> None:
        block = function.regions[0].blocks[0]
        self._operations = [view.operation for view in block.operations]
        self._results = list(self._operations[-1].operands)
        dynamic_count = sum(shape_of(result).count(None) for result in self._results)
        operand_count = len(block.arguments) - dynamic_count
        self._operands = list(block.arguments)[:operand_count]
        self._result_dims = list(block.arguments)[operand_count:]
        self._build = LoopBuilder(ir.InsertionPoint(self._operations[-1]), function.location)
        self._shapes = Shapes(self._build, self._operand_dim)
        self._sources: dict[ir.Value, ConstantSource] = {}
        self._groups: dict[Index, list[Index]] = {}

    def find(self) -> dict[ConstantSource, KnownSize]:
        """The number or constant that each dynamic dimension is."""
        self._name_sizes()
        self._equate_results()
        for op in self._operations:
            linalg = as_linalg(op)
            if linalg is not None:
                self._equate_loops(linalg)
            elif op.name == _CAST:
                self._equate_all(self._shapes.dims(op.operands[0]), self._shapes.dims(op.result))
            elif op.name == _SCAN:
                self._equate_lines(ExtendedOp(op))
        return {
            source: self._representative(value)
            for value, source in self._sources.items()
            if source.kind != "operand"
        }

    def _name_sizes(self) -> None:
        """Name what the host can pass, what it passes anyway first."""
        for number, argument in enumerate(self._result_dims):
            self._sources[argument] = ConstantSource("result_dim", number)
        for index, operand in enumerate(self._operands):
            if operand.type == self._build.index_type:
                self._sources[operand] = ConstantSource("operand", index)
        for index, operand in enumerate(self._operands):
            if is_tensor(operand):
                for dim, size in enumerate(self._shapes.dims(operand)):
                    if not isinstance(size, int):
                        self._sources[size] = ConstantSource("operand_dim", index, dim)

    def _equate_results(self) -> None:
        passed = iter(self._result_dims)
        for result in self._results:
            for size, static in zip(self._shapes.dims(result), shape_of(result), strict=True):
                if static is None:
                    self._equate(next(passed), size)

    def _equate_loops(self, linalg: LinalgOp) -> None:
        bounds: list[Index | None] = list(linalg.loop_sizes)
        for operand, map in zip(linalg.op.operands, linalg.maps, strict=True):
            if not is_tensor(operand):
                continue
            for size, expr in zip(self._shapes.dims(operand), map.results, strict=True):
                loop = dim_position(expr)
                if loop is not None:
                    bound = bounds[loop]
                    if bound is None:
                        bounds[loop] = size
                    else:
                        self._equate(bound, size)

    def _equate_lines(self, scan: ExtendedOp) -> None:
        """A scan has one total for each of its lines."""
        values, totals = (self._shapes.dims(result) for result in scan.op.results)
        del values[scan.dimension]
        self._equate_all(values, totals)

    def _equate_all(self, sizes: list[Index], others: list[Index]) -> None:
        for one, other in zip(sizes, others, strict=True):
            self._equate(one, other)

    def _equate(self, one: Index, other: Index) -> None:
        joined, added = (self._groups.setdefault(size, [size]) for size in (one, other))
        if joined is not added:
            joined.extend(added)
            self._groups.update(dict.fromkeys(added, joined))

    def _representative(self, size: ir.Value) -> KnownSize:
        group = self._groups.get(size, [size])
        for member in group:
            if isinstance(member, int):
                return member
        return next(source for value, source in self._sources.items() if value in group)

    def _operand_dim(self, tensor: ir.Value, dim: int) -> Index:
        """A value that stands for a dimension of an operand."""

        def make() -> ir.Value:
            return self._build.op(
                "tensor.dim", [tensor, self._build.value(dim)], [self._build.index_type]
            ).result

        return self._build.memo(("dim", tensor, dim), make)
