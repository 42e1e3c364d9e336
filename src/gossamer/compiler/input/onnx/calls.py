"""Puts calls of functions on MLIR's own tensors in place of operators."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.mlir import ir

TENSOR = "!torch.vtensor<["
"""How the type of a tensor of torch begins."""
_OPSET = "torch.onnx_meta.opset_version"
"""ONNX's lowering asks it of every function."""


def builtin_type(type: ir.Type) -> ir.RankedTensorType:
    """`!torch.vtensor<[2,?],si64>` as a tensor of MLIR's own."""
    sizes, _, element = str(type).removeprefix(TENSOR).removesuffix(">").partition("]")
    shape = "".join(f"{size}x" for size in sizes.split(",") if size)
    return ir.RankedTensorType(ir.Type.parse(f"tensor<{shape}{element.lstrip(',us')}>"))


def call_function(
    op: ir.Operation,
    module: ir.Module,
    name: str,
    text: str,
    operands: Sequence[ir.Value],
    result_types: Sequence[str],
) -> None:
    """Replace an operation by a call of a new function.

    Args:
        op: erased; its results are tensors of torch.
        module: gets the function.
        name: of the function.
        text: of the function.
        operands: tensors of torch that it is given.
        result_types: of the function; results that the operation has, too, and are used, get its types.
    """
    function = ir.Operation.parse(text)
    function.attributes[_OPSET] = _function_of(op).attributes[_OPSET]
    ir.InsertionPoint.at_block_begin(module.body).insert(function)
    with op.location, ir.InsertionPoint(op):
        arguments = [
            ir.Operation.create("torch_c.to_builtin_tensor", [builtin_type(operand.type)], [operand]).result
            for operand in operands
        ]
        results = ir.Operation.create(
            "func.call",
            [ir.Type.parse(type) for type in result_types],
            arguments,
            {"callee": ir.FlatSymbolRefAttr.get(name)},
        ).results
        for old, new in zip(op.results, results, strict=False):
            if not list(old.uses):
                continue
            wanted = builtin_type(old.type)
            value = new if new.type == wanted else ir.Operation.create("tensor.cast", [wanted], [new]).result
            old.replace_all_uses_with(
                ir.Operation.create("torch_c.from_builtin_tensor", [old.type], [value]).result
            )
    op.erase()


def _function_of(op: ir.Operation) -> ir.Operation:
    """The function that an operation is in."""
    while op.name != "func.func":
        parent = op.parent
        assert parent is not None
        op = parent.operation
    return op
