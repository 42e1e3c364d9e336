"""Recurrent layers of two directions, or of the backward one, in terms of forward ones; batches second."""

from __future__ import annotations

from typing import Any

import numpy as np

from gossamer.compiler.frontend.onnx.rewriting.site import Site

_FLOAT, _INT64 = 1, 7
"""Numbers of types in `onnx.TensorProto.DataType`."""
_STATES = {"RNN": 1, "GRU": 1, "LSTM": 2}


def rewrite_recurrent(site: Site) -> list[str] | None:
    """`RNN`, `GRU` and `LSTM`: operands X, W, R, B, lengths of sequences, initial h and c, peepholes."""
    if site.text("direction", "forward") == "forward" and not site.attribute("layout", 0):
        return None
    return _layers(site, site.node.op_type, [site.input(index) for index in range(8)], {})


def rewrite_quantized_lstm(site: Site) -> list[str]:
    """`DynamicQuantizeLSTM`: weights in 8 bits, transposed; scales and zero points of W and R at the end.

    The sequence is rounded to 8 bits here, the state before each step.
    """
    operands = [site.input(index) for index in range(8)]
    operands[0] = site.op("DequantizeLinear", *site.ops("DynamicQuantizeLinear", operands[0], count=3))
    for index, scale in ((1, 8), (2, 10)):
        transposed = site.op("Transpose", operands[index], perm=[0, 2, 1])
        operands[index] = _dequantized(site, transposed, site.input(scale), site.input(scale + 1))
    return _layers(site, "LSTM", operands, {"quantizes_state": 1})


def _dequantized(site: Site, weights: str, scale: str, zero: str) -> str:
    """Weights whose scales are one a direction, or one a row of each."""
    shape = site.shape(scale) or []
    if len(shape) == 1:
        scale, zero = site.unsqueezed(scale, 1, 2), site.unsqueezed(zero, 1, 2)
    elif len(shape) == 2:
        scale, zero = site.unsqueezed(scale, 2), site.unsqueezed(zero, 2)
    numbers = site.op("Sub", site.cast(weights, _FLOAT), site.cast(zero, _FLOAT))
    return site.op("Mul", numbers, scale)


def _layers(site: Site, kind: str, operands: list[str], more: dict[str, Any]) -> list[str]:
    direction = site.text("direction", "forward")
    directions = {"forward": [False], "reverse": [True]}.get(direction, [False, True])
    is_batch_first = bool(site.attribute("layout", 0))
    x, lengths = operands[0], operands[4]
    if is_batch_first:
        x = site.op("Transpose", x, perm=[1, 0, 2])
    parts = [
        _layer(site, kind, [x, *operands[1:]], _Direction(index, len(directions), is_reverse), more)
        for index, is_reverse in enumerate(directions)
    ]
    for results, is_reverse in zip(parts, directions, strict=True):
        if is_reverse:
            results[0] = _reversed(site, results[0], lengths, x)
    joined = [
        site.op("Concat", *(part[index] for part in parts), axis=0 if index else 1)
        for index in range(len(parts[0]))
    ]
    if is_batch_first:
        joined = [
            site.op("Transpose", each, perm=[1, 0, 2] if index else [2, 0, 1, 3])
            for index, each in enumerate(joined)
        ]
    return joined


class _Direction:
    """One direction of a layer: which, of how many, and whether it goes backward."""

    def __init__(self, index: int, count: int, is_reverse: bool) -> None:
        self.index = index
        self.count = count
        self.is_reverse = is_reverse

    def part(self, values: list[object]) -> list[object]:
        """Its part of a list that holds as many values for each direction."""
        size = len(values) // self.count
        return values[self.index * size : (self.index + 1) * size]


def _layer(site: Site, kind: str, operands: list[str], which: _Direction, more: dict[str, Any]) -> list[str]:
    """A forward layer for one direction: Y, and the last state."""
    given = {each.name: site.attribute(each.name) for each in site.node.attribute}
    for name in ("direction", "layout"):
        given.pop(name, None)
    for name in ("activations", "activation_alpha", "activation_beta"):
        if name in given and len(given[name]) % which.count:
            raise site.fault(f"{name} has {len(given[name])} values for two directions")
        if name in given:
            given[name] = which.part(given[name])
    x, *rest = operands
    is_batch_first = bool(site.attribute("layout", 0))
    for index, name in enumerate(rest):
        # Why: lengths are of the batch; states have it first where the sequence has.
        if not name or index == 3:
            continue
        if is_batch_first and index in (4, 5):
            rest[index] = name = site.op("Transpose", name, perm=[1, 0, 2])
        if which.count > 1:
            rest[index] = site.sliced(name, 0, which.index, which.index + 1)
    if which.is_reverse:
        x = _reversed(site, x, rest[3], x)
    while not rest[-1]:
        rest.pop()
    return site.ops(kind, x, *rest, count=1 + _STATES[kind], **given, **more)


def _reversed(site: Site, x: str, lengths: str, sequence: str) -> str:
    """A sequence from its end to its beginning; what is past the end of a shorter one stays.

    Args:
        x: has elements of the sequence first; the batch follows, or directions, of which there is one.
        lengths: of the sequences of a batch, or empty.
        sequence: x itself, or what `x` was made of.
    """
    if not lengths:
        return site.sliced(x, 0, -1, np.iinfo(np.int64).min, -1)
    flat = x if x == sequence else site.squeezed(x, 1)
    wide = site.cast(lengths, _INT64)
    result = site.op("ReverseSequence", flat, wide, time_axis=0, batch_axis=1)
    return result if x == sequence else site.unsqueezed(result, 1)
