"""StableHLO's sort and scatter, in terms of the operations of IREE's `iree_linalg_ext`.

Their regions work on tensors of rank zero. They spend the passes that lower those as functions of their own:
the library does not expect its operations inside of unknown ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from gossamer.compiler.input.stablehlo.builder import dims_of, index_vector_dim_of, signed
from gossamer.compiler.mlir import ir
from gossamer.compiler.walk import find, walk

_SORT = "iree_linalg_ext.sort"
_SCATTER = "iree_linalg_ext.scatter"
_YIELD = "iree_linalg_ext.yield"
_BODY = "gossamer.body"
_CAPTURES = "gossamer.captures"


def move_bodies_back(module: ir.Module) -> None:
    """Give the operations their regions back."""
    functions = {
        ir.StringAttr(view.operation.attributes["sym_name"]).value: view.operation
        for view in module.body.operations
        if _BODY in view.operation.attributes
    }
    for op in find(module.operation, _SORT, _SCATTER):
        if _BODY not in op.attributes:
            continue
        function = functions[ir.FlatSymbolRefAttr(op.attributes[_BODY]).value]
        _move_block(function, op, _YIELD)
        function.erase()
        _release_captures(op)


def lower_sort(op: ir.Operation) -> Sequence[ir.Value]:
    """Sort along a dimension; called inside an insertion point and a location, as `lower_scatter` is."""
    rank = ir.RankedTensorType(op.results[0].type).rank
    dimension = ir.IntegerAttr(op.attributes["dimension"]).value if "dimension" in op.attributes else -1
    attributes: dict[str, ir.Attribute] = {"dimension": _i64(dimension % max(rank, 1))}
    sort = _with_body(op, _SORT, list(op.operands), attributes)
    return list(sort.results)


def lower_scatter(op: ir.Operation) -> Sequence[ir.Value] | None:
    """Scatter into one tensor: each update element goes to a position of its own.

    Returns: None where several tensors are scattered into at once.
    """
    if len(op.results) != 1:
        return None
    operand, indices, updates = op.operands
    indices = signed(indices)
    rank = ir.RankedTensorType(operand.type).rank
    positions = _positions(_Numbers.of(op), operand, indices, updates)
    _swap_arguments(op.regions[0].blocks[0], op.location)
    attributes: dict[str, ir.Attribute] = {
        "dimension_map": ir.DenseI64ArrayAttr.get(list(range(rank))),
        "operandSegmentSizes": ir.DenseI32ArrayAttr.get([2, 1]),
    }
    scatter = _with_body(op, _SCATTER, [updates, positions, operand], attributes)
    return list(scatter.results)


def _swap_arguments(body: ir.Block, location: ir.Location) -> None:
    # Spec: StableHLO gives the computation the old element first, `iree_linalg_ext` the update.
    old, new = body.arguments
    for argument in (new, old):
        argument.replace_all_uses_with(body.add_argument(argument.type, location))
    body.erase_argument(1)
    body.erase_argument(0)


@dataclass(frozen=True, slots=True)
class _Numbers:
    """`#stablehlo.scatter`: which dimensions of the three tensors correspond."""

    update_window_dims: list[int]
    inserted_window_dims: list[int]
    input_batching_dims: list[int]
    scatter_indices_batching_dims: list[int]
    scatter_dims_to_operand_dims: list[int]
    index_vector_dim: int

    @staticmethod
    def of(op: ir.Operation) -> _Numbers:
        """Read the attribute."""
        dims = partial(dims_of, op, "scatter_dimension_numbers")
        return _Numbers(
            dims("update_window_dims"),
            dims("inserted_window_dims"),
            dims("input_batching_dims"),
            dims("scatter_indices_batching_dims"),
            dims("scatter_dims_to_operand_dims"),
            index_vector_dim_of(op, "scatter_dimension_numbers"),
        )


def _positions(numbers: _Numbers, operand: ir.Value, indices: ir.Value, updates: ir.Value) -> ir.Value:
    """For each update element, its position in the operand: one component more than the updates' rank.

    Spec: StableHLO, scatter: the position is the sum of the start, batching and window indices.
    """
    index = ir.IndexType.get()
    update_type, rank = ir.RankedTensorType(updates.type), ir.RankedTensorType(operand.type).rank
    dims = [
        _create("tensor.dim", [updates, _index(dim)], [index])
        for dim in range(update_type.rank)
        if update_type.is_dynamic_dim(dim)
    ]
    type = ir.RankedTensorType.get([*update_type.shape, rank], index)
    generate = ir.Operation.create("tensor.generate", [type], dims, regions=1)
    body = ir.Block.create_at_start(generate.regions[0], [index] * (update_type.rank + 1))
    with ir.InsertionPoint(body):
        *where, component = body.arguments
        chosen = _index(0)
        for dim, position in enumerate(_components(numbers, rank, indices, list(where))):
            equal = {"predicate": _i64(0)}
            here = _create("arith.cmpi", [component, _index(dim)], [ir.IntegerType.get_signless(1)], equal)
            chosen = _create("arith.select", [here, position, chosen], [index])
        ir.Operation.create("tensor.yield", [], [chosen])
    return generate.result


def _components(numbers: _Numbers, rank: int, indices: ir.Value, where: list[ir.Value]) -> list[ir.Value]:
    window = [where[dim] for dim in numbers.update_window_dims]
    scatter = [index for dim, index in enumerate(where) if dim not in numbers.update_window_dims]
    without_window = {*numbers.inserted_window_dims, *numbers.input_batching_dims}
    windowed = [dim for dim in range(rank) if dim not in without_window]
    components = [_index(0)] * rank
    for dim, index in zip(windowed, window, strict=True):
        components[dim] = index
    for dim, batching in zip(numbers.input_batching_dims, numbers.scatter_indices_batching_dims, strict=True):
        components[dim] = scatter[batching - (batching > numbers.index_vector_dim)]
    for number, dim in enumerate(numbers.scatter_dims_to_operand_dims):
        start = _start(numbers, indices, scatter, number)
        components[dim] = _create("arith.addi", [components[dim], start], [start.type])
    return components


def _start(numbers: _Numbers, indices: ir.Value, scatter: list[ir.Value], component: int) -> ir.Value:
    type = ir.RankedTensorType(indices.type)
    where = list(scatter)
    if numbers.index_vector_dim < type.rank:
        where.insert(numbers.index_vector_dim, _index(component))
    element = _create("tensor.extract", [indices, *where], [type.element_type])
    return _create("arith.index_cast", [element], [ir.IndexType.get()])


def _with_body(
    op: ir.Operation, name: str, operands: list[ir.Value], attributes: dict[str, ir.Attribute]
) -> ir.Operation:
    # Why two regions: MLIR takes an unknown operation of exactly one for a symbol table.
    types = [result.type for result in op.results]
    captures = _captures(op)
    attributes[_CAPTURES] = _i64(len(captures))
    lowered = ir.Operation.create(name, types, [*operands, *captures], attributes, regions=2)
    body = op.regions[0].blocks[0]
    _, *inside = walk(op)
    for capture in captures:
        argument = body.add_argument(capture.type, op.location)
        for inner in inside:
            for index, operand in enumerate(inner.operands):
                if operand == capture:
                    inner.operands[index] = argument
    function = _make_function(op)
    lowered.attributes[_BODY] = ir.FlatSymbolRefAttr.get(ir.StringAttr(function.attributes["sym_name"]).value)
    _move_block(op, function, "func.return")
    return lowered


def _captures(op: ir.Operation) -> list[ir.Value]:
    """Values from outside that the region of an operation uses, in order of first use."""
    _, *inside = walk(op)
    blocks = [block for inner in (op, *inside) for region in inner.regions for block in region.blocks]
    known = [value for inner in inside for value in inner.results]
    known += [argument for block in blocks for argument in block.arguments]
    captures: list[ir.Value] = []
    for inner in inside:
        for operand in inner.operands:
            if operand not in known and operand not in captures:
                captures.append(operand)
    return captures


def _release_captures(op: ir.Operation) -> None:
    """Use captured values in the region again, in place of the arguments and operands that stood for them."""
    count = ir.IntegerAttr(op.attributes[_CAPTURES]).value
    proper = len(op.operands) - count
    body = op.regions[0].blocks[0]
    for operand in reversed(list(op.operands)[proper:]):
        last = len(body.arguments) - 1
        body.arguments[last].replace_all_uses_with(operand)
        body.erase_argument(last)
    attributes = {name: op.attributes[name] for name in op.attributes if name not in (_BODY, _CAPTURES)}
    released = ir.Operation.create(
        op.name,
        [result.type for result in op.results],
        list(op.operands)[:proper],
        attributes,
        regions=len(op.regions),
        loc=op.location,
        ip=ir.InsertionPoint(op),
    )
    body.append_to(released.regions[0])
    for old, new in zip(op.results, released.results, strict=True):
        old.replace_all_uses_with(new)
    op.erase()


def _make_function(op: ir.Operation) -> ir.Operation:
    module = op
    while module.parent is not None:
        module = module.parent.operation
    top = module.regions[0].blocks[0]
    block = op.regions[0].blocks[0]
    *_, terminator = (view.operation for view in block.operations)
    inputs = [argument.type for argument in block.arguments]
    results = [operand.type for operand in terminator.operands]
    attributes: dict[str, ir.Attribute] = {
        "sym_name": ir.StringAttr.get(f"gossamer.body_{len(list(top.operations))}"),
        "sym_visibility": ir.StringAttr.get("private"),
        "function_type": ir.TypeAttr.get(ir.FunctionType.get(inputs, results)),
        _BODY: ir.UnitAttr.get(),
    }
    return ir.Operation.create(
        "func.func", [], [], attributes, regions=1, ip=ir.InsertionPoint.at_block_begin(top)
    )


def _move_block(source: ir.Operation, target: ir.Operation, terminator: str) -> None:
    block = source.regions[0].blocks[0]
    block.append_to(target.regions[0])
    *_, old = (view.operation for view in block.operations)
    with ir.InsertionPoint(old), old.location:
        ir.Operation.create(terminator, [], list(old.operands))
    old.erase()


def _create(
    name: str,
    operands: Sequence[ir.Value],
    types: Sequence[ir.Type],
    attributes: dict[str, ir.Attribute] | None = None,
) -> ir.Value:
    return ir.Operation.create(name, list(types), list(operands), attributes).result


def _index(number: int) -> ir.Value:
    index = ir.IndexType.get()
    return _create("arith.constant", [], [index], {"value": ir.IntegerAttr.get(index, number)})


def _i64(number: int) -> ir.Attribute:
    return ir.IntegerAttr.get(ir.IntegerType.get_signless(64), number)
