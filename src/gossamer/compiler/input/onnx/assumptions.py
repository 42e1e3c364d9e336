"""What the frontend assumed of values that only the running program knows: it fails where they differ."""

from __future__ import annotations

from gossamer.compiler.mlir import ir
from gossamer.compiler.walk import find

_ASSUME = "onnx.Assume"


def lower_assumptions(module: ir.Module) -> None:
    """Replace assumptions of a module by assertions."""
    for op in find(module.operation, "torch.operator"):
        if ir.StringAttr(op.attributes["name"]).value != _ASSUME:
            continue
        (condition,) = op.operands
        rank = 0 if "<[]," in str(condition.type) else 1
        name = op.location.name_str if isinstance(op.location, ir.NameLoc) else ""
        with op.location, ir.InsertionPoint(op):
            type = ir.Type.parse("tensor<i1>" if rank == 0 else "tensor<1xi1>")
            tensor = ir.Operation.create("torch_c.to_builtin_tensor", [type], [condition]).result
            index = ir.Operation.create(
                "arith.constant",
                [ir.IndexType.get()],
                attributes={"value": ir.IntegerAttr.get(ir.IndexType.get(), 0)},
            ).result
            i1 = ir.IntegerType.get_signless(1)
            holds = ir.Operation.create("tensor.extract", [i1], [tensor, *[index] * rank]).result
            message = f"the program was compiled for other shapes of its arguments: node '{name}'"
            ir.Operation.create("cf.assert", [], [holds], {"msg": ir.StringAttr.get(message)})
        op.erase()
