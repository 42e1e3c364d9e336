"""The flow dialect: tensors as whole values, and dispatches."""

from __future__ import annotations

from gossamer.compiler.frontend.mlir.syntax.adjustments import element_type, in_order, same_type, typed
from gossamer.compiler.frontend.mlir.syntax.assembly_format import OperationFormat, format_table
from gossamer.compiler.frontend.mlir.syntax.operation import OperationText

_WORKLOAD = "( '[' %workload* ']' )?"
_INDICES = "( '[' %indices* ']' )?"
_COUNT = "( 'count' block-args '->' type(_count) %s )?"

_TENSOR_FORMATS = (
    OperationFormat("flow.tensor.constant", "attr-dict $value:attr => typeof:value"),
    OperationFormat("flow.tensor.dynamic_constant", "attr-dict $value:attr '->' type(result) => result"),
    OperationFormat("flow.tensor.tie_shape", "%operand ':' shaped(operand) attr-dict => operand"),
    *(
        OperationFormat(name, "%source ':' shaped(source) '->' shaped(result) attr-dict => result")
        for name in ("flow.tensor.reshape", "flow.tensor.bitcast", "flow.tensor.encode")
    ),
    *(
        OperationFormat(name, "':' shaped(result) attr-dict => result")
        for name in ("flow.tensor.alloca", "flow.tensor.empty")
    ),
    OperationFormat("flow.tensor.clone", "%operand ':' shaped(operand) attr-dict => operand"),
    OperationFormat(
        "flow.tensor.splat",
        "%value ':' shaped(result) attr-dict => result",
        adjust=element_type("value", "result"),
    ),
    OperationFormat(
        "flow.tensor.load",
        f"%source {_INDICES} ':' shaped(source) attr-dict => result",
        adjust=in_order(typed("index", "indices"), element_type("result", "source")),
    ),
    OperationFormat(
        "flow.tensor.store",
        f"%value ',' %target {_INDICES} ':' shaped(target) attr-dict => target",
        adjust=in_order(typed("index", "indices"), element_type("value", "target")),
    ),
    OperationFormat(
        "flow.tensor.slice",
        "%source '[' %start_indices* 'for' %lengths* ']' ':' shaped(source) '->' shaped(result) attr-dict "
        "=> result",
        adjust=typed("index", "start_indices", "lengths"),
    ),
    OperationFormat(
        "flow.tensor.update",
        "%update ',' %target '[' %start_indices* ']' ':' shaped(update) '->' results(result) attr-dict "
        "=> result",
        adjust=in_order(typed("index", "start_indices"), same_type("target", "result")),
    ),
    OperationFormat(
        "flow.tensor.transfer", "%operand ':' shaped(operand) 'to' $target:raw attr-dict => operand"
    ),
    OperationFormat(
        "flow.tensor.barrier", "%operand ':' shaped(operand) 'on' $target:raw attr-dict => operand"
    ),
    OperationFormat(
        "flow.tensor.trace",
        "$key:string '=' '[' %values ':' shaped(values) ( ',' %values ':' shaped(values) )* ']' attr-dict",
    ),
)

_DISPATCH_FORMATS = (
    OperationFormat("flow.return", "attr-dict ( %operands* ':' types(operands) )?"),
    OperationFormat(
        "flow.dispatch.region",
        f"{_WORKLOAD} '->' results(result) attr-dict-with-keyword region {_COUNT % 'region'} => result",
        adjust=typed("index", "workload"),
    ),
    OperationFormat(
        "flow.dispatch.workgroups",
        f"{_WORKLOAD} '(' %arguments* ')' ':' functional(arguments, result) attr-dict-with-keyword '=' "
        f"block-args isolated-region {_COUNT % 'isolated-region'} => result",
        adjust=typed("index", "workload"),
    ),
    OperationFormat(
        "flow.dispatch",
        f"[ $entry_points:symbol | $entry_points:raw ] {_WORKLOAD} '(' %arguments* ')' attr-dict ':' "
        "functional(arguments, result) => result",
        adjust=typed("index", "workload"),
    ),
    OperationFormat("flow.dispatch.tie_shape", "%operand ':' shaped(operand) attr-dict => operand"),
    *(
        OperationFormat(
            f"flow.dispatch.workgroup.{what}",
            "'[' $dimension:index ']' ( 'upper_bound' $upper_bound:number )? attr-dict ':' type(result) "
            "=> result",
        )
        for what in ("id", "count", "size")
    ),
)


def _parameter_reference(operation: OperationText) -> None:
    """`%scope::%key[%offset]`; what stands alone is the key."""
    operands = operation.operands
    scope, key = operands.pop("name"), operands.pop("key", [])
    if not key:
        scope, key = [], scope
    operation.operands = {"scope": scope, "key": key, **operands}
    typed("!util.buffer", "scope", "key")(operation)
    typed("i64", "offset")(operation)


_PARAMETER_FORMATS = (
    OperationFormat(
        "flow.parameter.load",
        "%name ( '::' %key )? '[' %offset ']' ':' shaped(result) attr-dict-with-keyword => result",
        adjust=_parameter_reference,
    ),
)

FORMATS = format_table(*_TENSOR_FORMATS, *_DISPATCH_FORMATS, *_PARAMETER_FORMATS)
