"""Recurrent layers of ONNX, compared with onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="ONNX is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402  # what is missing is said first

import gossamer  # noqa: E402

RANDOM = np.random.default_rng(0)
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
TIME, BATCH, DEPTH, HIDDEN = 5, 2, 3, 4


def normal(*shape: int) -> Any:
    return RANDOM.standard_normal(shape, dtype=np.float32)


def layer(
    kind: str, direction: str, dims: list[Any], *, lengths: bool = False, peepholes: bool = False, **more: Any
) -> Any:
    count, rows = 2 if direction == "bidirectional" else 1, GATES[kind] * HIDDEN
    weights = {
        "w": normal(count, rows, DEPTH),
        "r": normal(count, rows, HIDDEN),
        "b": normal(count, 2 * rows),
        "p": normal(count, 3 * HIDDEN),
        "lengths": np.array([TIME, 3], np.int32),
    }
    operands = ["x", "w", "r", "b", "lengths" if lengths else ""] + ["", "", "p"] * peepholes
    results = ["y", "h", "c"] if kind == "LSTM" else ["y", "h"]
    node = helper.make_node(kind, operands, results, hidden_size=HIDDEN, direction=direction, **more)
    graph = helper.make_graph(
        [node],
        "main",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, dims)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in results],
        [numpy_helper.from_array(weights[name], name) for name in operands[1:] if name],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def check(model: Any, x: Any) -> None:
    expected = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})
    with gossamer.Pipeline([gossamer.compile(model)], device="local-sync") as pipeline:
        for ours, theirs in zip(pipeline.main(x), expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("lengths", [False, True], ids=["", "lengths"])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("kind", list(GATES))
def test_directions_and_lengths(kind: str, direction: str, lengths: bool) -> None:
    check(layer(kind, direction, ["time", "batch", DEPTH], lengths=lengths), normal(TIME, BATCH, DEPTH))


def test_batches_may_be_first() -> None:
    # Why no onnxruntime: it has no such layout. Whatever comes first, the numbers are the same.
    first = layer("GRU", "bidirectional", [BATCH, TIME, DEPTH], layout=1)
    second = onnx.ModelProto()
    second.CopyFrom(first)
    second.graph.node[0].ClearField("attribute")
    second.graph.node[0].attribute.extend(
        each for each in first.graph.node[0].attribute if each.name != "layout"
    )
    for dim, size in zip(second.graph.input[0].type.tensor_type.shape.dim, (TIME, BATCH, DEPTH), strict=True):
        dim.dim_value = size
    x = normal(BATCH, TIME, DEPTH)

    pipelines = [
        gossamer.Pipeline([gossamer.compile(model)], device="local-sync") for model in (first, second)
    ]
    y, h = map(np.asarray, pipelines[0].main(x))
    expected_y, expected_h = map(np.asarray, pipelines[1].main(x.transpose(1, 0, 2)))

    np.testing.assert_array_equal(y, expected_y.transpose(2, 0, 1, 3))
    np.testing.assert_array_equal(h, expected_h.transpose(1, 0, 2))


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("LSTM", {"peepholes": True}),
        ("LSTM", {"activations": ["HardSigmoid", "Softsign", "Tanh"], "activation_alpha": [0.25]}),
        ("GRU", {"linear_before_reset": 1}),
        ("GRU", {"clip": 0.3}),
        ("RNN", {"activations": ["LeakyRelu"], "activation_alpha": [0.3]}),
    ],
)
def test_variants(kind: str, more: Any) -> None:
    check(layer(kind, "forward", [TIME, BATCH, DEPTH], **more), normal(TIME, BATCH, DEPTH))


def test_quantized_layers_round_as_onnxruntime_does() -> None:
    rows = 4 * HIDDEN
    operands = ["x", "w", "r", "b", "", "", "", "", "s", "z", "s", "z"]
    weights = {
        "w": RANDOM.integers(-127, 127, (2, DEPTH, rows)).astype(np.int8),
        "r": RANDOM.integers(-127, 127, (2, HIDDEN, rows)).astype(np.int8),
        "b": normal(2, 2 * rows),
        "s": np.array([0.01, 0.02], np.float32),
        "z": np.array([0, 3], np.int8),
    }
    node = helper.make_node(
        "DynamicQuantizeLSTM", operands, ["y", "h", "c"], domain="com.microsoft", hidden_size=HIDDEN,
        direction="bidirectional",
    )  # fmt: skip
    graph = helper.make_graph(
        [node],
        "main",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["time", 1, DEPTH])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("y", "h", "c")],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]

    check(helper.make_model(graph, opset_imports=opsets, ir_version=8), normal(TIME, 1, DEPTH))
