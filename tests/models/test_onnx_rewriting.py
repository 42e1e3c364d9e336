"""Operators that are written in terms of others before they are imported, compared with onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="ONNX is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402  # what is missing is said first

import gossamer  # noqa: E402
from gossamer.errors import CompileError  # noqa: E402

RANDOM = np.random.default_rng(0)


def normal(*shape: int) -> Any:
    return RANDOM.standard_normal(shape, dtype=np.float32)


def small(*shape: int, dtype: Any = np.int8) -> Any:
    return RANDOM.integers(-9, 9, shape).astype(dtype)


def model_of(
    op_type: str,
    operands: Mapping[str, Any],
    weights: Mapping[str, Any],
    *,
    dims: Sequence[Any] | None = None,
    domain: str = "",
    opset: int = 18,
    results: int = 1,
    **attributes: Any,
) -> Any:
    """A model of one operator, whose first operand has dimensions `dims` in place of its own."""
    outputs = [f"y{index}" for index in range(results)]
    node = helper.make_node(op_type, [*operands, *weights], outputs, "op", domain=domain, **attributes)
    inputs = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(array.dtype), (not index and dims) or array.shape
        )
        for index, (name, array) in enumerate(operands.items())
    ]
    graph = helper.make_graph(
        [node],
        "main",
        inputs,
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in weights.items() if name],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def check(model: Any, operands: Mapping[str, Any]) -> None:
    expected = onnxruntime.InferenceSession(model.SerializeToString()).run(None, dict(operands))
    with gossamer.Pipeline([gossamer.compile(model)], device="local-sync") as pipeline:
        results = pipeline.main(*operands.values())
    found = results if isinstance(results, (tuple, list)) else [results]
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dims", [[1, 2, 9, 7], ["n", 2, "h", "w"]])
@pytest.mark.parametrize("mode", ["SAME_UPPER", "SAME_LOWER", "VALID"])
@pytest.mark.parametrize("op_type", ["AveragePool", "Conv", "MaxPool"])
def test_padding_that_depends_on_sizes(op_type: str, mode: str, dims: list[Any]) -> None:
    operands = {"x": normal(1, 2, 9, 7)}
    weights = {"k": normal(3, 2, 3, 2)} if op_type == "Conv" else {}

    model = model_of(
        op_type, operands, weights, dims=dims, auto_pad=mode, strides=[2, 3], kernel_shape=[3, 2]
    )

    check(model, operands)


@pytest.mark.parametrize("dims", [[1, 2, 9, 7], ["n", 2, "h", "w"]])
@pytest.mark.parametrize("op_type", ["AveragePool", "MaxPool"])
@pytest.mark.parametrize("pads", [[1, 0, 1, 1], [1, 1, 1, 1]])
def test_windows_that_reach_past_the_end(op_type: str, dims: list[Any], pads: list[int]) -> None:
    operands = {"x": normal(1, 2, 9, 7)}
    if dims[0] == "n" and pads[0] != pads[2]:
        pytest.skip("the number of windows is open")

    model = model_of(
        op_type, operands, {}, dims=dims, strides=[2, 3], kernel_shape=[3, 2], pads=pads, ceil_mode=1
    )

    check(model, operands)


@pytest.mark.parametrize(
    "attributes", [{"auto_pad": "SAME_UPPER"}, {"pads": [1, 0, 0, 2]}, {"output_shape": [18, 15]}]
)
def test_transposed_convolutions_are_cropped(attributes: Any) -> None:
    operands = {"x": normal(1, 2, 9, 7)}

    check(
        model_of("ConvTranspose", operands, {"k": normal(2, 3, 3, 3)}, strides=[2, 2], **attributes), operands
    )


MATRIX = {"x": normal(2, 3, 4)}
VECTOR = normal(4)


@pytest.mark.parametrize(
    ("op_type", "operands", "weights", "attributes"),
    [
        ("FusedMatMul", {"x": normal(2, 4, 3)}, {"b": normal(4, 5)}, {"transA": 1, "alpha": 0.5}),
        ("FusedConv", {"x": normal(1, 2, 5, 5)}, {"k": normal(3, 2, 3, 3)}, {"activation": "Relu"}),
        ("Gelu", MATRIX, {}, {}),
        ("BiasGelu", MATRIX, {"b": VECTOR}, {}),
        ("FastGelu", MATRIX, {"b": VECTOR}, {}),
        ("QuickGelu", MATRIX, {}, {"alpha": 1.5}),
        ("SkipLayerNormalization", MATRIX, {"s": normal(2, 3, 4), "g": VECTOR, "b": VECTOR + 1}, {}),
        (
            "DynamicQuantizeMatMul",
            MATRIX,
            {"b": small(4, 5), "bs": np.float32(0.1), "bz": np.int8(2), "bias": normal(5)},
            {},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_operators_of_onnxruntime(op_type: str, operands: Any, weights: Any, attributes: Any) -> None:
    check(model_of(op_type, operands, weights, domain="com.microsoft", **attributes), operands)


def test_what_depends_on_open_sizes_is_refused_with_the_node() -> None:
    operands = {"x": normal(1, 2, 9, 7)}
    model = model_of(
        "MaxPool", operands, {}, dims=["n", 2, "h", 7], auto_pad="SAME_UPPER", strides=[2, 2],
        kernel_shape=[3, 2], results=2,
    )  # fmt: skip

    with pytest.raises(CompileError, match=r"MaxPool: auto_pad=SAME_UPPER .*\n  in: node 'op'"):
        gossamer.compile(model)


SIZES = {"x": normal(1, 2, 5, 6)}


@pytest.mark.parametrize("dims", [[1, 2, 5, 6], ["n", 2, "h", "w"]])
@pytest.mark.parametrize(
    "attributes",
    [
        {"mode": "linear", "coordinate_transformation_mode": "align_corners"},
        {"mode": "cubic", "cubic_coeff_a": -0.5},
        {"mode": "cubic", "exclude_outside": 1},
        {"mode": "nearest", "nearest_mode": "ceil"},
    ],
    ids=lambda value: value["mode"] if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("scales", [(2.0, 1.5), (0.6, 0.5)])
def test_resizing(attributes: Any, dims: list[Any], scales: tuple[float, ...]) -> None:
    weights = {"": None, "scales": np.array([1, 1, *scales], np.float32)}

    check(model_of("Resize", SIZES, weights, dims=dims, **attributes), SIZES)


@pytest.mark.parametrize("mode", ["linear", "cubic"])
@pytest.mark.parametrize("scale", [0.3, 0.6])
def test_resizing_without_aliases(mode: str, scale: float) -> None:
    weights = {"": None, "scales": np.array([1, 1, scale, scale], np.float32)}

    check(model_of("Resize", SIZES, weights, mode=mode, antialias=1), SIZES)


@pytest.mark.parametrize("align_corners", [0, 1])
@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["linear", "nearest", "cubic"])
def test_samples_at_points(mode: str, padding_mode: str, align_corners: int) -> None:
    operands = {"x": normal(2, 3, 4, 5), "grid": 2.4 * RANDOM.random((2, 3, 4, 2), np.float32) - 1.2}

    model = model_of(
        "GridSample", operands, {}, dims=["n", 3, "h", "w"], opset=20, mode=mode, padding_mode=padding_mode,
        align_corners=align_corners,
    )  # fmt: skip

    check(model, operands)


def test_compress_takes_what_is_chosen() -> None:
    operands = {"x": normal(3, 4), "c": np.array([True, False, True])}

    check(model_of("Compress", operands, {}, axis=0), operands)


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_blocks_become_channels(mode: str) -> None:
    operands = {"x": np.arange(2 * 3 * 4 * 6, dtype=np.float32).reshape(2, 3, 4, 6)}
    x = operands["x"].reshape(2, 3, 2, 2, 3, 2)
    order = (0, 1, 3, 5, 2, 4) if mode == "CRD" else (0, 3, 5, 1, 2, 4)
    attributes = {"mode": mode} if mode == "CRD" else {}
    model = model_of("SpaceToDepth", operands, {}, blocksize=2, **attributes)

    with gossamer.Pipeline([gossamer.compile(model)], device="local-sync") as pipeline:
        np.testing.assert_array_equal(pipeline.main(operands["x"]), x.transpose(order).reshape(2, 12, 2, 3))


def test_what_is_not_a_number_stays_so_when_clipped() -> None:
    operands = {"x": np.array([np.nan, -3, 0, 3], np.float32)}

    check(model_of("Clip", operands, {"least": np.float32(-1), "most": np.float32(2)}), operands)


def test_determinants_of_singular_matrices() -> None:
    operands = {"x": np.stack([np.zeros((3, 3), np.float32), normal(3, 3)])}

    check(model_of("Det", operands, {}, dims=["n", 3, 3]), operands)


def test_operators_that_cannot_be_compiled_are_named_with_their_node() -> None:
    operands = {"x": normal(1, 2, 4, 4), "rois": normal(1, 4), "b": np.array([0])}
    model = model_of("RoiAlign", operands, {}, mode="max")

    with pytest.raises(CompileError, match=r"cannot be compiled with .*\n  in: node 'op', phase input"):
        gossamer.compile(model)


def test_results_of_unknown_rank_are_refused() -> None:
    model = model_of("Reshape", {"x": normal(2, 3), "shape": np.array([3, 2])}, {})
    model.graph.input[1].type.tensor_type.shape.dim[0].ClearField("dim_value")

    with pytest.raises(
        CompileError, match=r"Reshape: the number of dimensions of its result 'y0' is not known"
    ):
        gossamer.compile(model)


@pytest.mark.parametrize(
    ("op_type", "attributes"),
    [
        ("Scaler", {"offset": [1.0, 2.0, 3.0, 4.0], "scale": [0.5, 1.0, 2.0, 3.0]}),
        ("Binarizer", {"threshold": 0.2}),
        ("Normalizer", {"norm": "L2"}),
        ("LinearRegressor", {"coefficients": [1.0, 2.0, 3.0, 4.0], "intercepts": [0.5]}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_operators_of_traditional_models(op_type: str, attributes: Any) -> None:
    operands = {"x": normal(3, 4)}
    model = model_of(op_type, operands, {}, domain="ai.onnx.ml", **attributes)
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 1))

    check(model, operands)


@pytest.mark.parametrize("center_point_box", [0, 1])
@pytest.mark.parametrize("least", [None, 0.4])
def test_boxes_that_overlap_are_left_out(center_point_box: int, least: float | None) -> None:
    operands = {
        "boxes": RANDOM.random((2, 30, 4), np.float32),
        "scores": RANDOM.random((2, 3, 30), np.float32),
    }
    weights: dict[str, Any] = {"most": np.array([6]), "overlap": np.array([0.3], np.float32)}
    if least is not None:
        weights["least"] = np.array([least], np.float32)
    model = model_of(
        "NonMaxSuppression", operands, weights, dims=["n", "boxes", 4], center_point_box=center_point_box
    )
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.INT64

    check(model, operands)
