"""Collective operations of StableHLO for the one participant that a program here has.

Groups of more stay as they are, and are refused with the other operations that nothing lowers.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.mlir import ir

_GROUPS = "replica_groups"


def lower_collective(op: ir.Operation) -> Sequence[ir.Value] | None:
    """What a group of one reduces, gathers or scatters is its own operand."""
    groups = ir.RankedTensorType(ir.DenseElementsAttr(op.attributes[_GROUPS]).type)
    is_alone = groups.shape[-1] <= 1
    return list(op.operands) if is_alone and _keeps_types(op) else None


def lower_collective_permute(op: ir.Operation) -> Sequence[ir.Value] | None:
    """The operand, where the one participant is its own source."""
    pairs = ir.DenseIntElementsAttr(op.attributes["source_target_pairs"])
    return list(op.operands) if [pairs[index] for index in range(len(pairs))] == [0, 0] else None


def lower_participant_id(op: ir.Operation) -> Sequence[ir.Value]:
    """The one participant has number 0."""
    type = op.results[0].type
    value = ir.Attribute.parse(f"dense<0> : {type}")
    return [ir.Operation.create("stablehlo.constant", results=[type], attributes={"value": value}).result]


def _keeps_types(op: ir.Operation) -> bool:
    return [operand.type for operand in op.operands] == [result.type for result in op.results]
