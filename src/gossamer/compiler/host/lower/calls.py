"""Lowers calls of functions of other modules and of this one."""

from __future__ import annotations

from gossamer.abi import hal_functions as hal
from gossamer.abi.check_functions import CHECK
from gossamer.abi.ref_types import BUFFER_VIEW
from gossamer.abi.value_type import RefType, ScalarType, TensorType, ValueType, convention_character
from gossamer.compiler.host.lower.context import LoweringContext, type_of_name
from gossamer.compiler.host.program.steps import CallCheck, CallFunction, CallImport, FindImport, TraceViews
from gossamer.compiler.mlir import ir as mlir_ir
from gossamer.compiler.signatures import Signature
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.conversion.integers import sign_extend, wrap
from gossamer.compiler.vm.conversion.ref_names import vm_ref_name
from gossamer.compiler.vm.conversion.types import scalar_of

_SIGNED_WIDTHS = (8, 16)
_DEFAULT_TOLERANCES = (1e-4, 0.0)


def make_import(signature: Signature) -> ir.Import:
    """The VM import of a function of another module.

    It says what it expects of the function, so that linking can compare.
    """
    return ir.Import(
        signature.name,
        signature.calling_convention,
        signature.minimum_version,
        signature.is_optional,
        result_ref_types=tuple(_ref_type(result.type) for result in signature.results),
        attrs=signature.attrs,
    )


def _ref_type(type: ValueType) -> str:
    if isinstance(type, TensorType):
        return BUFFER_VIEW
    return vm_ref_name(type.name) if isinstance(type, RefType) else ""


def lower_call_import(context: LoweringContext, step: CallImport) -> None:
    """A call of a function of another module."""
    arguments = [
        outgoing_scalar(context, argument, declared.type)
        if isinstance(argument, mlir_ir.Value)
        else context.value(argument)
        for argument, declared in zip(step.arguments, step.callee.arguments, strict=True)
    ]
    if step.signal is not None:
        arguments += [context.wait_fence(step.wait), context.signal_fence(step.signal)]
    results = context.builder.call_import(make_import(step.callee), *arguments)
    for result, value in zip(step.results, results, strict=True):
        context.define(
            result, incoming_scalar(context, result, value) if isinstance(result, mlir_ir.Value) else value
        )


def lower_find_import(context: LoweringContext, step: FindImport) -> None:
    """Whether an optional import was found."""
    imported = make_import(step.callee)
    context.module.imports.setdefault(imported.full_name, imported)
    context.define(step.result, context.builder.op("import.resolved", symbol=imported.full_name))


def outgoing_scalar(context: LoweringContext, value: mlir_ir.Value, type: ValueType) -> ir.Value:
    """A scalar as other modules expect it: i8 and i16 sign-extended unless they are declared unsigned.

    Args:
        type: may be an integer in another register than the value's, see `signatures.import_attributes`.
    """
    scalar = scalar_of(value.type)
    lowered = _in_register(context, context.value(value), _register(type))
    is_unsigned = isinstance(type, ScalarType) and type.is_unsigned
    if scalar is None or scalar.is_float or is_unsigned or scalar.width not in _SIGNED_WIDTHS:
        return lowered
    return sign_extend(context.builder, scalar, lowered)


def _register(type: ValueType) -> ir.Type | None:
    """Register of a number."""
    return type_of_name(convention_character(type)) if isinstance(type, ScalarType) else None


def incoming_scalar(context: LoweringContext, value: mlir_ir.Value, lowered: ir.Value) -> ir.Value:
    """A scalar that another module gave, whatever it left in the bits above its width."""
    scalar = scalar_of(value.type)
    if scalar is None:
        return lowered
    return wrap(context.builder, scalar, _in_register(context, lowered, scalar.register))


def _in_register(context: LoweringContext, value: ir.Value, register: ir.Type | None) -> ir.Value:
    """An integer in a register of a width."""
    if register == ir.I64 and value.type == ir.I32:
        return context.builder.op("ext.i32.i64.s", value)
    if register == ir.I32 and value.type == ir.I64:
        return context.builder.op("trunc.i64.i32", value)
    return value


def lower_call_function(context: LoweringContext, step: CallFunction) -> None:
    """A call of a function of this module, which may wait for device work."""
    arguments = [context.passed(argument) for argument in step.arguments]
    results = context.call_function(step.callee, arguments)
    for result, value in zip(step.results, results, strict=True):
        context.define(result, value)


def lower_call_check(context: LoweringContext, step: CallCheck) -> None:
    """A call of a function of the `check` module, where that is loaded."""
    builder = context.builder
    function = CHECK.functions[step.name.removeprefix(f"{CHECK.name}.")]
    convention = function.calling_convention
    imported = ir.import_of(function, is_optional=True)
    arguments: list[ir.Value] = [] if convention.startswith("0i") else [context.device()]
    tolerances: list[float] = []
    for argument in step.arguments:
        if isinstance(argument, float | int):
            tolerances.append(argument)
        else:
            arguments.append(context.value(argument))
    if convention.endswith("ff_v"):
        tolerances += _DEFAULT_TOLERANCES[len(tolerances) :]
        arguments += [builder.op("const.f32", immediate=tolerance) for tolerance in tolerances]
    context.module.imports.setdefault(imported.full_name, imported)
    checking, following = context.new_block(), context.new_block()
    builder.cond_br(builder.op("import.resolved", symbol=imported.full_name), checking, [], following, [])
    builder.block = checking
    builder.call_import(imported, *arguments)
    builder.br(following)
    builder.block = following


def lower_trace(context: LoweringContext, step: TraceViews) -> None:
    """A call that prints tensors."""
    views = [context.value(view) for view in step.views]
    context.effect(hal.BUFFER_VIEW_TRACE, context.builder.string(step.key), views)
