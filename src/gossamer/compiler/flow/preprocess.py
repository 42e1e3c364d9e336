"""Tensor-level optimisation before dispatches are formed, by upstream passes.

All linalg becomes `linalg.generic`; unit dimensions go; elementwise producers join their consumers, save
where each of their elements would be computed again and again.
"""

from __future__ import annotations

from gossamer.compiler.flow.choices import hide_choices
from gossamer.compiler.flow.extended_ops import add_sort_scratch, adopt_extended_ops
from gossamer.compiler.flow.foreign_ops import replace_foreign_ops
from gossamer.compiler.flow.softmax import expand_softmax
from gossamer.compiler.flow.windows import trim_windows
from gossamer.compiler.mlir import ir, run_own_pass, run_passes
from gossamer.compiler.tensor.linalg_op import GENERIC, LinalgOp, as_linalg, is_identity
from gossamer.compiler.tensor.tensor_op import is_tensor
from gossamer.compiler.walk import find

_PHASE = "flow"
_TO_GENERIC = "convert-elementwise-to-linalg,linalg-generalize-named-ops"
_TIDY = "canonicalize,cse"
_UNIT_DIMS = "linalg-fold-unit-extent-dims,canonicalize,cse"
_SCALARS = "lower-affine,canonicalize,cse"
_FUSE = "linalg-fuse-elementwise-ops,canonicalize,cse"
_BARRIER = "gossamer.fusion_barrier"
_EXPANSION = "tensor.expand_shape"

_CHEAP_PREFIXES = (
    "arith.ext",
    "arith.trunc",
    "arith.index_cast",
    "arith.bitcast",
    "linalg.",
    "arith.constant",
)
_COSTLY_PREFIXES = ("math.", "arith.div", "arith.rem", "scf.", "tensor.")


def preprocess(module: ir.Module) -> None:
    """Optimise a module; private functions are inlined where they are called."""
    run_own_pass(module, "replace-foreign-ops", replace_foreign_ops)
    run_own_pass(module, "adopt-extended-ops", adopt_extended_ops)
    run_own_pass(module, "expand-softmax", expand_softmax)
    initializers = _expose_initializers(module)
    run_passes(module, f"inline,{_TIDY}", phase=_PHASE)
    for op in initializers:
        op.attributes["sym_visibility"] = ir.StringAttr.get("private", module.context)
    run_own_pass(module, "hide-choices", hide_choices)
    run_passes(module, f"{_TO_GENERIC},{_TIDY}", phase=_PHASE)
    run_own_pass(module, "trim-windows", trim_windows)
    run_passes(module, _UNIT_DIMS, phase=_PHASE)
    run_own_pass(module, "insert-fusion-barriers", _insert_barriers)
    run_passes(module, _FUSE, phase=_PHASE)
    run_own_pass(module, "remove-fusion-barriers", _remove_barriers)
    run_passes(module, f"{_UNIT_DIMS},{_SCALARS}", phase=_PHASE)
    run_own_pass(module, "drop-mere-checks", _drop_mere_checks)
    run_own_pass(module, "add-sort-scratch", add_sort_scratch)


def _expose_initializers(module: ir.Module) -> list[ir.Operation]:
    """Make initialisers public: the inliner drops private functions that nothing calls."""
    initializers = [
        op.operation for op in module.body.operations if "gossamer.initializer" in op.operation.attributes
    ]
    for op in initializers:
        op.attributes["sym_visibility"] = ir.StringAttr.get("public", module.context)
    return initializers


def _drop_mere_checks(module: ir.Module) -> None:
    """Drop loops that nothing reads a result of: canonicalisation leaves them for the assertions within."""
    for op in find(module.operation, GENERIC):
        if not len(op.results):
            op.erase()


def _insert_barriers(module: ir.Module) -> None:
    for op in find(module.operation, GENERIC):
        linalg = LinalgOp(op)
        for position, operand in enumerate(linalg.inputs):
            if _recomputes(linalg, position) and _is_worth_keeping(operand, linalg):
                _insert_barrier(op, position)
    for op in find(module.operation, _EXPANSION):
        if _is_contraction(op.operands[0]):
            _insert_barrier(op, 0)


def _insert_barrier(op: ir.Operation, position: int) -> None:
    operand = op.operands[position]
    barrier = ir.Operation.create(
        _BARRIER, [operand.type], [operand], loc=op.location, ip=ir.InsertionPoint(op)
    )
    op.operands[position] = barrier.result


def _is_contraction(value: ir.Value) -> bool:
    """Whether a value is a sum of products, or follows one element by element.

    Why: what multiplies matrices by long rows would go along the short ones that a reshape behind it makes.
    """
    followed = [value]
    for value in followed:
        linalg = None if isinstance(value.owner, ir.Block) else as_linalg(value.owner.operation)
        if linalg is None:
            continue
        if not linalg.is_elementwise and sum(is_tensor(operand) for operand in linalg.inputs) > 1:
            return True
        if linalg.is_elementwise:
            inputs = zip(linalg.inputs, linalg.maps, strict=False)
            followed += [
                each for each, map in inputs if is_tensor(each) and is_identity(map) and each not in followed
            ]
    return False


def _remove_barriers(module: ir.Module) -> None:
    for barrier in find(module.operation, _BARRIER):
        barrier.result.replace_all_uses_with(barrier.operands[0])
        barrier.erase()


def _recomputes(linalg: LinalgOp, position: int) -> bool:
    """Whether the loops visit elements of an operand more than once."""
    return not linalg.maps[position].is_permutation


def _is_worth_keeping(operand: ir.Value, consumer: LinalgOp) -> bool:
    """Whether computing an operand's elements again costs more than keeping them in memory."""
    owner = operand.owner
    producer = None if isinstance(owner, ir.Block) else as_linalg(owner.operation)
    if producer is None:
        return False
    names = [op.operation.name for op in producer.body.operations]
    if consumer.is_elementwise:
        return any(name.startswith(_COSTLY_PREFIXES) for name in names)
    return not all(name.startswith(_CHEAP_PREFIXES) for name in names)
