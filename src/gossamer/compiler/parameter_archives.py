"""Weights that move between a program and archives of parameters while it is compiled.

                               before                                   after
    import   @w = parameter "model"::"w"                 @w = dense_resource<w>
    export   @w = dense_resource<w>                      @w = parameter "model"::"w"
             %c = arith.constant dense_resource<fc.b>    @fc.b = parameter "model"::"fc.b", %c = load @fc.b

Bytes are shared with the archive's mapping or the model's tensors on the way in and out. IREE exports globals
alone (`Modules/IO/Parameters/Transforms`); here the constants of functions count, too, for that is where
frontends leave weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gossamer.abi.mlir_element_type import element_bits
from gossamer.compiler.constant_bytes import dense_bytes, splat_pattern
from gossamer.compiler.mlir import ir
from gossamer.compiler.resources import Resources, inline_small, is_resource, key_of
from gossamer.compiler.walk import find, replace_operation
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError, StatusError
from gossamer.format.parameters.index import ParameterIndex

_PARAMETER = "gossamer.parameter"
_IMMUTABLE = "gossamer.immutable"
_SMALLEST_CONSTANT = 256
"""Bytes from which on a constant of a function is a weight: passes look into smaller ones."""


@dataclass(frozen=True, slots=True)
class ScopedPath:
    """Value of a flag: `scope=path`, or a path alone for the scope without a name."""

    scope: str
    path: str

    @classmethod
    def parse(cls, text: str) -> ScopedPath:
        """Split at the first "="."""
        scope, separator, path = text.partition("=")
        return cls(scope, path) if separator else cls("", text)


def import_parameters(
    module: ir.Module, resources: Resources, archives: Sequence[str], keys: Sequence[str], maximum_size: int
) -> None:
    """Give globals that are parameters the values that archives have for them.

    Args:
        module: in normal form.
        resources: get the bytes.
        archives: paths, with their scope: `model=weights.irpa`.
        keys: of what is imported, whatever its scope.
        maximum_size: bytes up to which parameters are imported by themselves.
    Raises: CompileError at an archive that cannot be read, or a parameter of another size than its global.
    """
    indices = _load(archives)
    stored = {str(store.attributes["global"]) for store in find(module.operation, "ml_program.global_store")}
    for op in find(module.operation, "ml_program.global"):
        if _PARAMETER not in op.attributes:
            continue
        scope, key = (ir.StringAttr(name).value for name in ir.ArrayAttr(op.attributes[_PARAMETER]))
        type = ir.RankedTensorType(ir.TypeAttr(op.attributes["type"]).value)
        if (
            scope not in indices
            or key not in indices[scope]
            or (element_bits(str(type.element_type)) or 0) < 8
        ):
            continue
        contents = indices[scope][key].contents()
        if key not in keys and not 0 < len(contents) <= maximum_size:
            continue
        if len(contents) != _byte_count(type):
            message = f"parameter '{key}' has {len(contents)} bytes, and {type} takes {_byte_count(type)}"
            raise CompileError([Diagnostic(message)])
        attributes = {name: op.attributes[name] for name in op.attributes if name != _PARAMETER}
        attributes["value"] = resources.create(key, type, contents)
        symbol = f"@{ir.StringAttr(op.attributes['sym_name']).value}"
        if _IMMUTABLE in attributes and symbol not in stored:
            del attributes["is_mutable"], attributes[_IMMUTABLE]
        replace_operation(op, op.name, attributes)
    inline_small(module, resources)


def export_parameters(
    module: ir.Module, resources: Resources, scope: str, minimum_size: int
) -> ParameterIndex:
    """Have a program load its weights from parameters.

    Args:
        module: in normal form.
        resources: bytes that its attributes name.
        scope: of the parameters.
        minimum_size: bytes from which on a value is exported.
    Returns: the parameters, by the names of globals and of the constants' resources; splats as such.
    """
    exported = _Export(module, resources, scope)
    for op in find(module.operation, "ml_program.global"):
        if "value" in op.attributes and isinstance(op.attributes["value"].type, ir.RankedTensorType):
            exported.take_global(op, minimum_size)
    for op in find(module.operation, "arith.constant"):
        if isinstance(op.result.type, ir.RankedTensorType):
            exported.take_constant(op, max(minimum_size, _SMALLEST_CONSTANT))
    return exported.parameters


class _Export:
    """The parameters of one program while they are found."""

    def __init__(self, module: ir.Module, resources: Resources, scope: str) -> None:
        self.parameters = ParameterIndex()
        self._module = module
        self._resources = resources
        self._scope = scope
        self._globals: dict[str, str] = {}
        self._names = {
            ir.StringAttr(op.operation.attributes["sym_name"]).value
            for op in module.body.operations
            if "sym_name" in op.operation.attributes
        }

    def take_global(self, op: ir.Operation, minimum_size: int) -> None:
        """Export the initial value of a global."""
        value = op.attributes["value"]
        if _byte_count(ir.RankedTensorType(value.type)) < minimum_size:
            return
        name = ir.StringAttr(op.attributes["sym_name"]).value
        is_mutable = "is_mutable" in op.attributes and _IMMUTABLE not in op.attributes
        self._add(name, value, op, keeps_splat=not is_mutable)
        attributes = {key: op.attributes[key] for key in op.attributes if key != "value"}
        replace_operation(op, op.name, attributes | self._loaded(name, is_mutable=is_mutable))

    def take_constant(self, op: ir.Operation, minimum_size: int) -> None:
        """Export a constant of a function, unless one number says all of it."""
        value, type = op.attributes["value"], ir.RankedTensorType(op.result.type)
        if splat_pattern(value, str(type.element_type)) or _byte_count(type) < minimum_size:
            return
        text = str(value)
        name = self._globals.get(text)
        if name is None:
            key = key_of(value) if is_resource(value) else self._resources.literal_names.get(text, "constant")
            name = self._globals[text] = self._unique(key)
            self._add(name, value, op, keeps_splat=True)
            with ir.InsertionPoint.at_block_begin(self._module.body), op.location:
                attributes: dict[str, ir.Attribute] = {
                    "sym_name": ir.StringAttr.get(name),
                    "type": ir.TypeAttr.get(type),
                    "sym_visibility": ir.StringAttr.get("private"),
                }
                ir.Operation.create(
                    "ml_program.global", attributes=attributes | self._loaded(name, is_mutable=False)
                )
        replace_operation(op, "ml_program.global_load", {"global": ir.FlatSymbolRefAttr.get(name)})

    def _add(self, name: str, value: ir.Attribute, op: ir.Operation, *, keeps_splat: bool) -> None:
        type = ir.RankedTensorType(value.type)
        element = str(type.element_type)
        pattern = splat_pattern(value, element) if keeps_splat else None
        if pattern is not None:
            self.parameters.add_splat(name, pattern, _byte_count(type))
            return
        count = 1
        for extent in type.shape:
            count *= extent
        self.parameters.add_buffer(name, dense_bytes(value, element, count, op, self._resources))

    def _loaded(self, name: str, *, is_mutable: bool) -> dict[str, ir.Attribute]:
        """Attributes of a global that is loaded."""
        names = ir.ArrayAttr.get([ir.StringAttr.get(self._scope), ir.StringAttr.get(name)])
        attributes: dict[str, ir.Attribute] = {_PARAMETER: names, "is_mutable": ir.UnitAttr.get()}
        return attributes if is_mutable else attributes | {_IMMUTABLE: ir.UnitAttr.get()}

    def _unique(self, name: str) -> str:
        unique, number = name, 0
        while unique in self._names:
            number += 1
            unique = f"{name}_{number}"
        self._names.add(unique)
        return unique


def _load(archives: Sequence[str]) -> dict[str, ParameterIndex]:
    indices: dict[str, ParameterIndex] = {}
    for text in archives:
        archive = ScopedPath.parse(text)
        try:
            indices.setdefault(archive.scope, ParameterIndex()).load(archive.path)
        except StatusError as error:
            message = f"parameters cannot be read from '{archive.path}': {error.message}"
            raise CompileError([Diagnostic(message)]) from None
    return indices


def _byte_count(type: ir.RankedTensorType) -> int:
    bits = element_bits(str(type.element_type)) or 0
    for extent in type.shape:
        bits *= extent
    return -(-bits // 8)
