"""Complex numbers: in memory a real part and an imaginary part behind it, in kernels two floats.

Upstream passes say what each operation does to the parts. What is left are numbers that go through memory,
from block to block and through choices; here each becomes two.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.mlir import ir, run_passes
from gossamer.compiler.tensor.index_builder import IndexBuilder
from gossamer.compiler.walk import find, walk

# Why blocks: results of loops cannot be exchanged without writing the loops anew, arguments of blocks can.
_TO_PARTS = "canonicalize,cse,convert-scf-to-cf,convert-complex-to-standard"
_FOLD = "canonicalize,cse"


def split_complex(module: ir.Module, phase: str) -> None:
    """Leave no complex number in a kernel; one that has none is not changed.

    Args:
        module: of one function whose arguments are memrefs and other scalars.
        phase: for messages.
    """
    if not _has_complex(module):
        return
    run_passes(module, _TO_PARTS, phase=phase)
    for op in find(module.operation, "memref.load"):
        if _is_complex(op.result):
            _split_load(op)
    for op in find(module.operation, "memref.store"):
        if _is_complex(op.operands[0]):
            _split_store(op)
    for op in find(module.operation, "arith.select"):
        if _is_complex(op.result):
            _split_select(op)
    for op in find(module.operation, "cf.br", "cf.cond_br"):
        if any(_is_complex(operand) for operand in op.operands):
            _split_branch(op)
    (function,) = module.body.operations
    entry, *blocks = function.operation.regions[0].blocks
    for block in blocks:
        _split_arguments(block, function.operation.location)
    _split_memory(entry, function.operation)
    run_passes(module, _FOLD, phase=phase)


def _has_complex(module: ir.Module) -> bool:
    return any(_is_complex(value) for op in walk(module.operation) for value in (*op.operands, *op.results))


def _is_complex(value: ir.Value) -> bool:
    type = value.type
    return isinstance(type.element_type if isinstance(type, ir.MemRefType) else type, ir.ComplexType)


def _before(op: ir.Operation) -> IndexBuilder:
    return IndexBuilder(ir.InsertionPoint(op), op.location)


def _part_type(value: ir.Value) -> ir.Type:
    return ir.ComplexType(value.type).element_type


def _parts(build: IndexBuilder, number: ir.Value) -> list[ir.Value]:
    return [build.op(f"complex.{part}", [number], [_part_type(number)]).result for part in ("re", "im")]


def _join(build: IndexBuilder, parts: Sequence[ir.Value], number: ir.Value) -> None:
    """Let the users of a number take one made of its parts."""
    number.replace_all_uses_with(build.op("complex.create", parts, [number.type]).result)


def _positions(build: IndexBuilder, index: ir.Value) -> list[ir.Value]:
    real = build.mul(index, 2)
    return build.values([real, build.add(real, 1)])


def _split_load(op: ir.Operation) -> None:
    build = _before(op)
    memory, index = op.operands
    type = _part_type(op.result)
    parts = [build.op("memref.load", [memory, at], [type]).result for at in _positions(build, index)]
    _join(build, parts, op.result)
    op.erase()


def _split_store(op: ir.Operation) -> None:
    build = _before(op)
    number, memory, index = op.operands
    for part, at in zip(_parts(build, number), _positions(build, index), strict=True):
        build.op("memref.store", [part, memory, at], [])
    op.erase()


def _split_select(op: ir.Operation) -> None:
    build = _before(op)
    condition, *numbers = op.operands
    choices = zip(*(_parts(build, number) for number in numbers), strict=True)
    type = _part_type(op.result)
    parts = [build.op("arith.select", [condition, *choice], [type]).result for choice in choices]
    _join(build, parts, op.result)
    op.erase()


def _split_branch(op: ir.Operation) -> None:
    build = _before(op)
    operands = list(op.operands)
    attributes = {name: op.attributes[name] for name in op.attributes}
    if op.name == "cf.br":
        forwarded = _split_operands(build, operands)
    else:
        condition, *passed = operands
        count = list(ir.DenseI32ArrayAttr(attributes["operandSegmentSizes"]))[1]
        targets = [_split_operands(build, passed[:count]), _split_operands(build, passed[count:])]
        sizes = [1, *(len(target) for target in targets)]
        attributes["operandSegmentSizes"] = ir.DenseI32ArrayAttr.get(sizes, op.context)
        forwarded = [condition, *targets[0], *targets[1]]
    ir.Operation.create(
        op.name, [], forwarded, attributes, successors=list(op.successors), loc=op.location, ip=build.at
    )
    op.erase()


def _split_operands(build: IndexBuilder, operands: Sequence[ir.Value]) -> list[ir.Value]:
    """Operands as `_split_arguments` has the arguments: parts behind all others."""
    plain = [operand for operand in operands if not _is_complex(operand)]
    return plain + [part for operand in operands if _is_complex(operand) for part in _parts(build, operand)]


def _split_arguments(block: ir.Block, location: ir.Location) -> None:
    build = IndexBuilder(ir.InsertionPoint.at_block_begin(block), location)
    for argument in [argument for argument in block.arguments if _is_complex(argument)]:
        type = _part_type(argument)
        _join(build, [block.add_argument(type, location) for _ in ("re", "im")], argument)
    for number in reversed(range(len(block.arguments))):
        if _is_complex(block.arguments[number]):
            block.erase_argument(number)


def _split_memory(entry: ir.Block, function: ir.Operation) -> None:
    for memory in entry.arguments:
        if _is_complex(memory):
            type = ir.MemRefType(memory.type)
            part = ir.ComplexType(type.element_type).element_type
            memory.set_type(ir.MemRefType.get(type.shape, part, loc=function.location))
    types = [argument.type for argument in entry.arguments]
    function.attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get(types, []))
