"""The util dialect: globals, calls, and values the optimiser must not see through.

`util.func`, `util.initializer` and `util.return` are rewritten in place, see `functions`.
"""

from __future__ import annotations

from gossamer.compiler.frontend.mlir.syntax.adjustments import same_type, typed
from gossamer.compiler.frontend.mlir.syntax.assembly_format import OperationFormat, format_table
from gossamer.compiler.frontend.mlir.syntax.cursor import Piece
from gossamer.compiler.frontend.mlir.syntax.generic_form import type_of_attribute
from gossamer.compiler.frontend.mlir.syntax.operation import OperationText


def _global_type(operation: OperationText) -> None:
    """A global written `= 4 : i32` has its value's type."""
    if "type" not in operation.attributes:
        value = operation.attributes["initial_value"]
        operation.attributes["type"] = Piece(type_of_attribute(value), value.offset)


def _call(operation: OperationText) -> None:
    """`func.call` has neither dimensions of its operands nor tied results."""
    operation.tied_results.clear()
    for group in ("operands_dims", "results_dims"):
        operation.operands.pop(group, None)


_VISIBILITY = "( $sym_visibility:keyword=public|private|nested )?"
_IMMUTABLE = "( $is_immutable:unit=immutable )?"

FORMATS = format_table(
    OperationFormat(
        "util.global",
        f"{_VISIBILITY} ( $is_mutable:unit=mutable )? $sym_name:symbol_name attr-dict "
        "[ '=' $initial_value:attr | ':' $type:type ( '=' $initial_value:attr )? ]",
        adjust=_global_type,
    ),
    OperationFormat("util.global.load", f"{_IMMUTABLE} $global:symbol attr-dict ':' type(result) => result"),
    OperationFormat("util.global.store", "%value ',' $global:symbol attr-dict ':' type(value)"),
    OperationFormat(
        "util.global.address", f"{_IMMUTABLE} $global:symbol attr-dict ':' type(result) => result"
    ),
    OperationFormat(
        "util.global.load.indirect",
        f"{_IMMUTABLE} %address attr-dict ':' type(address) '->' type(result) => result",
    ),
    OperationFormat(
        "util.global.store.indirect", "%value ',' %address attr-dict ':' type(value) '->' type(address)"
    ),
    OperationFormat(
        "util.call",
        "$callee:symbol '(' %operands* ')' attr-dict ':' functional(operands, results) => results",
        generic_name="func.call",
        adjust=_call,
    ),
    OperationFormat("util.unfoldable_constant", "attr-dict $value:attr => typeof:value"),
    OperationFormat("util.optimization_barrier", "attr-dict ( %operands* ':' types(operands) )? => operands"),
    OperationFormat("util.unreachable", "( $message:string )? attr-dict"),
    OperationFormat(
        "util.scf.unreachable", "( $message:string )? attr-dict ( ':' types(results) )? => results"
    ),
    OperationFormat("util.null", "attr-dict ':' type(result) => result"),
    OperationFormat("util.cast", "%operand attr-dict ':' type(operand) 'to' type(result) => result"),
    *(
        OperationFormat(name, "%lhs ',' %rhs attr-dict ':' type(lhs) => =i1", adjust=same_type("rhs", "lhs"))
        for name in ("util.cmp.eq", "util.cmp.ne")
    ),
    OperationFormat("util.assume.int", "assumed(operands) attr-dict ':' types(operands) => operands"),
    OperationFormat(
        "util.align",
        "%value ',' %alignment attr-dict ':' type(value) => value",
        adjust=same_type("alignment", "value"),
    ),
    OperationFormat("util.sizeof", "$sizedType:type attr-dict => =index"),
    OperationFormat(
        "util.list.create",
        "( '[' %initial_capacity ']' )? attr-dict ':' type(result) => result",
        adjust=typed("index", "initial_capacity"),
    ),
    OperationFormat("util.list.size", "%operand attr-dict ':' type(operand) => =index"),
    OperationFormat(
        "util.list.resize",
        "%operand ',' %new_size attr-dict ':' type(operand)",
        adjust=typed("index", "new_size"),
    ),
    OperationFormat(
        "util.buffer.constant", "( $name:string )? attr-dict ':' type(result) '=' $value:attr => result"
    ),
    OperationFormat(
        "util.string.format",
        "$format:string '(' ( %operands* )? ')' attr-dict ':' functional(operands, result) => result",
    ),
    OperationFormat("util.string.itoa", "%value attr-dict ':' type(value) '->' type(result) => result"),
)
