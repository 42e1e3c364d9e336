"""What a program says of an import beside its type: attributes of its declaration.

gossamer.optional    it may be missing; `vm.fallback` becomes this, see `input.fallbacks`
vm.version           lowest version of the module that has the function
vm.signature         the registers that arguments and results are passed in
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.abi.value_type import ScalarType, convention_character
from gossamer.compiler.mlir import ir, source_location
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

OPTIONAL = "gossamer.optional"
_LOWEST = "vm.version"
_SIGNATURE = "vm.signature"


def minimum_version(op: ir.Operation) -> int:
    """Lowest version of the module that has an import; 0 where nothing is said.

    Raises: CompileError at something that is no version.
    """
    if _LOWEST not in op.attributes:
        return 0
    version = op.attributes[_LOWEST]
    if not isinstance(version, ir.IntegerAttr) or version.value < 0:
        raise _error(op, f"'{_LOWEST}' is {version}, expected a number", f"write {_LOWEST} = 4 : i32")
    return version.value


def passed_type(op: ir.Operation) -> ir.FunctionType:
    """The type of a function, with the numbers as `vm.signature` has them where that has other registers.

    Raises: CompileError where the signature is none for the function.
    """
    declared = ir.FunctionType(ir.TypeAttr(op.attributes["function_type"]).value)
    if _SIGNATURE not in op.attributes:
        return declared
    attribute = op.attributes[_SIGNATURE]
    given = attribute.value if isinstance(attribute, ir.TypeAttr) else None
    if not isinstance(given, ir.FunctionType):
        raise _error(op, f"'{_SIGNATURE}' is {attribute}, expected a type", "write (i64) -> i64, say")
    # Why arguments may be more: an asynchronous import's fences follow.
    if len(given.inputs) < len(declared.inputs) or len(given.results) != len(declared.results):
        raise _error(
            op,
            f"'{_SIGNATURE}' {given} has other arguments or results than {declared}",
            "give it one for each argument and result, in their order",
        )
    return ir.FunctionType.get(
        _as_passed(op, declared.inputs, given.inputs), _as_passed(op, declared.results, given.results)
    )


def _as_passed(op: ir.Operation, declared: Sequence[ir.Type], given: Sequence[ir.Type]) -> list[ir.Type]:
    types: list[ir.Type] = []
    for inside, outside in zip(declared, given, strict=False):
        if _is_integer(inside) != _is_integer(outside):
            raise _error(
                op,
                f"'{_SIGNATURE}' has {outside} for {inside}, which are passed in different ways",
                "an integer or index can be i32 or i64; other types are passed as they are",
            )
        differs = _is_integer(inside) and _character(inside) != _character(outside)
        types.append(outside if differs else inside)
    return types


def _is_integer(type: ir.Type) -> bool:
    return isinstance(type, ir.IntegerType | ir.IndexType)


def _character(type: ir.Type) -> str:
    return convention_character(ScalarType(str(type)))


def _error(op: ir.Operation, message: str, hint: str) -> CompileError:
    return CompileError([Diagnostic(message, source_location(op.location), hint=hint)])
