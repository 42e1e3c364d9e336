"""StableHLO operations that the library's own passes leave: control flow, and some that are a few steps each.

Regions move as they are: an operation of structured control flow takes over the blocks, and only their
terminators change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gossamer.compiler.input.stablehlo.collectives import (
    lower_collective,
    lower_collective_permute,
    lower_participant_id,
)
from gossamer.compiler.input.stablehlo.dynamic_indexed import lower_dynamic_gather, lower_dynamic_update_slice
from gossamer.compiler.input.stablehlo.dynamic_shapes import (
    lower_dynamic_broadcast,
    lower_dynamic_iota,
    lower_dynamic_pad,
    lower_dynamic_reshape,
    lower_dynamic_reverse,
    lower_real_dynamic_slice,
)
from gossamer.compiler.input.stablehlo.fft import lower_fft
from gossamer.compiler.input.stablehlo.indexed import lower_scatter, lower_sort
from gossamer.compiler.input.stablehlo.linear_algebra.lapack import lower_lapack
from gossamer.compiler.input.stablehlo.normalization import (
    lower_batch_norm_grad,
    lower_batch_norm_inference,
    lower_batch_norm_training,
)
from gossamer.compiler.input.stablehlo.random_numbers import lower_rng, lower_rng_bit_generator
from gossamer.compiler.input.stablehlo.sorting import lower_approximate_top_k
from gossamer.compiler.input.stablehlo.windows import lower_select_and_scatter
from gossamer.compiler.mlir import ir
from gossamer.compiler.walk import find


def lower_stablehlo_remainder(module: ir.Module) -> None:
    """Lower what `stablehlo-legalize-to-linalg` does not know, inner operations first."""
    for op in reversed(find(module.operation, *_LOWERINGS)):
        with ir.InsertionPoint(op), op.location:
            results = _LOWERINGS[op.name](op)
        if results is None:
            continue
        for old, new in zip(op.results, results, strict=True):
            old.replace_all_uses_with(new)
        op.erase()


Results = Sequence[ir.Value] | None
"""Values that take the place of an operation's results; None leaves it as it is."""


def _while(op: ir.Operation) -> Results:
    loop = ir.Operation.create("scf.while", results=_types(op), operands=list(op.operands), regions=2)
    for source, target in zip(op.regions, loop.regions, strict=True):
        source.blocks[0].append_to(target)
    condition = loop.regions[0].blocks[0]
    carried = list(condition.arguments)
    _replace_terminator(condition, lambda values: _create("scf.condition", [_scalar(values[0]), *carried]))
    _replace_terminator(loop.regions[1].blocks[0], _yield)
    return list(loop.results)


def _if(op: ir.Operation) -> Results:
    branch = ir.Operation.create("scf.if", results=_types(op), operands=[_scalar(op.operands[0])], regions=2)
    for source, target in zip(op.regions, branch.regions, strict=True):
        _move_branch(source, target)
    return list(branch.results)


def _case(op: ir.Operation) -> Results:
    index = _create("arith.index_cast", [_scalar(op.operands[0])], [ir.IndexType.get()]).result
    last = len(op.regions) - 1
    switch = ir.Operation.create(
        "scf.index_switch",
        results=_types(op),
        operands=[index],
        attributes={"cases": ir.DenseI64ArrayAttr.get(list(range(last)))},
        regions=last + 1,
    )
    # Spec: an index out of range selects the last branch, which makes it the default one.
    sources = list(op.regions)
    for source, target in zip([sources[last], *sources[:last]], switch.regions, strict=True):
        _move_branch(source, target)
    return list(switch.results)


def _optimization_barrier(op: ir.Operation) -> Results:
    return list(op.operands)


def _get_dimension_size(op: ir.Operation) -> Results:
    dimension = ir.IntegerAttr(op.attributes["dimension"]).value
    index = ir.IndexType.get()
    position = _create("arith.constant", [], [index], {"value": ir.IntegerAttr.get(index, dimension)}).result
    size = _create("tensor.dim", [op.operands[0], position], [index]).result
    type = ir.RankedTensorType(op.results[0].type)
    narrow = _create("arith.index_cast", [size], [type.element_type]).result
    return [_create("tensor.from_elements", [narrow], [type]).result]


def _custom_call(op: ir.Operation) -> Results:
    """Lowers calls that JAX writes; drops `shape_assertion`, as IREE does: exporters check shapes."""
    target = ir.StringAttr(op.attributes["call_target_name"]).value
    if target == "shape_assertion":
        return []
    if target in _ANNOTATIONS:
        return list(op.operands)
    return lower_approximate_top_k(op) if target == "ApproxTopK" else lower_lapack(op, target)


_ANNOTATIONS = frozenset(
    {"Sharding", "SPMDFullToShardShape", "SPMDShardToFullShape", "annotate_device_placement"}
)


_LOWERINGS: dict[str, Callable[[ir.Operation], Results]] = {
    **dict.fromkeys(
        (
            "stablehlo.all_gather",
            "stablehlo.all_reduce",
            "stablehlo.all_to_all",
            "stablehlo.collective_broadcast",
            "stablehlo.reduce_scatter",
        ),
        lower_collective,
    ),
    "stablehlo.batch_norm_grad": lower_batch_norm_grad,
    "stablehlo.batch_norm_inference": lower_batch_norm_inference,
    "stablehlo.batch_norm_training": lower_batch_norm_training,
    "stablehlo.case": _case,
    "stablehlo.collective_permute": lower_collective_permute,
    "stablehlo.custom_call": _custom_call,
    "stablehlo.dynamic_broadcast_in_dim": lower_dynamic_broadcast,
    "stablehlo.dynamic_gather": lower_dynamic_gather,
    "stablehlo.dynamic_iota": lower_dynamic_iota,
    "stablehlo.dynamic_pad": lower_dynamic_pad,
    "stablehlo.dynamic_reshape": lower_dynamic_reshape,
    "stablehlo.dynamic_update_slice": lower_dynamic_update_slice,
    "stablehlo.fft": lower_fft,
    "stablehlo.get_dimension_size": _get_dimension_size,
    "stablehlo.if": _if,
    "stablehlo.optimization_barrier": _optimization_barrier,
    "stablehlo.partition_id": lower_participant_id,
    "stablehlo.replica_id": lower_participant_id,
    "stablehlo.real_dynamic_slice": lower_real_dynamic_slice,
    "stablehlo.reverse": lower_dynamic_reverse,
    "stablehlo.rng": lower_rng,
    "stablehlo.rng_bit_generator": lower_rng_bit_generator,
    "stablehlo.scatter": lower_scatter,
    "stablehlo.select_and_scatter": lower_select_and_scatter,
    "stablehlo.sort": lower_sort,
    "stablehlo.while": _while,
}


def _move_branch(source: ir.Region, target: ir.Region) -> None:
    source.blocks[0].append_to(target)
    _replace_terminator(target.blocks[0], _yield)


def _yield(values: Sequence[ir.Value]) -> None:
    _create("scf.yield", values)


def _replace_terminator(block: ir.Block, create: Callable[[Sequence[ir.Value]], object]) -> None:
    terminator = list(block.operations)[-1].operation
    with ir.InsertionPoint(terminator), terminator.location:
        create(list(terminator.operands))
    terminator.erase()


def _scalar(tensor: ir.Value) -> ir.Value:
    """The one element of a tensor of rank 0."""
    type = ir.RankedTensorType(tensor.type)
    return _create("tensor.extract", [tensor], [type.element_type]).result


def _types(op: ir.Operation) -> list[ir.Type]:
    return [result.type for result in op.results]


def _create(
    name: str,
    operands: Sequence[ir.Value],
    results: Sequence[ir.Type] = (),
    attributes: dict[str, ir.Attribute] | None = None,
) -> ir.Operation:
    return ir.Operation.create(
        name, results=list(results), operands=list(operands), attributes=attributes or {}
    )
