"""Batches of matrices as expressions.

Operators append StableHLO operations at the present insertion point; sizes of one expand as NumPy's do, and a
loop's body is a Python function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gossamer.compiler.input.stablehlo.builder import compare, stablehlo
from gossamer.compiler.mlir import ir

Shape = tuple[int, int, int]


class Matrix:
    """A tensor of static shape [batch, rows, columns].

    Attributes:
        value: the tensor.
    """

    def __init__(self, value: ir.Value) -> None:
        self.value = value

    @property
    def shape(self) -> Shape:
        """Batch, rows, columns."""
        batch, rows, columns = ir.RankedTensorType(self.value.type).shape
        return batch, rows, columns

    @property
    def element(self) -> ir.Type:
        """Type of the elements."""
        return ir.RankedTensorType(self.value.type).element_type

    def __add__(self, other: Matrix | float) -> Matrix:
        return self._binary("add", other)

    def __sub__(self, other: Matrix | float) -> Matrix:
        return self._binary("subtract", other)

    def __mul__(self, other: Matrix | float) -> Matrix:
        return self._binary("multiply", other)

    def __truediv__(self, other: Matrix | float) -> Matrix:
        return self._binary("divide", other)

    def __mod__(self, other: Matrix | float) -> Matrix:
        return self._binary("remainder", other)

    def __and__(self, other: Matrix) -> Matrix:
        return self._binary("and", other)

    def compared(self, direction: str, other: Matrix | float) -> Matrix:
        """Truth values; the direction is one of `compare`."""
        left, right = _alike(self, self._operand(other))
        return Matrix(compare(direction, left.value, right.value))

    def where(self, mask: Matrix, other: Matrix | float) -> Matrix:
        """These elements where a mask is true, else others."""
        left, right, mask = _alike(self, self._operand(other), mask)
        return Matrix(stablehlo("select", [mask.value, left.value, right.value], left.value.type))

    def unary(self, name: str) -> Matrix:
        """An operation on each element, such as "sqrt"."""
        return Matrix(stablehlo(name, [self.value], self.value.type))

    def transposed(self) -> Matrix:
        """Rows as columns."""
        batch, rows, columns = self.shape
        permutation: dict[str, ir.Attribute] = {"permutation": ir.DenseI64ArrayAttr.get([0, 2, 1])}
        return Matrix(
            stablehlo("transpose", [self.value], _type((batch, columns, rows), self.element), permutation)
        )

    def reduced(self, name: str, dimension: int, initial: float) -> Matrix:
        """Elements combined along a dimension, which stays with size one.

        Args:
            name: the operation that combines two of them, such as "add".
            dimension: 1 combines rows, 2 columns.
            initial: what combining starts with.
        """
        sizes = list(self.shape)
        sizes[dimension] = 1
        batch, rows, columns = sizes
        kept = [size for index, size in enumerate(self.shape) if index != dimension]
        scalar = ir.RankedTensorType.get([], self.element)
        reduce = ir.Operation.create(
            "stablehlo.reduce",
            results=[ir.RankedTensorType.get(kept, self.element)],
            operands=[self.value, _splat(initial, scalar)],
            attributes={"dimensions": ir.DenseI64ArrayAttr.get([dimension])},
            regions=1,
        )
        location = ir.Location.unknown()
        body = ir.Block.create_at_start(reduce.regions[0], [scalar, scalar], [location, location])
        with ir.InsertionPoint(body):
            ir.Operation.create("stablehlo.return", operands=[stablehlo(name, list(body.arguments), scalar)])
        return Matrix(stablehlo("reshape", [reduce.result], _type((batch, rows, columns), self.element)))

    def sum(self, dimension: int) -> Matrix:
        """The sum along a dimension, which stays with size one."""
        return self.reduced("add", dimension, 0)

    def dot(self, other: Matrix) -> Matrix:
        """The product of matrices."""
        batch, rows, _ = self.shape
        numbers = ir.Attribute.parse(
            "#stablehlo.dot<lhs_batching_dimensions = [0], rhs_batching_dimensions = [0],"
            " lhs_contracting_dimensions = [2], rhs_contracting_dimensions = [1]>"
        )
        type = _type((batch, rows, other.shape[2]), self.element)
        attributes = {"dot_dimension_numbers": numbers}
        return Matrix(stablehlo("dot_general", [self.value, other.value], type, attributes))

    def spread(self, shape: Shape) -> Matrix:
        """Sizes of one expanded."""
        if shape == self.shape:
            return self
        dimensions: dict[str, ir.Attribute] = {"broadcast_dimensions": ir.DenseI64ArrayAttr.get([0, 1, 2])}
        return Matrix(stablehlo("broadcast_in_dim", [self.value], _type(shape, self.element), dimensions))

    def _binary(self, name: str, other: Matrix | float) -> Matrix:
        left, right = _alike(self, self._operand(other))
        return Matrix(stablehlo(name, [left.value, right.value], left.value.type))

    def _operand(self, other: Matrix | float) -> Matrix:
        return other if isinstance(other, Matrix) else filled(other, (1, 1, 1), self.element)


def filled(number: float, shape: Shape, element: ir.Type) -> Matrix:
    """Matrices of one number."""
    return Matrix(_splat(number, _type(shape, element)))


def numbered(shape: Shape, dimension: int) -> Matrix:
    """The index of each element along a dimension, as i32."""
    attributes: dict[str, ir.Attribute] = {
        "iota_dimension": ir.IntegerAttr.get(ir.IntegerType.get_signless(64), dimension)
    }
    return Matrix(stablehlo("iota", [], _type(shape, ir.IntegerType.get_signless(32)), attributes))


def looped(
    count: int, state: Sequence[Matrix], body: Callable[[Matrix, list[Matrix]], Sequence[Matrix]]
) -> list[Matrix]:
    """What matrices are after a body has run on them some times.

    Args:
        count: how many times.
        state: what they are at first.
        body: given the number of the step, one i32, and the matrices; returns new ones.
    """
    index, i32 = ir.IndexType.get(), ir.IntegerType.get_signless(32)
    bounds = [
        ir.Operation.create(
            "arith.constant", results=[index], attributes={"value": ir.IntegerAttr.get(index, bound)}
        ).result
        for bound in (0, count, 1)
    ]
    types = [matrix.value.type for matrix in state]
    operands = [*bounds, *(matrix.value for matrix in state)]
    loop = ir.Operation.create("scf.for", results=types, operands=operands, regions=1)
    location = ir.Location.unknown()
    block = ir.Block.create_at_start(loop.regions[0], [index, *types], [location] * (1 + len(types)))
    with ir.InsertionPoint(block):
        number, *carried = block.arguments
        narrow = ir.Operation.create("arith.index_cast", results=[i32], operands=[number]).result
        step = ir.Operation.create(
            "tensor.from_elements", results=[_type((1, 1, 1), i32)], operands=[narrow]
        ).result
        results = body(Matrix(step), [Matrix(value) for value in carried])
        ir.Operation.create("scf.yield", operands=[matrix.value for matrix in results])
    return [Matrix(value) for value in loop.results]


def _alike(*matrices: Matrix) -> tuple[Matrix, ...]:
    batch, rows, columns = (max(sizes) for sizes in zip(*(matrix.shape for matrix in matrices), strict=True))
    return tuple(matrix.spread((batch, rows, columns)) for matrix in matrices)


def _splat(number: float, type: ir.RankedTensorType) -> ir.Value:
    element = type.element_type
    is_float = isinstance(element, (ir.F32Type, ir.F64Type))
    attribute = ir.FloatAttr.get(element, number) if is_float else ir.IntegerAttr.get(element, int(number))
    return stablehlo("constant", [], type, {"value": ir.DenseElementsAttr.get_splat(type, attribute)})


def _type(shape: Shape, element: ir.Type) -> ir.RankedTensorType:
    return ir.RankedTensorType.get(list(shape), element)
