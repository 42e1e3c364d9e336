"""The hal dialect, as far as programs for the compiler's front use it: tensors, fences, buffer views."""

from __future__ import annotations

from gossamer.compiler.frontend.mlir.syntax.adjustments import in_order, typed
from gossamer.compiler.frontend.mlir.syntax.assembly_format import (
    Adjustment,
    OperationFormat,
    format_table,
)
from gossamer.compiler.frontend.mlir.syntax.operation import OperationText


def _encoding(attribute: str, group: str) -> Adjustment:
    """Tell `encoding as type` apart: the type outside is an attribute, that of the tensor follows `as`."""

    def adjust(operation: OperationText) -> None:
        types = operation.types
        operation.attributes[attribute] = types[group][0]
        if "alias" in types:
            types[group] = types.pop("alias")
            operation.operands[f"{group}_dims"] = operation.operands.pop("alias_dims", [])

    return adjust


_AFFINITY = "( 'on' '(' $affinity:raw ')' )?"
_WAIT = "( 'wait' '(' %wait_fence ')' '=>' )?"

FORMATS = format_table(
    OperationFormat(
        "hal.tensor.import",
        f"( $consume:unit=consume )? {_AFFINITY} {_WAIT} %source ( $name:string )? "
        "( 'offset' '(' %offset ')' )? ':' type(source) '->' shaped(result) ( 'as' shaped(alias) )? "
        "attr-dict => result",
        adjust=in_order(
            typed("index", "offset"),
            typed("!hal.fence", "wait_fence"),
            _encoding("target_encoding", "result"),
        ),
    ),
    OperationFormat(
        "hal.tensor.export",
        f"{_AFFINITY} %source ( $name:string )? ( 'into' '(' %storage ':' type(storage) ')' )? "
        "':' shaped(source) ( 'as' shaped(alias) )? '->' type(result) attr-dict => result",
        adjust=_encoding("source_encoding", "source"),
    ),
    OperationFormat(
        "hal.tensor.alias",
        f"{_AFFINITY} {_WAIT} %source ':' shaped(source) 'to' %storage ':' type(storage) attr-dict => source",
        adjust=typed("!hal.fence", "wait_fence"),
    ),
    OperationFormat(
        "hal.tensor.barrier",
        "'join' '(' ( %sources* ':' types(sources) )? ')' '=>' %signal_fence ':' type(signal_fence) "
        "attr-dict => sources",
    ),
    OperationFormat(
        "hal.tensor.transients",
        f"{_AFFINITY} %source ':' shaped(source) 'from' %storage ':' type(storage) attr-dict => source",
    ),
    OperationFormat(
        "hal.fence.create",
        "'device' '(' %device ':' type(device) ')' 'flags' '(' $flags:raw ')' ':' type(result) attr-dict "
        "=> result",
    ),
    OperationFormat(
        "hal.fence.join",
        "'at' '(' '[' %fences* ']' ')' 'flags' '(' $flags:raw ')' '->' type(result) attr-dict => result",
        adjust=typed("!hal.fence", "fences"),
    ),
    OperationFormat("hal.fence.signal", "'<' %fence ':' type(fence) '>' attr-dict"),
    OperationFormat(
        "hal.fence.fail",
        "'<' %fence ':' type(fence) '>' 'status' '(' %status ')' attr-dict",
        adjust=typed("i32", "status"),
    ),
    OperationFormat(
        "hal.fence.await",
        "'until' '(' '[' %fences* ']' ')' 'timeout_millis' '(' %timeout ')' 'flags' '(' $flags:raw ')' "
        "':' type(result) attr-dict => result",
        adjust=in_order(typed("!hal.fence", "fences"), typed("i32", "timeout")),
    ),
    OperationFormat(
        "hal.buffer_view.dim",
        "'<' %buffer_view ':' type(buffer_view) '>' '[' $index:index ']' attr-dict ':' type(result) "
        "=> result",
    ),
    *(
        OperationFormat(
            f"hal.buffer_view.{what}",
            "'<' %buffer_view ':' type(buffer_view) '>' attr-dict ':' type(result) => result",
        )
        for what in ("rank", "element_type", "encoding_type", "buffer")
    ),
    OperationFormat(
        "hal.devices.get", "%index attr-dict ':' type(result) => result", adjust=typed("index", "index")
    ),
    OperationFormat(
        "hal.device.allocator", "'<' %device ':' type(device) '>' ':' type(result) attr-dict => result"
    ),
    OperationFormat("hal.element_type", "'<' $type:type '>' attr-dict ':' type(result) => result"),
    OperationFormat("hal.encoding_type", "'<' ( $encoding:raw )? '>' attr-dict ':' type(result) => result"),
    OperationFormat("hal.return", "attr-dict ( %operands* ':' types(operands) )?"),
)
