"""Changes an element type throughout a program: `--iree-input-demote-f64-to-f32` and its like.

IREE narrows f64 to f32 unless told otherwise, exported signatures included; so does this compiler.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gossamer.compiler.input.globals import PARAMETER
from gossamer.compiler.mlir import ir, source_location
from gossamer.compiler.options import TypeConversion
from gossamer.compiler.resources import Resources, is_resource, key_of
from gossamer.compiler.walk import walk
from gossamer.diagnostics import Diagnostic, Severity
from gossamer.errors import CompileError

_PAIRS = {
    TypeConversion.DEMOTE_I64_TO_I32: ("i64", "i32"),
    TypeConversion.DEMOTE_F32_TO_F16: ("f32", "f16"),
    TypeConversion.DEMOTE_F64_TO_F32: ("f64", "f32"),
    TypeConversion.PROMOTE_F16_TO_F32: ("f16", "f32"),
    TypeConversion.PROMOTE_BF16_TO_F32: ("bf16", "f32"),
}
"""Source and target type, in the order that IREE makes the conversions."""

_CASTS = frozenset(
    {"arith.extf", "arith.extsi", "arith.extui", "arith.truncf", "arith.trunci", "tensor.cast"}
)
_WITH_VALUE = frozenset({"arith.constant", "complex.constant", "ml_program.global"})
_TYPE_ATTRIBUTES = {"func.func": "function_type", "ml_program.global": "type"}
_NUMPY_TYPES = {"f16": "<f2", "f32": "<f4", "f64": "<f8", "i32": "<i4", "i64": "<i8"}
_HEX = re.compile(r'"0x([0-9A-Fa-f]*)"')
_HEX_NUMBER = re.compile(r"\b0x[0-9A-Fa-f]{4}\b")
_BF16 = re.compile(r"(....)")


def convert_types(
    module: ir.Module, conversions: Iterable[TypeConversion], resources: Resources
) -> list[Diagnostic]:
    """Make conversions in place, in IREE's order.

    Returns: a warning for each exported signature that changes.
    Raises: CompileError at an operation that does not allow the new type.
    """
    wanted = set(conversions)
    warnings: list[Diagnostic] = []
    for flag, (source, target) in _PAIRS.items():
        if flag in wanted:
            conversion = _Conversion(source, target, flag, resources)
            conversion.convert(module)
            warnings += conversion.warnings
    return warnings


class _Conversion:
    def __init__(self, source: str, target: str, flag: TypeConversion, resources: Resources) -> None:
        self._resources = resources
        self._source = ir.Type.parse(source)
        self._target = ir.Type.parse(target)
        self._flag = flag
        self._types: dict[ir.Type, ir.Type] = {}
        self._changed = False
        self.warnings: list[Diagnostic] = []

    def convert(self, module: ir.Module) -> None:
        operations = list(walk(module.operation))
        for op in operations:
            self._convert_operation(op)
        if not self._changed:
            return
        for op in operations:
            if op.name in _CASTS and op.operands[0].type == op.results[0].type:
                op.results[0].replace_all_uses_with(op.operands[0])
                op.erase()
        try:
            module.operation.verify()
        except ir.MLIRError as error:
            raise CompileError(
                [
                    Diagnostic(
                        f"{info.message} after --iree-input-{self._flag.value}",
                        source_location(info.location),
                        hint=f"--iree-input-{self._flag.value}=false keeps the type",
                    )
                    for info in error.error_diagnostics
                ]
            ) from None

    def _convert_operation(self, op: ir.Operation) -> None:
        types = [result.type for result in op.results]
        for result in op.results:
            self._convert_value(result)
        for region in op.regions:
            for block in region.blocks:
                for argument in block.arguments:
                    self._convert_value(argument)
        name = op.name
        changed = types != [result.type for result in op.results]
        if name in _TYPE_ATTRIBUTES:
            changed = self._convert_type_attribute(op, _TYPE_ATTRIBUTES[name])
        if changed and name in _WITH_VALUE and "value" in op.attributes:
            op.attributes["value"] = self._attribute(op.attributes["value"], op)

    def _convert_value(self, value: ir.Value) -> None:
        type = self._type(value.type)
        if type != value.type:
            value.set_type(type)
            self._changed = True

    def _convert_type_attribute(self, op: ir.Operation, name: str) -> bool:
        old = ir.TypeAttr(op.attributes[name]).value
        new = self._type(old)
        if new == old:
            return False
        if PARAMETER in op.attributes:
            raise self._parameter_error(op, old, new)
        self._changed = True
        op.attributes[name] = ir.TypeAttr.get(new)
        if op.name == "func.func" and "sym_visibility" not in op.attributes:
            self._warn(op, old, new)
        return True

    def _parameter_error(self, op: ir.Operation, old: ir.Type, new: ir.Type) -> CompileError:
        name = ir.StringAttr(op.attributes["sym_name"]).value
        return CompileError(
            [
                Diagnostic(
                    f"global '@{name}' is loaded from a parameter, which holds a {old}, not a {new}",
                    source_location(op.location),
                    hint=f"--iree-input-{self._flag.value}=false keeps the type",
                )
            ]
        )

    def _warn(self, op: ir.Operation, old: ir.Type, new: ir.Type) -> None:
        name = ir.StringAttr(op.attributes["sym_name"]).value
        self.warnings.append(
            Diagnostic(
                f"exported function '@{name}' changed from {old} to {new}",
                source_location(op.location),
                Severity.WARNING,
                hint=f"--iree-input-{self._flag.value}=false keeps its type",
            )
        )

    def _type(self, type: ir.Type) -> ir.Type:
        converted = self._types.get(type)
        if converted is None:
            converted = self._types[type] = self._new_type(type)
        return converted

    def _new_type(self, type: ir.Type) -> ir.Type:
        if type == self._source:
            return self._target
        if isinstance(type, ir.FunctionType):
            return ir.FunctionType.get(
                [self._type(item) for item in type.inputs], [self._type(item) for item in type.results]
            )
        if isinstance(type, ir.RankedTensorType):
            element = self._type(type.element_type)
            return ir.RankedTensorType.get(type.shape, element, type.encoding)
        if isinstance(type, ir.VectorType):
            return ir.VectorType.get(type.shape, self._type(type.element_type))
        if isinstance(type, ir.ComplexType):
            return ir.ComplexType.get(self._type(type.element_type))
        return type

    def _attribute(self, attribute: ir.Attribute, op: ir.Operation) -> ir.Attribute:
        if isinstance(attribute, ir.ArrayAttr):
            return ir.ArrayAttr.get([self._attribute(part, op) for part in attribute])
        type = self._type(attribute.type)
        if type == attribute.type:
            return attribute
        if isinstance(attribute, ir.FloatAttr):
            return ir.FloatAttr.get(type, attribute.value)
        if isinstance(attribute, ir.IntegerAttr):
            return ir.Attribute.parse(f"{_wrap(attribute.value)} : {type}")
        if isinstance(attribute, ir.DenseElementsAttr):
            if attribute.is_splat:
                return ir.DenseElementsAttr.get_splat(type, self._attribute(attribute.get_splat_value(), op))
            return _convert_elements(attribute, type, str(self._source), str(self._target))
        if is_resource(attribute):
            data = self._resources.data_of(attribute, op)
            converted = _convert_bytes(data, str(self._source), str(self._target))
            return self._resources.create(f"{key_of(attribute)}_{self._target}", type, converted)
        raise CompileError([Diagnostic(f"constants like {str(attribute)[:40]} cannot change to {type}")])


def _convert_elements(
    attribute: ir.DenseElementsAttr, type: ir.Type, source: str, target: str
) -> ir.Attribute:
    if source == "bf16":
        # The bindings give no access to bf16 data. Its text is decimal, or the elements' bits in hexadecimal.
        text = str(attribute).rpartition(" : ")[0]
        bits = _HEX.search(text)
        # A bf16 is the upper half of an f32: numbers that have no decimal form get a lower half of zeros.
        if bits is None:
            wide = _HEX_NUMBER.sub(r"\g<0>0000", text)
            return ir.Attribute.parse(f"{wide} : {type}")
        wide = _BF16.sub(r"0000\1", bits[1])
        return ir.Attribute.parse(f'dense<"0x{wide}"> : {type}')
    converted = _convert_bytes(memoryview(attribute).tobytes(), source, target)
    return ir.Attribute.parse(f'dense<"0x{converted.hex()}"> : {type}')


def _convert_bytes(elements: bytes | memoryview, source: str, target: str) -> bytes:
    # Why: imported here because few programs need it, and loading it takes longer than most compilations.
    import numpy as np

    if source == "bf16":
        # A bf16 is the upper half of an f32.
        return (np.frombuffer(elements, "<u2").astype("<u4") << 16).tobytes()
    data = np.frombuffer(elements, dtype=_NUMPY_TYPES[source])
    if target in ("f16", "f32") and source != "f16":
        # As IREE does: numbers out of the new type's range become its largest.
        limit = np.finfo(_NUMPY_TYPES[target]).max.astype(_NUMPY_TYPES[source])
        data = np.where(np.isinf(data), data, np.clip(data, -limit, limit))
    return data.astype(_NUMPY_TYPES[target]).tobytes()


def _wrap(value: int) -> int:
    """The low 32 bits, as a signed number."""
    return (value + (1 << 31)) % (1 << 32) - (1 << 31)
