"""`iree-import-onnx`: what it writes compiles, with weights inside or beside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="ONNX is not installed")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402  # what is missing is said first

import gossamer  # noqa: E402
from gossamer.tools.iree_api.import_onnx.__main__ import command, main, parse_arguments  # noqa: E402

WEIGHT = np.arange(200, dtype=np.float32).reshape(20, 10) / 100
BIAS = np.arange(10, dtype=np.float32)
X = np.ones((2, 20), np.float32)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A layer: a large weight and a small bias."""
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["x", "layer::w", "b"], ["y"])],
        "a graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 20])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(WEIGHT, "layer::w"), numpy_helper.from_array(BIAS, "b")],
    )
    path = tmp_path / "layer.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def imported(model: Path, *flags: str) -> Path:
    output = model.with_suffix(".mlir")
    assert main(parse_arguments([str(model), "-o", str(output), *flags])) == 0
    return output


def call(text: Path, *arguments: Any, **parameters: Path) -> Any:
    with gossamer.Pipeline([gossamer.compile(text)], device="local-sync", parameters=parameters) as pipeline:
        (entry,) = pipeline.main.values()
        return np.asarray(entry(*arguments))


def test_text_of_a_model_compiles(model: Path) -> None:
    text = imported(model)

    assert 'torch.operator "onnx.Gemm"' in text.read_text()
    np.testing.assert_allclose(call(text, X), X @ WEIGHT + BIAS, rtol=1e-6)


def test_weights_go_to_a_file(model: Path) -> None:
    text = imported(model, "--externalize-params")

    assert '#flow.parameter.named<"model"::"layer__w"> : tensor<20x10xf32>' in text.read_text()
    weights = text.with_name("layer_params.irpa")
    np.testing.assert_allclose(call(text, X, model=weights), X @ WEIGHT + BIAS, rtol=1e-6)


def test_scope_size_and_file_are_chosen(model: Path, tmp_path: Path) -> None:
    weights = tmp_path / "w.irpa"
    flags = ("--params-scope=net", "--num-elements-threshold=10", f"--save-params-to={weights}")

    text = imported(model, "--externalize-params", *flags)

    assert "onnx.Constant" not in text.read_text()
    np.testing.assert_allclose(call(text, X, net=weights), X @ WEIGHT + BIAS, rtol=1e-6)


def test_inputs_become_parameters(model: Path) -> None:
    text = imported(model, "--externalize-params", "--no-save-params", "--externalize-inputs-threshold=0")

    assert 'named<"model"::"x"> : tensor<2x20xf32>' in text.read_text()
    assert "%arg0" not in text.read_text()
    assert not text.with_name("layer_params.irpa").exists()


def test_opset_is_converted(model: Path) -> None:
    assert "opset_version = 17 : si64" in imported(model).read_text()
    assert "opset_version = 20 : si64" in imported(model, "--opset-version=20").read_text()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--externalize-params"], "needs --save-params-to or --no-save-params"),
        (["--externalize-params", "--no-save-params", "--externalize-inputs-threshold=1"], "inputs 0 to 0"),
        (["--data-dir=/nowhere", "-o", "/nowhere/x.mlir"], "No such file or directory"),
    ],
)
def test_mistakes_are_said_in_a_line(
    model: Path,
    flags: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["iree-import-onnx", str(model), *flags])

    assert command() == 1

    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_no_model_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    path.write_bytes(b"no model")

    with pytest.raises(gossamer.CompileError, match="not an ONNX model"):
        main(parse_arguments([str(path)]))
