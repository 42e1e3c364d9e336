"""Recurrent layers (`RNN`, `GRU`, `LSTM`) as loops over the elements of a sequence.

    x, weights ──► what the weights make of all elements at once ──► a loop of cells ──► Y, the last state

Each layer becomes a function; sequences and batches may have any size when the program runs. Layers of one
direction are lowered, the frontend makes such layers of others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gossamer.compiler.input.onnx.activations import activations_of
from gossamer.compiler.input.onnx.calls import TENSOR, builtin_type, call_function
from gossamer.compiler.input.onnx.cells import CELLS, Layer
from gossamer.compiler.input.onnx.function_text import FunctionText, Size, Tensor, tensor_type
from gossamer.compiler.mlir import ir
from gossamer.compiler.walk import find
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

_PREFIX = "torch.onnx."
_OPERANDS = ("x", "w", "r", "b", "lengths", "h", "c", "p")


@dataclass(frozen=True, slots=True)
class _Call:
    """A layer in the program.

    Attributes:
        kind: name of the operator.
        attributes: ONNX's, by name.
        operands: tensors that are there, by the names above.
        hidden: size of the state.
    """

    kind: str
    attributes: dict[str, Any]
    operands: dict[str, ir.Value]
    hidden: int


def lower_recurrent(module: ir.Module) -> None:
    """Replace the recurrent layers of a module by calls of functions.

    Raises: CompileError where a layer has something that ONNX does not know.
    """
    count = 0
    for op in find(module.operation, "torch.operator"):
        call = _call_of(op)
        if call is not None:
            _replace(op, call, module, f"__{call.kind.lower()}_{count}")
            count += 1


def _call_of(op: ir.Operation) -> _Call | None:
    kind = ir.StringAttr(op.attributes["name"]).value.removeprefix("onnx.")
    if kind not in CELLS:
        return None
    attributes = {
        name.removeprefix(_PREFIX): _python(op.attributes[name])
        for name in op.attributes
        if name.startswith(_PREFIX)
    }
    if attributes.get("direction", "forward") != "forward" or attributes.get("layout", 0):
        return None
    operands = {
        name: operand
        for name, operand in zip(_OPERANDS, op.operands, strict=False)
        if str(operand.type).startswith(TENSOR)
    }
    weights = builtin_type(operands["r"].type)
    if len(builtin_type(operands["x"].type).shape) != 3 or weights.has_static_shape is False:
        return None
    return _Call(kind, attributes, operands, weights.shape[2])


def _python(attribute: ir.Attribute) -> Any:
    if isinstance(attribute, ir.ArrayAttr):
        return [_python(each) for each in attribute]
    if isinstance(attribute, (ir.StringAttr, ir.FloatAttr, ir.IntegerAttr)):
        return attribute.value
    return attribute


def _replace(op: ir.Operation, call: _Call, module: ir.Module, name: str) -> None:
    text, result_types = _function(call, name)
    call_function(op, module, name, text, list(call.operands.values()), result_types)


def _function(call: _Call, name: str) -> tuple[str, list[str]]:
    """The text of a function for a layer, and the types of its results."""
    text = FunctionText()
    types = {key: builtin_type(value.type) for key, value in call.operands.items()}
    given = {key: text.argument(f"%{key}", type) for key, type in types.items()}
    x = given["x"]
    element, hidden = x.element, Size.of(call.hidden)
    time, batch = x.sizes[0], x.sizes[1]
    projected, layer = _layer(text, call, given)
    state = [_state(text, given.get(key), (batch, hidden), element) for key in ("h", "c")]
    state = state[: CELLS[call.kind][1]]
    sequence = text.filled(0.0, (time, batch, hidden), element)

    carried = [text.name() for _ in (sequence, *state)]
    bounds = [text.index(0), _as_index(text, time), text.index(1)]
    inits = ", ".join(f"{new} = {old.name}" for new, old in zip(carried, (sequence, *state), strict=True))
    carried_types = [each.type for each in (sequence, *state)]
    results = [text.name() for _ in carried]
    text.lines.append(
        f"{', '.join(results)} = scf.for %t = {bounds[0]} to {bounds[1]} step {bounds[2]} "
        f"iter_args({inits}) -> ({', '.join(carried_types)}) {{"
    )
    before = [Tensor(each, old.sizes, element) for each, old in zip(carried[1:], state, strict=True)]
    row = [Size.of(1), *projected.sizes[1:]]
    now = text.slice(projected, ["%t", "0", "0"], row, drops=1)
    after = CELLS[call.kind][3](text, layer, now, before)
    shown = after[0]
    if "lengths" in given:
        after, shown = _within_lengths(text, given["lengths"], before, after)
    sizes = f"[1, {batch.operand}, {hidden.operand}]"
    written = text.value(
        f"tensor.insert_slice {shown.name} into {carried[0]}[%t, 0, 0] {sizes} [1, 1, 1] : "
        f"{shown.type} into {sequence.type}"
    )
    values = ", ".join([written, *(each.name for each in after)])
    text.lines += [f"scf.yield {values} : {', '.join(carried_types)}", "}"]

    one = Size.of(1)
    whole = Tensor(results[0], sequence.sizes, element)
    returned = [text.reassociated(whole, "[[0, 1], [2], [3]]", (time, one, batch, hidden))]
    for result, old in zip(results[1:], state, strict=True):
        last = Tensor(result, old.sizes, element)
        returned.append(text.reassociated(last, "[[0, 1], [2]]", (one, batch, hidden)))
    result_types = [each.type for each in returned]
    text.lines.append(f"return {', '.join(e.name for e in returned)} : {', '.join(result_types)}")
    arguments = ", ".join(f"%{key}: {type}" for key, type in types.items())
    header = f"func.func private @{name}({arguments}) -> ({', '.join(result_types)}) {{"
    return "\n".join([header, *text.lines, "}"]), result_types


def _layer(text: FunctionText, call: _Call, given: dict[str, Tensor]) -> tuple[Tensor, Layer]:
    """What the weights make of all elements, biases added where they may be, and what the steps need."""
    gates, _, names, _ = CELLS[call.kind]
    x, element = given["x"], given["x"].element
    time, batch, depth = x.sizes
    rows, hidden = Size.of(gates * call.hidden), Size.of(call.hidden)
    get = call.attributes.get
    resets_late = call.kind == "GRU" and bool(get("linear_before_reset", 0))

    w = text.reassociated(given["w"], "[[0, 1], [2]]", (rows, depth))
    r = text.reassociated(given["r"], "[[0, 1], [2]]", (rows, hidden))
    rows_of_x = _product(text, time, batch)
    flat = text.reassociated(x, "[[0, 1], [2]]", (rows_of_x, depth))
    bias = None
    init = text.filled(0.0, (rows_of_x, rows), element)
    if "b" in given:
        both = text.reassociated(given["b"], "[[0, 1]]", (Size.of(2 * gates * call.hidden),))
        of_x = text.slice(both, ["0"], [rows])
        bias = text.slice(both, [str(gates * call.hidden)], [rows])
        init = _biased(text, init, of_x, bias, kept=2 * call.hidden if resets_late else None)
    product = text.matmul(flat, text.transposed(w), init)
    projected = text.reassociated(product, "[[0, 1], [2]]", (time, batch, rows))
    peepholes = None
    if "p" in given:
        peepholes = text.reassociated(given["p"], "[[0, 1]]", (Size.of(3 * call.hidden),))
    try:
        activations = activations_of(
            list(get("activations", names)),
            list(get("activation_alpha", [])),
            list(get("activation_beta", [])),
            get("clip", 0.0),
        )
    except KeyError as error:
        message = f"{call.kind}: ONNX knows no activation {error}"
        raise CompileError([Diagnostic(message)]) from None
    layer = Layer(
        text.transposed(r),
        bias,
        peepholes,
        activations,
        resets_late,
        bool(get("input_forget", 0)),
        bool(get("quantizes_state", 0)),
    )
    return projected, layer


def _biased(text: FunctionText, init: Tensor, of_x: Tensor, of_state: Tensor, kept: int | None) -> Tensor:
    """Rows of biases: both added up, or from a column on only those of x."""
    element = init.element

    def add(body: FunctionText, values: list[str]) -> str:
        total = body.value(f"arith.addf {values[1]}, {values[2]} : {element}")
        if kept is None:
            return total
        column = body.value("linalg.index 1 : index")
        is_before = body.value(f"arith.cmpi ult, {column}, {body.index(kept)} : index")
        return body.value(f"arith.select {is_before}, {total}, {values[1]} : {element}")

    return text.elementwise([init, (of_x, "(d1)"), (of_state, "(d1)")], add)


def _state(text: FunctionText, given: Tensor | None, sizes: tuple[Size, Size], element: str) -> Tensor:
    if given is None:
        return text.filled(0.0, sizes, element)
    flat = text.reassociated(given, "[[0, 1], [2]]", (given.sizes[1], given.sizes[2]))
    wanted = tensor_type(sizes, element)
    if flat.type == wanted:
        return flat
    return Tensor(text.value(f"tensor.cast {flat.name} : {flat.type} to {wanted}"), sizes, element)


def _within_lengths(
    text: FunctionText, lengths: Tensor, before: Sequence[Tensor], after: Sequence[Tensor]
) -> tuple[list[Tensor], Tensor]:
    """The state of sequences that have ended stays, and what they show is zeros."""
    element = after[0].element

    def choose(body: FunctionText, values: list[str], other: str) -> str:
        length = body.value(f"arith.index_cast {values[-1]} : {lengths.element} to index")
        goes_on = body.value(f"arith.cmpi slt, %t, {length} : index")
        return body.value(f"arith.select {goes_on}, {values[0]}, {other} : {element}")

    kept = [
        text.elementwise([new, old, (lengths, "(d0)")], lambda body, values: choose(body, values, values[1]))
        for new, old in zip(after, before, strict=True)
    ]
    shown = text.elementwise(
        [after[0], (lengths, "(d0)")],
        lambda body, values: choose(body, values, body.value(f"arith.constant 0.0 : {element}")),
    )
    return kept, shown


def _as_index(text: FunctionText, size: Size) -> str:
    return size.operand if size.is_open else text.index(int(size.operand))


def _product(text: FunctionText, a: Size, b: Size) -> Size:
    if not a.is_open and not b.is_open:
        return Size.of(int(a.operand) * int(b.operand))
    return Size("?", text.value(f"arith.muli {_as_index(text, a)}, {_as_index(text, b)} : index"))
