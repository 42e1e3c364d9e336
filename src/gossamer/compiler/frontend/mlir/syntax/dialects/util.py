"""The util dialect: globals, calls, and values the optimiser must not see through.

`util.func`, `util.initializer` and `util.return` are rewritten in place, see `functions`.
"""

from __future__ import annotations

from gossamer.compiler.frontend.mlir.syntax.adjustments import in_order, same_type, typed
from gossamer.compiler.frontend.mlir.syntax.assembly_format import Adjustment, OperationFormat, format_table
from gossamer.compiler.frontend.mlir.syntax.cursor import ForeignSyntaxError, Piece
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


def _element_type(group: str) -> Adjustment:
    """Give a group the element type of the list where the text leaves it out."""

    def adjust(operation: OperationText) -> None:
        if group not in operation.types:
            operation.types[group] = [_element_of_list(operation.types["list"][0])]

    return adjust


def _element_of_list(type: Piece) -> Piece:
    prefix, opening, inside = type.text.partition("<")
    if not prefix.endswith("util.list") or not opening:
        raise ForeignSyntaxError(
            f"expected a list such as '!util.list<i32>', found '{type.text}'", type.offset
        )
    return Piece(inside[:-1].strip(), type.offset)


def _stored_type(operation: OperationText) -> None:
    """`!util.list<i32>` alone is the list's type, not that of the value."""
    if "list" not in operation.types:
        operation.types["list"] = operation.types.pop("value")
    _element_type("value")(operation)


def _buffer_operands(*groups: str) -> Adjustment:
    """Put operands in the order of the generic form; offsets, sizes and lengths are indices."""
    indices = [group for group in groups if group.endswith(("_offset", "_dims", "length"))]

    def adjust(operation: OperationText) -> None:
        typed("index", *indices)(operation)
        operation.operands = {group: operation.operands[group] for group in groups}

    return adjust


_BUFFER_FORMATS = (
    OperationFormat(
        "util.buffer.alloc",
        "'uninitialized' attr-dict ':' type(result) '{' %storage_size '}' => result",
        adjust=typed("index", "storage_size"),
    ),
    OperationFormat("util.buffer.dealloc", "%operand ':' shaped(operand) attr-dict-with-keyword"),
    OperationFormat(
        "util.buffer.slice",
        "%source '[' %source_offset ']' attr-dict ':' shaped(source) '->' shaped(result) => result",
        adjust=_buffer_operands("source", "source_dims", "source_offset", "result_dims"),
    ),
    OperationFormat("util.buffer.size", "%operand ':' type(operand) attr-dict-with-keyword => =index"),
    OperationFormat(
        "util.buffer.copy",
        "%source '[' %source_offset ']' ',' %target '[' %target_offset ']' ',' %length ':' shaped(source) "
        "'->' shaped(target) attr-dict-with-keyword",
        adjust=_buffer_operands(
            *("source", "source_dims", "source_offset"),
            *("target", "target_dims", "target_offset", "length"),
        ),
    ),
    OperationFormat(
        "util.buffer.compare",
        "%lhs '[' %lhs_offset ']' ',' %rhs '[' %rhs_offset ']' ',' %length ':' shaped(lhs) ',' shaped(rhs) "
        "attr-dict-with-keyword => =i1",
        adjust=_buffer_operands("lhs", "lhs_dims", "lhs_offset", "rhs", "rhs_dims", "rhs_offset", "length"),
    ),
    OperationFormat(
        "util.buffer.fill",
        "%pattern ',' %target '[' %target_offset 'for' %length ']' ':' type(pattern) '->' shaped(target) "
        "attr-dict-with-keyword",
        adjust=_buffer_operands("pattern", "target", "target_dims", "target_offset", "length"),
    ),
    OperationFormat(
        "util.buffer.store",
        "%source ',' %target '[' %target_offset 'for' %length ']' ':' type(source) '->' shaped(target) "
        "attr-dict-with-keyword",
        adjust=_buffer_operands("source", "target", "target_dims", "target_offset", "length"),
    ),
    *(
        OperationFormat(
            name,
            "%source '[' %source_offset 'for' %length ']' ':' shaped(source) '->' type(result) "
            "attr-dict-with-keyword => result",
            adjust=_buffer_operands("source", "source_dims", "source_offset", "length"),
        )
        for name in ("util.buffer.load", "util.buffer.hash")
    ),
)

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
        "( %initial_capacity )? attr-dict ':' type(result) => result",
        adjust=typed("index", "initial_capacity"),
    ),
    OperationFormat("util.list.size", "%operand attr-dict ':' type(operand) => =index"),
    OperationFormat(
        "util.list.resize",
        "%operand ',' %new_size attr-dict ':' type(operand)",
        adjust=typed("index", "new_size"),
    ),
    OperationFormat(
        "util.list.construct",
        "'[' ( %values ':' type(values) ( ',' %values ':' type(values) )* )? ']' attr-dict ':' type(result) "
        "=> result",
    ),
    OperationFormat(
        "util.list.get",
        "%list '[' %index ']' attr-dict ':' type(list) ( '->' type(result) )? => result",
        adjust=in_order(typed("index", "index"), _element_type("result")),
    ),
    OperationFormat(
        "util.list.set",
        "%list '[' %index ']' ',' %value attr-dict ':' type(value) ( '->' type(list) )?",
        adjust=in_order(typed("index", "index"), _stored_type),
    ),
    *_BUFFER_FORMATS,
    OperationFormat(
        "util.buffer.constant", "( $name:string )? attr-dict ':' type(result) '=' $value:attr => result"
    ),
    OperationFormat(
        "util.string.format",
        "$format:string '(' ( %operands* )? ')' attr-dict ':' functional(operands, result) => result",
    ),
    OperationFormat("util.string.itoa", "%value attr-dict ':' type(value) '->' type(result) => result"),
)
