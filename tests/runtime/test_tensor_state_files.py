"""States in `.safetensors` files: tensors and numbers by name, for other programs too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import ml_dtypes
import numpy as np
import pytest

import gossamer

PROGRAM = """
builtin.module @model {
  util.global private @weight = dense<3.0> : tensor<4xf32>
  util.global private mutable @sum = dense<0.0> : tensor<4xf32>
  util.global private mutable @half = dense<1.5> : tensor<2xbf16>
  util.global private mutable @count = 0 : i32
  func.func @add(%x: tensor<4xf32>) -> (tensor<4xf32>, i32) {
    %weight = util.global.load @weight : tensor<4xf32>
    %sum = util.global.load @sum : tensor<4xf32>
    %product = arith.mulf %x, %weight : tensor<4xf32>
    %next = arith.addf %sum, %product : tensor<4xf32>
    util.global.store %next, @sum : tensor<4xf32>
    %count = util.global.load @count : i32
    %one = arith.constant 1 : i32
    %more = arith.addi %count, %one : i32
    util.global.store %more, @count : i32
    return %next, %more : tensor<4xf32>, i32
  }
  func.func @get() -> tensor<2xbf16> {
    %half = util.global.load @half : tensor<2xbf16>
    util.global.store %half, @half : tensor<2xbf16>
    return %half : tensor<2xbf16>
  }
}
"""
X = np.arange(4, dtype=np.float32)


@pytest.fixture(scope="module")
def module() -> bytes:
    return gossamer.compile_text(PROGRAM)


def written(path: Path, tensors: dict[str, np.ndarray], names: dict[str, str]) -> None:
    """A file as the format's description has it, made by hand."""
    header: dict[str, object] = {}
    data = b""
    for name, array in tensors.items():
        end = len(data) + array.nbytes
        header[name] = {"dtype": names[name], "shape": array.shape, "data_offsets": [len(data), end]}
        data += array.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def test_a_state_goes_to_a_file_and_back(module: bytes, tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    with gossamer.Pipeline([module], device="local-sync") as old:
        old.add(X)
        old.state["model.half"] = np.array([2, 3], ml_dtypes.bfloat16)
        old.state.save(path)
    with gossamer.Pipeline([module], device="local-sync") as new:
        new.state.load(path)
        total, count = new.add(X)
        np.testing.assert_array_equal(total, 6 * X)
        assert count == 2
        np.testing.assert_array_equal(new.get(), np.array([2, 3], ml_dtypes.bfloat16))


def test_the_file_is_as_the_format_says(module: bytes, tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    with gossamer.Pipeline([module], device="local-sync") as pipeline:
        pipeline.add(X)
        pipeline.state.save(path)
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    assert {name: (entry["dtype"], entry["shape"]) for name, entry in header.items()} == {
        "model.sum": ("F32", [4]),
        "model.half": ("BF16", [2]),
        "model.count": ("I32", []),
    }
    begin, end = header["model.sum"]["data_offsets"]
    np.testing.assert_array_equal(np.frombuffer(data[8 + length :][begin:end], np.float32), 3 * X)


NAMES = {"model.sum": "F32", "model.half": "BF16", "model.count": "I32", "other.bias": "F32"}
VALUES = {
    "model.sum": np.full(4, 7, np.float32),
    "model.half": np.ones(2, ml_dtypes.bfloat16),
    "model.count": np.array(5, np.int32),
}


def test_a_file_of_another_program_is_read(module: bytes, tmp_path: Path) -> None:
    path = tmp_path / "made.safetensors"
    written(path, VALUES, NAMES)
    with gossamer.Pipeline([module], device="local-sync") as pipeline:
        pipeline.state.load(path)
        np.testing.assert_array_equal(pipeline.state["model.sum"], VALUES["model.sum"])
        assert pipeline.state["model.count"] == 5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"other.bias": np.ones(1, np.float32)}, "other.bias is only in the file"),
        (
            {"model.sum": np.ones(3, np.float32)},
            r"model.sum is F32 of shape \(3,\) in the file, and tensor<4xf32>",
        ),
        ({"model.sum": np.ones((4, 1), np.float32)}, "model.sum is F32 of shape"),
    ],
    ids=["more", "sizes", "rank"],
)
def test_what_does_not_fit_changes_nothing(
    module: bytes, changes: dict[str, np.ndarray], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "made.safetensors"
    written(path, {**VALUES, **changes}, NAMES)
    with gossamer.Pipeline([module], device="local-sync") as pipeline:
        with pytest.raises(gossamer.StatusError, match=message):
            pipeline.state.load(path)
        assert pipeline.state["model.count"] == 0


def test_by_name_takes_what_is_in_both(module: bytes, tmp_path: Path) -> None:
    path = tmp_path / "made.safetensors"
    written(path, {"model.count": VALUES["model.count"], "other.bias": np.ones(1, np.float32)}, NAMES)
    with gossamer.Pipeline([module], device="local-sync") as pipeline:
        with pytest.raises(gossamer.StatusError, match="by_name=True takes over what is in both"):
            pipeline.state.load(path)
        pipeline.state.load(path, by_name=True)
        assert pipeline.state["model.count"] == 5


@gossamer.module("log")
class Log:
    def __init__(self) -> None:
        self.lines: list[str] = []

    @gossamer.export
    def add(self, number: Annotated[int, "i32"]) -> Annotated[int, "i32"]:
        self.lines.append(str(number))
        return len(self.lines)


def test_what_is_no_tensor_needs_another_file(tmp_path: Path) -> None:
    with (
        gossamer.Pipeline([Log]) as pipeline,
        pytest.raises(gossamer.StatusError, match=r"log\.lines is a list, which is nothing that"),
    ):
        pipeline.state.save(tmp_path / "state.safetensors")


def test_a_tensor_of_unknown_size_comes_back_with_its_own(tmp_path: Path) -> None:
    module = gossamer.compile_text("""
builtin.module @m {
  util.global private mutable @x : tensor<?xf32>
  func.func @set(%x: tensor<?xf32>) {
    util.global.store %x, @x : tensor<?xf32>
    return
  }
  func.func @get() -> tensor<?xf32> {
    %x = util.global.load @x : tensor<?xf32>
    return %x : tensor<?xf32>
  }
}""")
    path = tmp_path / "state.safetensors"
    with gossamer.Pipeline([module]) as old:
        old.set(X)
        old.state.save(path)
    with gossamer.Pipeline([module]) as new:
        new.state.load(path)
        np.testing.assert_array_equal(new.get(), X)
