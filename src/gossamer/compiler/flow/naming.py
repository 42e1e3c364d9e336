"""Names of entry points: what a dispatch mostly does, over which loops, on which types.

Profilers and dumps show them, so they are spelled as IREE spells them.
Spec: `iree/compiler/Dialect/Flow/Transforms/AnnotateDispatches.cpp` of IREE 3.13.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.linalg_op import LinalgOp, as_linalg, dim_position, is_identity
from gossamer.compiler.tensor.operations import operation_of
from gossamer.compiler.tensor.tensor_op import element_type, shape_of

_DYNAMIC_SIZE_GUESS = 1024
_REDUCTION_COST = 2
_NO_WORD = re.compile(r"\W")

_NAMED_CONTRACTIONS = {
    "(d0, d1, d2) -> (d0, d2);(d0, d1, d2) -> (d2, d1);(d0, d1, d2) -> (d0, d1)": "matmul",
    "(d0, d1, d2, d3) -> (d0, d1, d3);(d0, d1, d2, d3) -> (d0, d3, d2);"
    "(d0, d1, d2, d3) -> (d0, d1, d2)": "batch_matmul",
}


def summarize(function: ir.Operation) -> str:
    """A few words on the costliest operation of a dispatch function, "slow_memcpy" where nothing computes."""
    return _NO_WORD.sub("_", _summary(function))


def _summary(function: ir.Operation) -> str:
    best: LinalgOp | None = None
    for op in function.regions[0].blocks[0].operations:
        linalg = as_linalg(op.operation)
        if linalg is not None and (best is None or _cost(linalg) >= _cost(best)):
            best = linalg
        row = operation_of(op)
        if row is not None and row.label:
            return f"{row.label}_{_sizes([*shape_of(op.results[0]), element_type(op.results[0])])}"
    if best is None:
        return "slow_memcpy"
    kind = _kind(best)
    # The reference transposes in the order of the input.
    sizes = _sizes(shape_of(best.inputs[0]) if kind == "transpose" and best.inputs else best.loop_sizes)
    return "_".join([kind, *([sizes, _types(best)] if sizes else [])])


def _sizes(sizes: Iterable[object]) -> str:
    return "x".join("D" if size is None else str(size) for size in sizes)


def _cost(linalg: LinalgOp) -> int:
    cost = 1 if linalg.is_elementwise else _REDUCTION_COST
    for size in linalg.loop_sizes:
        cost *= _DYNAMIC_SIZE_GUESS if size is None else size
    return cost


def _types(linalg: LinalgOp) -> str:
    names = [
        str(operand.type.element_type if isinstance(operand.type, ir.ShapedType) else operand.type)
        for operand in linalg.op.operands
    ]
    return names[0] if len(set(names)) == 1 else "x".join(names)


def _kind(linalg: LinalgOp) -> str:
    if _body_is_empty(linalg) and all(map.is_permutation for map in linalg.maps):
        return "transpose"
    return _elementwise_kind(linalg) or _contraction_kind(linalg) or _reduction_kind(linalg)


def _body_is_empty(linalg: LinalgOp) -> bool:
    return len(list(linalg.body.operations)) == 1


def _elementwise_kind(linalg: LinalgOp) -> str:
    inputs = linalg.maps[: linalg.input_count]
    if not all(map.is_projected_permutation for map in inputs):
        return ""
    identities = sum(is_identity(map) for map in inputs)
    permutations = sum(map.is_permutation for map in inputs)
    has_identity_root = 0 < identities == permutations
    identity_results = all(is_identity(map) for map in linalg.init_maps)
    if not all(map.is_permutation for map in linalg.init_maps):
        return ""
    if identity_results and has_identity_root:
        return "elementwise"
    if (has_identity_root and not identity_results) or permutations > identities:
        return "elementwise_transpose"
    return "" if permutations else "elementwise_broadcast"


def _contraction_kind(linalg: LinalgOp) -> str:
    if not _is_contraction(linalg):
        return ""
    signature = ";".join(str(map).removeprefix("AffineMap(") for map in linalg.maps)
    if signature in _NAMED_CONTRACTIONS:
        return _NAMED_CONTRACTIONS[signature]
    lhs, rhs = ({dim_position(expr) for expr in map.results} for map in linalg.maps[:2])
    batch = lhs & rhs - set(linalg.reduction_loops)
    for loops in (lhs, rhs):
        own = loops - batch - set(linalg.reduction_loops)
        if all(loop is not None and linalg.loop_sizes[loop] == 1 for loop in own):
            return "matvec_like"
    return "matmul_like" if len(linalg.parallel_loops) >= 2 else "contract"


def _is_contraction(linalg: LinalgOp) -> bool:
    """Two inputs, multiplied and added up."""
    if linalg.input_count != 2 or len(linalg.inits) != 1 or not linalg.reduction_loops:
        return False
    if not all(map.is_projected_permutation for map in linalg.maps):
        return False
    *_, product, total, last = ["", "", *(op.operation.name for op in linalg.body.operations)]
    return last == "linalg.yield" and (product, total) in (
        ("arith.mulf", "arith.addf"),
        ("arith.muli", "arith.addi"),
        ("arith.andi", "arith.ori"),
    )


def _reduction_kind(linalg: LinalgOp) -> str:
    if linalg.is_elementwise:
        return "generic"
    windowed = linalg.input_count == 2 and any(
        isinstance(expr, ir.AffineAddExpr) for expr in linalg.maps[0].results
    )
    return "conv" if windowed else "reduction"
