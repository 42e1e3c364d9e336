"""One step of a recurrent layer: the state after it, from the state before it and an element of the sequence.

Spec: ONNX's operators `RNN`, `GRU` and `LSTM`. Gates stand side by side in the rows of the weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gossamer.compiler.input.onnx.activations import Activation
from gossamer.compiler.input.onnx.function_text import FunctionText, Size, Tensor


@dataclass(frozen=True, slots=True)
class Layer:
    """What a layer computes with.

    Attributes:
        recurrent: weights of the state, columns of gates.
        recurrent_bias: of the state; it is in the elements of the sequence already, where the layer lets it.
        peepholes: of the gates i, o and f, one after the other, or None.
        activations: as ONNX lists them.
        resets_late: GRU: the reset gate acts on what the state's weights gave, not on the state.
        couples_forget: LSTM: the forget gate is one minus the input gate.
        quantizes_state: the state is rounded to 8 bits before its weights see it.
    """

    recurrent: Tensor
    recurrent_bias: Tensor | None
    peepholes: Tensor | None
    activations: list[Activation]
    resets_late: bool = False
    couples_forget: bool = False
    quantizes_state: bool = False


Cell = Callable[[FunctionText, Layer, Tensor, list[Tensor]], list[Tensor]]
"""Writes one step: what the weights make of an element, and the state, which is what the step returns."""


def rnn_cell(text: FunctionText, layer: Layer, x: Tensor, state: list[Tensor]) -> list[Tensor]:
    """`h = f(x + h @ R)`"""
    (activation,) = layer.activations
    summed = text.matmul(_seen(text, layer, state[0]), layer.recurrent, x)
    return [text.elementwise([summed], lambda body, values: activation.apply(body, values[0], x.element))]


def lstm_cell(text: FunctionText, layer: Layer, x: Tensor, state: list[Tensor]) -> list[Tensor]:
    """Gates i, o, f, c: `C = f * C + i * c`, `H = o * h(C)`."""
    h, c = state
    type = x.element
    gate, candidate, output = layer.activations
    summed = text.matmul(_seen(text, layer, h), layer.recurrent, x)
    gates = [_gate(text, summed, index, h) for index in range(4)]
    peepholes = [_part(text, layer.peepholes, index, h) for index in range(3)] if layer.peepholes else []

    def step(body: FunctionText, values: list[str]) -> list[str]:
        i, o, f, new, before = values[:5]

        def looked(pre: str, position: int, cell: str) -> str:
            if not peepholes:
                return pre
            seen = body.value(f"arith.mulf {values[5 + position]}, {cell} : {type}")
            return body.value(f"arith.addf {pre}, {seen} : {type}")

        entered = gate.apply(body, looked(i, 0, before), type)
        if layer.couples_forget:
            one = body.value(f"arith.constant 1.0 : {type}")
            kept = body.value(f"arith.subf {one}, {entered} : {type}")
        else:
            kept = gate.apply(body, looked(f, 2, before), type)
        old = body.value(f"arith.mulf {kept}, {before} : {type}")
        added = body.value(f"arith.mulf {entered}, {candidate.apply(body, new, type)} : {type}")
        after = body.value(f"arith.addf {old}, {added} : {type}")
        opened = gate.apply(body, looked(o, 1, after), type)
        shown = body.value(f"arith.mulf {opened}, {output.apply(body, after, type)} : {type}")
        return [shown, after]

    whole = [(each, "(d0, d1)") for each in (*gates, c)] + [(each, "(d1)") for each in peepholes]
    inits = [(text.empty(h.sizes, type), "(d0, d1)") for _ in range(2)]
    return text.generics(whole, inits, 2, step)


def gru_cell(text: FunctionText, layer: Layer, x: Tensor, state: list[Tensor]) -> list[Tensor]:
    """Gates z, r, h: `H = (1 - z) * h + z * H`."""
    (h,) = state
    type = x.element
    gate, candidate = layer.activations
    width = int(h.sizes[1].in_type)
    seen = _seen(text, layer, h)
    both, one = Size.of(2 * width), Size.of(width)
    first = text.slice(layer.recurrent, ["0", "0"], [h.sizes[1], both])
    last = text.slice(layer.recurrent, ["0", str(2 * width)], [h.sizes[1], one])
    summed = text.matmul(seen, first, text.slice(x, ["0", "0"], [h.sizes[0], both]))
    update, reset = (_gate(text, summed, index, h) for index in range(2))
    new = _gate(text, x, 2, h)
    if layer.resets_late:
        zeros = text.filled(0.0, h.sizes, type)
        made = text.matmul(seen, last, zeros)
        operands: list[Tensor | tuple[Tensor, str]] = [new, made, reset]
        if layer.recurrent_bias is not None:
            operands.append((_part(text, layer.recurrent_bias, 2, h), "(d1)"))

        def late(body: FunctionText, values: list[str]) -> str:
            product = values[1]
            if len(values) > 3:
                product = body.value(f"arith.addf {product}, {values[3]} : {type}")
            opened = gate.apply(body, values[2], type)
            product = body.value(f"arith.mulf {opened}, {product} : {type}")
            return body.value(f"arith.addf {values[0]}, {product} : {type}")

        pre = text.elementwise(operands, late)
    else:
        held = text.elementwise(
            [h, reset],
            lambda body, values: body.value(
                f"arith.mulf {gate.apply(body, values[1], type)}, {values[0]} : {type}"
            ),
        )
        pre = text.matmul(_seen(text, layer, held), last, new)

    def step(body: FunctionText, values: list[str]) -> str:
        kept = gate.apply(body, values[1], type)
        one = body.value(f"arith.constant 1.0 : {type}")
        rest = body.value(f"arith.subf {one}, {kept} : {type}")
        old = body.value(f"arith.mulf {kept}, {values[2]} : {type}")
        added = body.value(f"arith.mulf {rest}, {candidate.apply(body, values[0], type)} : {type}")
        return body.value(f"arith.addf {added}, {old} : {type}")

    return [text.elementwise([pre, update, h], step)]


CELLS: dict[str, tuple[int, int, list[str], Cell]] = {
    "RNN": (1, 1, ["Tanh"], rnn_cell),
    "GRU": (3, 1, ["Sigmoid", "Tanh"], gru_cell),
    "LSTM": (4, 2, ["Sigmoid", "Tanh", "Tanh"], lstm_cell),
}
"""Number of gates, number of tensors that are the state, activations unless given, and the step."""


def _gate(text: FunctionText, gates: Tensor, index: int, h: Tensor) -> Tensor:
    width = int(h.sizes[1].in_type)
    return text.slice(gates, ["0", str(index * width)], h.sizes)


def _part(text: FunctionText, vector: Tensor, index: int, h: Tensor) -> Tensor:
    width = int(h.sizes[1].in_type)
    return text.slice(vector, [str(index * width)], [h.sizes[1]])


def _seen(text: FunctionText, layer: Layer, h: Tensor) -> Tensor:
    """The state as its weights see it: rounded to 256 steps over its range, where the layer says so."""
    if not layer.quantizes_state:
        return h
    type = h.element
    zeros = text.filled(0.0, [], type)

    def extent(body: FunctionText, values: list[str]) -> list[str]:
        return [
            body.value(f"arith.minimumf {values[0]}, {values[1]} : {type}"),
            body.value(f"arith.maximumf {values[0]}, {values[2]} : {type}"),
        ]

    least, largest = text.generics(
        [(h, "(d0, d1)")], [(zeros, "()"), (zeros, "()")], 2, extent, reduced=(0, 1)
    )

    def rounded(body: FunctionText, values: list[str]) -> str:
        x, low, high = values
        zero, steps, one = (
            body.value(f"arith.constant {number} : {type}") for number in ("0.0", "255.0", "1.0")
        )
        range = body.value(f"arith.subf {high}, {low} : {type}")
        ratio = body.value(f"arith.divf {range}, {steps} : {type}")
        is_flat = body.value(f"arith.cmpf oeq, {ratio}, {zero} : {type}")
        scale = body.value(f"arith.select {is_flat}, {one}, {ratio} : {type}")

        def step_of(number: str, shift: str) -> str:
            nearest = body.value(f"math.roundeven {number} : {type}")
            moved = body.value(f"arith.addf {nearest}, {shift} : {type}")
            bounded = body.value(f"arith.maximumf {moved}, {zero} : {type}")
            return body.value(f"arith.minimumf {bounded}, {steps} : {type}")

        below = body.value(f"arith.divf {low}, {scale} : {type}")
        origin = step_of(body.value(f"arith.negf {below} : {type}"), zero)
        step = step_of(body.value(f"arith.divf {x}, {scale} : {type}"), origin)
        return body.value(
            f"arith.mulf {body.value(f'arith.subf {step}, {origin} : {type}')}, {scale} : {type}"
        )

    return text.elementwise([h, (least, "()"), (largest, "()")], rounded)
