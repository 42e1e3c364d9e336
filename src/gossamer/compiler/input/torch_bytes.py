"""Torch's integers of 8 bits as integers of 16, where programs compute with them.

Lowering to linalg drops the sign of types, takes bytes above 127 for negative numbers, and fails on many
operations of either kind. Sixteen bits hold all their numbers, and meet other types as they do: with
each other they make int16, with floats the float. What an operation gives is wrapped to 8 bits. Functions
keep their types.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.generic_builder import append_empty, append_generic
from gossamer.compiler.tensor.index_builder import Index, IndexBuilder
from gossamer.compiler.tensor.tensor_op import shape_of
from gossamer.compiler.walk import find, walk

_EXTENSIONS = {",ui8>": "arith.extui", ",si8>": "arith.extsi"}
_WIDE = ",si16>"
_NARROW_CODES, _WIDE_CODE = (0, 1), 2
"""Numbers of the types uint8, int8 and int16 in PyTorch."""

_METADATA = "torch.aten._assert_tensor_metadata"
"""Says what exporters knew, by types that are no longer there."""

_BOUNDARY = frozenset(
    {
        "func.call",
        "func.return",
        "torch.vtensor.literal",
        "torch_c.from_builtin_tensor",
        "torch_c.to_builtin_tensor",
    }
)
_DTYPE_OPERANDS = {
    "torch.aten._to_copy": 1,
    "torch.aten.arange": 1,
    "torch.aten.arange.start": 2,
    "torch.aten.arange.start_step": 3,
    "torch.aten.cumsum": 2,
    "torch.aten.empty.memory_format": 1,
    "torch.aten.empty_like": 1,
    "torch.aten.full": 2,
    "torch.aten.full_like": 2,
    "torch.aten.new_empty": 2,
    "torch.aten.new_full": 3,
    "torch.aten.new_ones": 2,
    "torch.aten.new_zeros": 2,
    "torch.aten.ones": 1,
    "torch.aten.ones_like": 1,
    "torch.aten.prod": 1,
    "torch.aten.prod.dim_int": 3,
    "torch.aten.sum": 1,
    "torch.aten.sum.dim_IntList": 3,
    "torch.aten.to.dtype": 1,
    "torch.aten.zeros": 1,
    "torch.aten.zeros_like": 1,
    "torch.prims.convert_element_type": 1,
}
"""Which operand of an operation is the number of its result's type."""


def widen_bytes(module: ir.Module) -> None:
    """Rewrite the operations on bytes in place; before Torch's own passes."""
    for function in find(module.operation, "func.func"):
        _Widening(function).run()


class _Widening:
    def __init__(self, function: ir.Operation) -> None:
        self._function = function
        self._i8, self._i16 = (ir.IntegerType.get_signless(width) for width in (8, 16))

    def run(self) -> None:
        blocks = [block for region in self._function.regions for block in region.blocks]
        # Why types now: operands change theirs before their users are seen.
        operations = [(op, [operand.type for operand in op.operands]) for op in walk(self._function)][1:]
        for block in blocks:
            for argument in block.arguments:
                if _is_narrow(argument.type):
                    self._widen(argument, ir.InsertionPoint.at_block_begin(block))
        for op, types in operations:
            if op.name == _METADATA:
                op.erase()
            elif op.name in _BOUNDARY:
                self._convert_at_boundary(op, types)
            else:
                self._convert(op)

    def _convert(self, op: ir.Operation) -> None:
        narrow = {result: result.type for result in op.results if _is_narrow(result.type)}
        for result, type in narrow.items():
            result.set_type(_wider(type))
        position = _DTYPE_OPERANDS.get(op.name)
        if narrow and position is not None and _integer(op.operands[position]) in _NARROW_CODES:
            code = _create(_before(op), "torch.constant.int", [], _torch_int(), value=_i64(_WIDE_CODE))
            op.operands[position] = code
        for result, type in narrow.items():
            if str(type).startswith("!torch.vtensor"):
                self._wrap(result, type, op)

    def _wrap(self, result: ir.Value, type: ir.Type, op: ir.Operation) -> None:
        at = _after(op)
        numbers = _create(at, "torch_c.to_builtin_tensor", [result], _builtin(type, self._i16))
        wrapped = self._extended(_cast(at, "arith.trunci", numbers, self._i8), type, at)
        result.replace_all_uses_except(wrapped, _owner(numbers))

    def _extended(self, narrow: ir.Value, type: ir.Type, at: ir.InsertionPoint) -> ir.Value:
        numbers = _cast(at, _extension(type), narrow, self._i16)
        return _create(at, "torch_c.from_builtin_tensor", [numbers], _wider(type))

    def _convert_at_boundary(self, op: ir.Operation, types: Sequence[ir.Type]) -> None:
        if op.name == "func.return":
            types = ir.FunctionType(ir.TypeAttr(self._function.attributes["function_type"]).value).results
        for position, (operand, wanted) in enumerate(zip(op.operands, types, strict=True)):
            if _is_narrow(wanted) and not _is_narrow(operand.type):
                op.operands[position] = self._narrowed(operand, wanted, _before(op))
        for result in op.results:
            if _is_narrow(result.type):
                self._widen(result, _after(op))

    def _widen(self, value: ir.Value, at: ir.InsertionPoint) -> None:
        type = value.type
        narrow = _create(at, "torch_c.to_builtin_tensor", [value], _builtin(type, self._i8))
        value.replace_all_uses_except(self._extended(narrow, type, at), _owner(narrow))

    def _narrowed(self, value: ir.Value, type: ir.Type, at: ir.InsertionPoint) -> ir.Value:
        numbers = _create(at, "torch_c.to_builtin_tensor", [value], _builtin(type, self._i16))
        narrow = _cast(at, "arith.trunci", numbers, self._i8)
        return _create(at, "torch_c.from_builtin_tensor", [narrow], type)


def _is_narrow(type: ir.Type) -> bool:
    text = str(type)
    return text.startswith("!torch") and any(narrow in text for narrow in _EXTENSIONS)


def _extension(type: ir.Type) -> str:
    return next(extension for narrow, extension in _EXTENSIONS.items() if narrow in str(type))


def _wider(type: ir.Type) -> ir.Type:
    text = str(type)
    for narrow in _EXTENSIONS:
        text = text.replace(narrow, _WIDE)
    return ir.Type.parse(text)


def _builtin(type: ir.Type, element: ir.Type) -> ir.Type:
    """`!torch.vtensor<[2,?],ui8>` as a tensor of an element type."""
    sizes = str(type).partition("[")[2].partition("]")[0].replace(",", "x")
    return ir.Type.parse(f"tensor<{sizes}{'x' if sizes else ''}{element}>")


def _cast(at: ir.InsertionPoint, name: str, tensor: ir.Value, element: ir.Type) -> ir.Value:
    """Convert elements by a `linalg.generic`: Torch's passes let no arithmetic on whole tensors through."""
    build = IndexBuilder(at, ir.Location.unknown())
    sizes: list[Index] = []
    for dim, size in enumerate(shape_of(tensor)):
        known = size is not None
        sizes.append(
            size if known else _create(at, "tensor.dim", [tensor, build.value(dim)], build.index_type)
        )
    loops = ir.AffineMap.get_identity(len(sizes))
    init = append_empty(build, sizes, element)
    return append_generic(
        build,
        [tensor],
        init,
        [loops, loops],
        lambda inner, values: inner.op(name, values[:1], [element]).result,
    )


def _torch_int() -> ir.Type:
    return ir.Type.parse("!torch.int")


def _i64(value: int) -> ir.Attribute:
    return ir.IntegerAttr.get(ir.IntegerType.get_signless(64), value)


def _integer(value: ir.Value) -> int | None:
    owner = value.owner
    if isinstance(owner, ir.Block) or owner.name != "torch.constant.int":
        return None
    return ir.IntegerAttr(owner.attributes["value"]).value


def _before(op: ir.Operation) -> ir.InsertionPoint:
    return ir.InsertionPoint(op)


def _after(op: ir.Operation) -> ir.InsertionPoint:
    return ir.InsertionPoint.after(op)


def _create(
    at: ir.InsertionPoint, name: str, operands: Sequence[ir.Value], type: ir.Type, **attributes: ir.Attribute
) -> ir.Value:
    return ir.Operation.create(
        name, [type], list(operands), attributes, loc=ir.Location.unknown(), ip=at
    ).result


def _owner(value: ir.Value) -> ir.Operation:
    owner = value.owner
    assert not isinstance(owner, ir.Block)
    return owner.operation
