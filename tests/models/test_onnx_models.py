"""ONNX models, compiled and compared with onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="ONNX is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402  # what is missing is said first

import gossamer  # noqa: E402
from gossamer.compiler.options import CompileOptions  # noqa: E402
from gossamer.errors import CompileError  # noqa: E402
from gossamer.tools.iree_compile import main  # noqa: E402

RANDOM = np.random.default_rng(0)


def constant(name: str, value: Any) -> Any:
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(value), name))


def weight(name: str, *shape: int) -> Any:
    return numpy_helper.from_array(RANDOM.standard_normal(shape, dtype=np.float32), name)


def model_of(nodes: list[Any], shape: list[Any], *, opset: int = 17, weights: tuple[Any, ...] = ()) -> Any:
    """A model of one input `x` and the output `y`."""
    graph = helper.make_graph(
        nodes,
        "model",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        list(weights),
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def check(model: Any, *arrays: Any, source: Any = None) -> None:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    with gossamer.Pipeline([gossamer.compile(source or model)], device="local-sync") as pipeline:
        for array in arrays:
            (expected,) = session.run(None, {"x": array})
            np.testing.assert_allclose(pipeline.main(x=array), expected, rtol=1e-4, atol=1e-5)


def samples(*shape: int) -> Any:
    return RANDOM.standard_normal(shape, dtype=np.float32)


def mlp(opset: int = 17) -> Any:
    """Two layers and a reshape by a shape that the program computes."""
    nodes = [
        helper.make_node("Gemm", ["x", "w0", "b0"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "w1"], ["z"]),
        helper.make_node("Shape", ["x"], ["shape"]),
        constant("first", np.array([0])),
        helper.make_node("Gather", ["shape", "first"], ["batch"]),
        constant("rest", np.array([2, 4])),
        helper.make_node("Concat", ["batch", "rest"], ["wanted"], axis=0),
        helper.make_node("Reshape", ["z", "wanted"], ["split"]),
        helper.make_node("Softmax", ["split"], ["y"], axis=-1),
    ]
    weights = (weight("w0", 64, 32), weight("b0", 32), weight("w1", 32, 8))
    return model_of(nodes, ["batch", 64], opset=opset, weights=weights)


@pytest.mark.parametrize("opset", [11, 13, 17, 20])
def test_models_of_every_opset_keep_symbolic_dimensions(opset: int) -> None:
    check(mlp(opset), samples(1, 64), samples(5, 64))


def test_models_of_old_versions_are_folded_and_rewritten() -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"], start=1, end=2),
        constant("four", np.array([4])),
        helper.make_node("Concat", ["four", "shape"], ["wanted"], axis=0),
        helper.make_node("Expand", ["x", "wanted"], ["e"]),
        helper.make_node("Clip", ["e", "", "most"], ["y"]),
        constant("most", np.float32(0.5)),
    ]
    model = model_of([*nodes[:4], nodes[5], nodes[4]], [1, 3])
    model.ir_version = 3

    check(model, samples(1, 3))


def test_images() -> None:
    nodes = [
        helper.make_node("Conv", ["x", "k", "b"], ["c"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["c", "s", "t", "m", "v"], ["n"]),
        helper.make_node("Relu", ["n"], ["r"]),
        helper.make_node("MaxPool", ["r"], ["p"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("GlobalAveragePool", ["p"], ["g"]),
        helper.make_node("Flatten", ["g"], ["y"]),
    ]
    variance = numpy_helper.from_array(np.full(8, 0.5, np.float32), "v")
    weights = (weight("k", 8, 3, 3, 3), *(weight(name, 8) for name in "bstm"), variance)
    check(model_of(nodes, ["n", 3, 33, "w"], weights=weights), samples(1, 3, 33, 20), samples(2, 3, 33, 31))


@pytest.mark.parametrize("batch", [2, "n"])
def test_windows_of_one_place_need_not_read_all(batch: int | str) -> None:
    node = helper.make_node("Conv", ["x", "k"], ["y"], strides=[2], pads=[1, 1])
    check(model_of([node], [batch, 4, 2], weights=(weight("k", 5, 4, 3),)), samples(2, 4, 2))


@pytest.mark.parametrize(
    ("dims", "wanted"),
    [
        (["h", "w", 6], [-1, 6]),
        (["h", "w", "c"], [-1, 3]),
        (["h", "w", "c"], [2, -1]),
        (["h", 2, "c"], [4, -1]),
        (["h", "w", "c"], [0, -1]),
    ],
)
def test_one_size_of_a_view_is_computed(dims: list[Any], wanted: list[int]) -> None:
    nodes = [constant("wanted", np.array(wanted)), helper.make_node("Reshape", ["x", "wanted"], ["y"])]
    check(model_of(nodes, dims), samples(4, 2, 6))


def branch(name: str, *nodes: Any) -> Any:
    """A branch of an `If`, whose result has that name."""
    return helper.make_graph(nodes, name, [], [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)])


def test_operators_without_lowering_are_written_out_as_functions() -> None:
    nodes = [
        helper.make_node("RMSNormalization", ["x", "scale"], ["r"]),
        helper.make_node("Attention", ["r", "r", "r"], ["y"], q_num_heads=2, kv_num_heads=2, is_causal=1),
    ]
    model = model_of(nodes, [2, 5, 8], opset=23, weights=(weight("scale", 8),))
    model.ir_version = 10

    check(model, samples(2, 5, 8))


def test_functions_of_models_are_written_out() -> None:
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    body = [helper.make_node("Mul", ["a", "a"], ["b"]), helper.make_node("Sqrt", ["b"], ["c"])]
    model = model_of([helper.make_node("Size", ["x"], ["y"], domain="own")], ["n", 3])
    model.opset_import.append(opsets[1])
    model.functions.append(helper.make_function("own", "Size", ["a"], ["c"], body, opsets))

    check(model, samples(2, 3))


@pytest.mark.parametrize("size", [3, 4])
def test_a_branch_on_what_is_known_is_chosen(size: int) -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"], start=1, end=2),
        constant("three", np.array([3])),
        helper.make_node("Equal", ["shape", "three"], ["is_three"]),
        helper.make_node(
            "If",
            ["is_three"],
            ["y"],
            then_branch=branch("yes", helper.make_node("Neg", ["x"], ["yes"])),
            else_branch=branch("no", helper.make_node("Exp", ["x"], ["no"])),
        ),
    ]
    check(model_of(nodes, ["n", size]), samples(2, size))


def summed(name: str, operator: str) -> list[Any]:
    """Nodes that sum the second dimension up where it is one, and go on with what is left."""
    return [
        helper.make_node("Shape", ["x"], [f"{name}_shape"], start=1, end=2),
        helper.make_node("Equal", [f"{name}_shape", "one"], [f"{name}_is_one"]),
        helper.make_node(
            "If",
            [f"{name}_is_one"],
            [f"{name}_rest"],
            then_branch=branch(
                f"{name}_yes", helper.make_node("ReduceSum", ["x", "one"], [f"{name}_yes"], keepdims=0)
            ),
            else_branch=branch(f"{name}_no", helper.make_node("Identity", ["x"], [f"{name}_no"])),
        ),
        helper.make_node(operator, [f"{name}_rest"], [name]),
    ]


def choosing(dims: list[Any]) -> Any:
    """A model whose branches, which the signs of numbers decide, have branches on its shape."""
    nodes = [
        constant("one", np.array([1])),
        constant("zero", np.float32(0)),
        helper.make_node("ReduceSum", ["x"], ["sum"], keepdims=0),
        helper.make_node("Greater", ["sum", "zero"], ["is_positive"]),
        helper.make_node(
            "If",
            ["is_positive"],
            ["y"],
            then_branch=branch("then", *summed("then", "Neg")),
            else_branch=branch("else", *summed("else", "Exp")),
        ),
    ]
    return model_of(nodes, dims)


@pytest.mark.parametrize("size", [1, 4])
def test_a_branch_within_a_branch_is_chosen(size: int) -> None:
    positive = np.abs(samples(2, size)) + 1
    check(choosing([2, size]), positive, -positive)


def squeezing(after: list[Any], dims: list[Any]) -> Any:
    """A model that takes the last dimension out where its size is one, and then goes on with `s`."""
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        constant("last", np.array([2])),
        constant("one", np.array([1])),
        helper.make_node("Gather", ["shape", "last"], ["size"]),
        helper.make_node("Equal", ["size", "one"], ["is_one"]),
        helper.make_node(
            "If",
            ["is_one"],
            ["s"],
            then_branch=branch("yes", helper.make_node("Squeeze", ["x", "last"], ["yes"])),
            else_branch=branch("no", helper.make_node("Identity", ["x"], ["no"])),
        ),
        *after,
    ]
    return model_of(nodes, dims)


def test_branches_of_other_ranks_go_on_by_themselves() -> None:
    after = [helper.make_node("Exp", ["s"], ["e"]), helper.make_node("ReduceSum", ["e"], ["y"], keepdims=0)]

    check(squeezing(after, ["n", 3, "w"]), samples(2, 3, 1), samples(2, 3, 4))


def test_where_one_branch_is_impossible_the_other_is_asserted() -> None:
    after = [helper.make_node("Flatten", ["s"], ["f"]), helper.make_node("Gemm", ["s", "w"], ["y"])]
    model = squeezing(after, ["n", 3, "w"])
    model.graph.initializer.append(weight("w", 3, 5))
    check(model, samples(2, 3, 1))

    with (
        gossamer.Pipeline([gossamer.compile(model)], device="local-sync") as pipeline,
        pytest.raises(gossamer.StatusError, match="compiled for other shapes"),
    ):
        pipeline.main(samples(2, 3, 4))


def test_dimensions_of_open_size_are_squeezed_where_they_are_one() -> None:
    nodes = [constant("axes", np.array([0, 2])), helper.make_node("Squeeze", ["x", "axes"], ["y"])]
    model = model_of(nodes, ["n", 3, 1])
    check(model, samples(1, 3, 1))

    with (
        gossamer.Pipeline([gossamer.compile(model)], device="local-sync") as pipeline,
        pytest.raises(gossamer.StatusError, match="compiled for"),
    ):
        pipeline.main(samples(2, 3, 1))


def test_sizes_are_picked_from_shapes_that_are_partly_open() -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        constant("second", np.array(1)),
        helper.make_node("Gather", ["shape", "second"], ["size"]),
        constant("three", np.array(3)),
        helper.make_node("Equal", ["size", "three"], ["is_three"]),
        helper.make_node(
            "If",
            ["is_three"],
            ["y"],
            then_branch=branch("yes", helper.make_node("Flatten", ["x"], ["yes"])),
            else_branch=branch("no", helper.make_node("Identity", ["x"], ["no"])),
        ),
    ]

    check(model_of(nodes, ["n", 3, "w"]), samples(2, 3, 4))


def test_flags_fix_shapes_and_values_of_inputs() -> None:
    model = choosing([2, "w"])
    model.graph.node.append(helper.make_node("Mul", ["y", "factor"], ["z"]))
    model.graph.output[0].name = "z"
    model.graph.input.append(helper.make_tensor_value_info("factor", TensorProto.FLOAT, []))
    options = CompileOptions(
        target_device="local",
        target_backends=("vmvx",),
        onnx_input_shapes=("x=?x1",),
        onnx_input_values=("factor=2.5",),
    )
    array = np.abs(samples(2, 1))

    with gossamer.Pipeline([gossamer.compile(model, options=options)], device="local-sync") as pipeline:
        np.testing.assert_allclose(pipeline.main(array), -2.5 * array[:, 0], rtol=1e-6)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"onnx_input_shapes": ("z=2",)}, "no input 'z'"),
        ({"onnx_input_shapes": ("x=2",)}, "has 2 dimensions, not 1"),
        ({"onnx_input_shapes": ("x=3x1",)}, "has size 2 where 'x=3x1' says 3"),
        ({"onnx_input_shapes": ("x=2xw",)}, "is no shape of an input"),
        ({"onnx_input_values": ("x=1",)}, "has no fixed shape"),
    ],
)
def test_flags_that_do_not_fit_a_model_are_said(flags: Any, message: str) -> None:
    options = CompileOptions(target_device="local", target_backends=("vmvx",), **flags)

    with pytest.raises(CompileError, match=message):
        gossamer.compile(choosing([2, "w"]), options=options)


@pytest.mark.parametrize("opset", [17, 18, 20])
def test_sizes_are_computed_as_the_opset_means_it(opset: int) -> None:
    axes = {"axes": [0]} if opset < 18 else {}
    inputs = ["shape"] if opset < 18 else ["shape", "zero"]
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        constant("zero", np.array([0])),
        helper.make_node("ReduceProd", inputs, ["count"], keepdims=1, **axes),
        helper.make_node("Reshape", ["x", "count"], ["y"]),
    ]
    check(model_of(nodes, [3, 4], opset=opset), samples(3, 4))


def test_files_and_their_external_weights_are_read(tmp_path: Path) -> None:
    path = tmp_path / "mlp.onnx"
    onnx.save(mlp(), path, save_as_external_data=True, location="weights.bin", size_threshold=64)

    check(onnx.load(path), samples(3, 64), source=path)


def test_weights_that_have_changed_are_read_again(tmp_path: Path) -> None:
    path = tmp_path / "mlp.onnx"
    for model in (mlp(), mlp()):
        onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=64)
        check(onnx.load(path), samples(3, 64), source=path)
        (tmp_path / "weights.bin").unlink()


def test_weights_that_are_missing_are_said(tmp_path: Path) -> None:
    path = tmp_path / "mlp.onnx"
    onnx.save(mlp(), path, save_as_external_data=True, location="weights.bin", size_threshold=64)
    (tmp_path / "weights.bin").unlink()

    with pytest.raises(CompileError, match="weights of the model cannot be read"):
        gossamer.compile(path)


@pytest.mark.parametrize("data", [b"no model", b"", b"\x08\x08"])
def test_other_files_of_that_name_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(data)

    with pytest.raises(CompileError, match="not an ONNX model"):
        gossamer.compile(path)


def test_a_model_that_is_compiled_stays_as_it_is() -> None:
    model = mlp(11)
    before = model.SerializeToString(deterministic=True)

    gossamer.compile(model)

    assert model.SerializeToString(deterministic=True) == before


def test_shapes_of_inputs_are_given_by_name() -> None:
    model = model_of([helper.make_node("Relu", ["x"], ["y"])], ["batch", 3])
    main = gossamer.Pipeline([gossamer.compile(model, inputs={"x": "2x3xf32"})]).main

    x = np.array([[-1, 2, -3], [4, -5, 6]], np.float32)
    np.testing.assert_array_equal(main(x), np.maximum(x, 0))
    assert main["main"].inputs[0].shape == (2, 3)
    with pytest.raises(CompileError, match="inputs of an ONNX model are given by name"):
        gossamer.compile(model, inputs=["2x3xf32"])


def test_flags_of_the_command_fix_shapes(tmp_path: Path) -> None:
    path, output = tmp_path / "choosing.onnx", tmp_path / "choosing.vmfb"
    onnx.save(choosing([2, "w"]), path)
    device = ("--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=vmvx")

    assert main([str(path), "--gossamer-onnx-input-shapes=x=2x1", *device, "-o", str(output)]) == 0

    with gossamer.Pipeline([output.read_bytes()], device="local-sync") as pipeline:
        x = np.ones((2, 1), np.float32)
        np.testing.assert_allclose(pipeline.main(x), -x[:, 0], rtol=1e-6)
