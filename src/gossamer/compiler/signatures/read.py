"""Reads the signatures of a module's exports and imports, and says what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gossamer.abi.declaration import (
    DECLARATION_ATTR,
    ENCODING_ATTR,
    MODEL_ATTR,
    OUTPUT_ATTR,
    TRANSIENTS_ATTR,
    ExecutionModel,
)
from gossamer.abi.ref_types import BUFFER, BUFFER_VIEW
from gossamer.abi.value_type import RefType, ScalarType, TensorType, ValueType
from gossamer.compiler.mlir import ir, source_location
from gossamer.compiler.signatures.declaration import declare_function, value_name
from gossamer.compiler.signatures.import_attributes import OPTIONAL, minimum_version, passed_type
from gossamer.compiler.signatures.signature import Argument, Result, Signature
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

_REFLECTION = "iree.reflection"
_STUB = "iree.abi.stub"
_BUFFERS = (BUFFER, BUFFER_VIEW)


def read_signatures(
    module: ir.Module, default_model: ExecutionModel = ExecutionModel.SYNC
) -> dict[str, Signature]:
    """Read the signature of each export and import, by symbol name.

    Args:
        module: of the input phase; public functions are exports, private ones without a body are imports.
        default_model: of functions without `iree.abi.model`.
    Raises: CompileError with a diagnostic for each function that cannot be called from outside.
    """
    signatures: dict[str, Signature] = {}
    diagnostics: list[Diagnostic] = []
    for operation in module.body.operations:
        op = operation.operation
        if op.name != "func.func":
            continue
        is_import = not list(op.regions[0].blocks)
        if not is_import and _visibility(op) != "public":
            continue
        try:
            signature = _read_signature(op, is_import, default_model)
        except CompileError as error:
            diagnostics.extend(error.diagnostics)
        else:
            signatures[_symbol_name(op)] = signature
    if diagnostics:
        raise CompileError(diagnostics)
    return signatures


def _read_signature(op: ir.Operation, is_import: bool, default_model: ExecutionModel) -> Signature:
    name = _symbol_name(op)
    if is_import and "." not in name:
        raise _error(
            op,
            f"function '@{name}' is declared without a body and names no module to import it from",
            hint=f"name it '@module.{name}', with the name of the module that exports it, or give it a body",
        )
    model = _model(op, default_model)
    function_type = passed_type(op)
    argument_attrs = _dictionaries(op, "arg_attrs", len(function_type.inputs))
    result_attrs = _dictionaries(op, "res_attrs", len(function_type.results))
    results = tuple(
        Result(value_name("output", index, attrs), _type_outside(type, attrs, op))
        for index, (type, attrs) in enumerate(zip(function_type.results, result_attrs, strict=True))
    )
    arguments = tuple(
        _read_argument(op, index, type, attrs, results)
        for index, (type, attrs) in enumerate(zip(function_type.inputs, argument_attrs, strict=True))
    )
    _check_storages(op, arguments)
    declaration = _given_declaration(op) or str(
        declare_function(name, model, function_type, argument_attrs, result_attrs)
    )
    return Signature(
        name=name,
        is_import=is_import,
        model=model,
        arguments=arguments,
        results=results,
        declaration=declaration,
        has_side_effects="nosideeffects" not in op.attributes,
        is_optional=OPTIONAL in op.attributes,
        minimum_version=minimum_version(op),
        attrs=_reflection(op, model, declaration),
    )


def abi_type(type: ir.Type, op: ir.Operation) -> ValueType:
    """What an MLIR type is at a function's boundary.

    Raises: CompileError at `op` where it cannot cross one.
    """
    if isinstance(type, ir.RankedTensorType):
        shape = tuple(
            None if type.is_dynamic_dim(index) else type.get_dim_size(index) for index in range(type.rank)
        )
        return TensorType(shape, str(type.element_type))
    text = str(type)
    if isinstance(type, ir.UnrankedTensorType):
        raise _error(op, f"{text} has no rank and cannot be passed between functions of modules")
    if text.startswith("!"):
        return RefType(text)
    if isinstance(type, ir.IntegerType | ir.IndexType | ir.FloatType):
        if isinstance(type, ir.IntegerType) and type.width > 64:
            raise _error(op, f"{text} is wider than a register and cannot be passed to a function")
        return ScalarType(text)
    raise _error(op, f"{text} cannot be passed to or from a function of another module")


def _type_outside(type: ir.Type, attrs: ir.DictAttr | None, op: ir.Operation) -> ValueType:
    """Type of an argument or result as callers see it: by its encoding where it has one."""
    inside = abi_type(type, op)
    if attrs is None or ENCODING_ATTR not in attrs or isinstance(inside, RefType):
        return inside
    encoding = attrs[ENCODING_ATTR]
    outside = encoding.value if isinstance(encoding, ir.TypeAttr) else None
    if isinstance(inside, ScalarType):
        return ScalarType(inside.name, isinstance(outside, ir.IntegerType) and outside.is_unsigned)
    found = abi_type(outside, op) if isinstance(outside, ir.RankedTensorType) else None
    if not isinstance(found, TensorType) or found.shape != inside.shape or _bits(outside) != _bits(type):
        raise _error(
            op,
            f"'{ENCODING_ATTR}' of a {inside} is {encoding}, which is stored differently",
            hint="give it the shape of the tensor, and elements of as many bits",
        )
    return found


def _bits(tensor: ir.Type | None) -> int | None:
    """Bits of an element, or None where it is no integer and no float."""
    assert tensor is not None
    element = ir.RankedTensorType(tensor).element_type
    return element.width if isinstance(element, ir.IntegerType | ir.FloatType) else None


def _read_argument(
    op: ir.Operation,
    index: int,
    type: ir.Type,
    attrs: ir.DictAttr | None,
    results: Sequence[Result],
) -> Argument:
    name = value_name("input", index, attrs)
    argument_type = _type_outside(type, attrs, op)
    if attrs is None or OUTPUT_ATTR not in attrs:
        return Argument(name, argument_type, is_transients=_is_transients(op, index, argument_type, attrs))
    output = attrs[OUTPUT_ATTR]
    if not isinstance(output, ir.IntegerAttr):
        raise _error(op, f"'{OUTPUT_ATTR}' of argument {index} is {output}, expected the index of a result")
    result = output.value
    if not 0 <= result < len(results):
        raise _error(
            op,
            f"'{OUTPUT_ATTR}' of argument {index} names result {result}, but the function has "
            f"{len(results)} result{'' if len(results) == 1 else 's'}",
            hint="results count from 0",
        )
    if not _is_storage_for(argument_type, results[result].type):
        raise _error(
            op,
            f"argument {index} of type {argument_type} cannot be the storage of result {result} "
            f"of type {results[result].type}",
            hint="give both the same tensor type, or pass the storage as a !hal.buffer",
        )
    return Argument(name, argument_type, output_of=result)


def _is_transients(op: ir.Operation, index: int, type: ValueType, attrs: ir.DictAttr | None) -> bool:
    if attrs is None or TRANSIENTS_ATTR not in attrs:
        return False
    if not isinstance(type, RefType) or type.name not in _BUFFERS:
        raise _error(
            op,
            f"argument {index} of type {type} cannot be memory for transients",
            hint="pass the memory as a !hal.buffer",
        )
    return True


def _is_storage_for(argument: ValueType, result: ValueType) -> bool:
    if isinstance(argument, RefType):
        return argument.name in _BUFFERS and not isinstance(result, ScalarType)
    if not isinstance(argument, TensorType) or not isinstance(result, TensorType):
        return False
    return (
        argument.element == result.element
        and len(argument.shape) == len(result.shape)
        and all(
            theirs is None or ours is None or theirs == ours
            for theirs, ours in zip(argument.shape, result.shape, strict=True)
        )
    )


def _check_storages(op: ir.Operation, arguments: Sequence[Argument]) -> None:
    taken: dict[int, int] = {}
    for index, argument in enumerate(arguments):
        if argument.output_of is None:
            continue
        if argument.output_of in taken:
            raise _error(
                op,
                f"arguments {taken[argument.output_of]} and {index} are both the storage of "
                f"result {argument.output_of}",
            )
        taken[argument.output_of] = index


def _model(op: ir.Operation, default_model: ExecutionModel) -> ExecutionModel:
    if _STUB in op.attributes:
        # A stub states its fences, if it has any, among its arguments.
        return ExecutionModel.SYNC
    if MODEL_ATTR not in op.attributes:
        return default_model
    text = _string(op.attributes[MODEL_ATTR])
    for model in ExecutionModel:
        if text == model.value:
            return model
    raise _error(
        op,
        f"'{MODEL_ATTR}' is {op.attributes[MODEL_ATTR]}, which is no execution model",
        hint='use "sync" or "coarse-fences"',
    )


def _reflection(op: ir.Operation, model: ExecutionModel, declaration: str) -> Mapping[str, str]:
    attrs: dict[str, str] = {}
    if _REFLECTION in op.attributes:
        for named in ir.DictAttr(op.attributes[_REFLECTION]):
            if isinstance(named.attr, ir.StringAttr):
                attrs[named.name] = named.attr.value
    abi = _string(op.attributes["iree.abi"]) if "iree.abi" in op.attributes else None
    if abi is not None:
        attrs["iree.abi"] = abi
    if model is ExecutionModel.COARSE_FENCES:
        attrs[MODEL_ATTR] = model.value
    if _STUB not in op.attributes:
        attrs[DECLARATION_ATTR] = declaration
    return dict(sorted(attrs.items()))


def _given_declaration(op: ir.Operation) -> str | None:
    return _string(op.attributes[DECLARATION_ATTR]) if DECLARATION_ATTR in op.attributes else None


def _dictionaries(op: ir.Operation, name: str, count: int) -> list[ir.DictAttr | None]:
    if name not in op.attributes:
        return [None] * count
    return [ir.DictAttr(attr) for attr in ir.ArrayAttr(op.attributes[name])]


def _string(attr: ir.Attribute) -> str | None:
    return attr.value if isinstance(attr, ir.StringAttr) else None


def _symbol_name(op: ir.Operation) -> str:
    return ir.StringAttr(op.attributes["sym_name"]).value


def _visibility(op: ir.Operation) -> str:
    if "sym_visibility" not in op.attributes:
        return "public"
    return ir.StringAttr(op.attributes["sym_visibility"]).value


def _error(op: ir.Operation, message: str, hint: str = "") -> CompileError:
    return CompileError([Diagnostic(message, source_location(op.location), hint=hint)])
