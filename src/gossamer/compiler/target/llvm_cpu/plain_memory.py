"""Memory as LLVM likes it: arguments that become plain pointers, booleans that are bytes of 0 or 1.

Why static sizes: the pass that makes functions of pointers leaves memory of unknown size as descriptors.
Nothing reads the size. Why bytes: to LLVM an i1 in memory is a bit whose byte it may pack or leave undefined,
and that it cannot load as vectors.
"""

from __future__ import annotations

from gossamer.compiler.mlir import ir
from gossamer.compiler.walk import find

_SIZE = 1 << 40


def make_memory_plain(module: ir.Module) -> None:
    """Change the memory of a module of one function that only loads and stores elements."""
    (view,) = module.body.operations
    function = view.operation
    block = function.regions[0].blocks[0]
    byte = ir.IntegerType.get_signless(8, module.context)
    for argument in block.arguments:
        type_ = argument.type
        if isinstance(type_, ir.MemRefType):
            element = byte if _is_bool(type_.element_type) else type_.element_type
            argument.set_type(ir.MemRefType.get([_SIZE], element, loc=function.location))
    types = [argument.type for argument in block.arguments]
    with module.context:
        function.attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get(types, []))
    for op in find(module.operation, "memref.load"):
        if _is_bool(op.result.type):
            _replace_load(op, byte)
    for op in find(module.operation, "memref.store"):
        if _is_bool(op.operands[0].type):
            with ir.InsertionPoint(op), op.location:
                widened = ir.Operation.create("arith.extui", [byte], [op.operands[0]])
            op.operands[0] = widened.result


def _replace_load(op: ir.Operation, byte: ir.Type) -> None:
    with ir.InsertionPoint(op), op.location:
        loaded = ir.Operation.create("memref.load", [byte], list(op.operands))
        narrowed = ir.Operation.create("arith.trunci", [op.result.type], [loaded.result])
    op.result.replace_all_uses_with(narrowed.result)
    op.erase()


def _is_bool(type_: ir.Type) -> bool:
    return isinstance(type_, ir.IntegerType) and type_.width == 1
