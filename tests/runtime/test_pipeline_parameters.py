"""Pipelines whose modules load parameters: from files, indices and arrays, by scope."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gossamer
from gossamer.errors import FormatError, InvalidArgumentError, NotFoundError, OutOfRangeError
from gossamer.format.parameters.write_irpa import write_irpa
from parameter_files import safetensors_file

_SCALED = """
builtin.module @scaled {
  util.global private mutable @state = #flow.parameter.named<"state"> : tensor<4xf32>
  util.global private @weight = #flow.parameter.named<"model"::"weight"> : tensor<4xf32>
  util.global private @bias = #flow.parameter.named<"model"::"bias"> : tensor<4xf32>
  util.global private @doubled : tensor<4xf32>
  util.initializer {
    %weight = util.global.load @weight : tensor<4xf32>
    %0 = arith.addf %weight, %weight : tensor<4xf32>
    util.global.store %0, @doubled : tensor<4xf32>
    util.return
  }
  func.func @step(%x: tensor<4xf32>) -> tensor<4xf32> {
    %state = util.global.load @state : tensor<4xf32>
    %doubled = util.global.load @doubled : tensor<4xf32>
    %bias = util.global.load @bias : tensor<4xf32>
    %0 = arith.mulf %x, %doubled : tensor<4xf32>
    %1 = arith.addf %0, %bias : tensor<4xf32>
    %2 = arith.addf %1, %state : tensor<4xf32>
    util.global.store %2, @state : tensor<4xf32>
    return %2 : tensor<4xf32>
  }
}
"""
_WEIGHT = np.array([1, 2, 3, 4], np.float32)
_STATE = np.array([100, 100, 100, 100], np.float32)
_ONES = np.ones(4, np.float32)


@pytest.fixture(scope="module")
def scaled() -> bytes:
    return gossamer.compile_text(_SCALED)


@pytest.fixture(scope="module")
def scaled_async() -> bytes:
    return gossamer.compile_text(_SCALED, asynchronous=True)


@pytest.fixture(params=["local-sync", "local-task"])
def device(request: pytest.FixtureRequest) -> str:
    return request.param


def _arrays() -> dict[str, Any]:
    return {"": {"state": _STATE}, "model": {"weight": _WEIGHT, "bias": np.full(4, 0.5, np.float32)}}


def _expected(calls: int) -> list[float]:
    return [100 + calls * (2 * weight + 0.5) for weight in (1, 2, 3, 4)]


def test_arrays(scaled: bytes, device: str) -> None:
    pipeline = gossamer.Pipeline([scaled], device=device, parameters=_arrays())
    assert pipeline.step(_ONES).tolist() == _expected(1)
    assert pipeline.step(_ONES).tolist() == _expected(2)
    assert _STATE.tolist() == [100] * 4
    np.testing.assert_array_equal(pipeline.state["scaled.weight"], _WEIGHT)


def test_asynchronous_functions(scaled_async: bytes, device: str) -> None:
    pipeline = gossamer.Pipeline([scaled_async], device=device, parameters=_arrays())
    first, second = pipeline.step(_ONES), pipeline.step(_ONES)
    assert second.result(10).tolist() == _expected(2)
    assert first.result(10).tolist() == _expected(1)


def test_state_is_each_pipelines_own(scaled: bytes, device: str) -> None:
    index = gossamer.ParameterIndex()
    index.add_splat("state", np.float32(100).tobytes(), 16)
    parameters = {**_arrays(), "": index}
    first = gossamer.Pipeline([scaled], device=device, parameters=parameters)
    first.step(_ONES)
    forked = first.fork()
    second = gossamer.Pipeline([scaled], device=device, parameters=parameters)
    assert forked.step(_ONES).tolist() == _expected(2)
    assert second.step(_ONES).tolist() == _expected(1)
    assert first.step(_ONES).tolist() == _expected(2)


def test_files_of_one_scope(scaled: bytes, tmp_path: Path) -> None:
    np.save(tmp_path / "weight.npy", _WEIGHT)
    data = safetensors_file({"bias": ("F32", (4,), np.full(4, 0.5, np.float32).tobytes())})
    (tmp_path / "rest.safetensors").write_bytes(data)
    index = gossamer.ParameterIndex()
    index.add_splat("state", np.float32(100).tobytes(), 16)
    write_irpa(index, tmp_path / "state.irpa")
    pipeline = gossamer.Pipeline(
        [scaled],
        device="local-sync",
        parameters={
            "": str(tmp_path / "state.irpa"),
            "model": [tmp_path / "weight.npy", tmp_path / "rest.safetensors"],
        },
    )
    assert pipeline.step(_ONES).tolist() == _expected(1)


def test_constants_share_the_memory_of_arrays() -> None:
    module = gossamer.compile_text("""
util.global private @w = #flow.parameter.named<"w"> : tensor<16xf32>
func.func @sum(%x: tensor<16xf32>) -> tensor<16xf32> {
  %w = util.global.load @w : tensor<16xf32>
  %0 = arith.addf %w, %x : tensor<16xf32>
  return %0 : tensor<16xf32>
}""")
    storage = np.zeros(32 * 4, np.float32)
    start = -storage.ctypes.data % 64 // 4
    weight = storage[start : start + 16]
    pipelines = [
        gossamer.Pipeline([module], device="local-sync", parameters={"": {"w": weight}}) for _ in range(2)
    ]
    weight[:] = 3
    for pipeline in pipelines:
        assert pipeline.sum(np.ones(16, np.float32)).tolist() == [4] * 16


def test_missing_parameters(scaled: bytes) -> None:
    def load(parameters: dict[str, Any] | None) -> str:
        with pytest.raises(NotFoundError) as raised:
            gossamer.Pipeline([scaled], device="local-sync", parameters=parameters)
        return str(raised.value)

    assert "no provider registered that handles scopes like ''; no parameters were given" in load(None)
    assert "there are parameters for 'model'" in load({"model": {}})
    near = load({**_arrays(), "model": {"weights": _WEIGHT, "bias": _WEIGHT}})
    assert "'weight'; did you mean 'weights'?; in parameters of scope 'model'" in near
    assert "in parameters without a scope" in load({**_arrays(), "": {}})
    assert "failed to open file 'absent.irpa'" in load({"": "absent.irpa"})


def test_wrong_parameters(scaled: bytes, tmp_path: Path) -> None:
    short = {**_arrays(), "model": {"weight": _WEIGHT[:3], "bias": _WEIGHT}}
    with pytest.raises(OutOfRangeError, match="`weight` range out of bounds"):
        gossamer.Pipeline([scaled], device="local-sync", parameters=short)
    (tmp_path / "bad.irpa").write_bytes(b"IRPA")
    with pytest.raises(FormatError, match="irpa at byte 0"):
        gossamer.Pipeline([scaled], device="local-sync", parameters={"": tmp_path / "bad.irpa"})
    with pytest.raises(InvalidArgumentError, match="holds no parameters"):
        gossamer.Pipeline([scaled], parameters={"": 5})  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidArgumentError, match="no array of numbers"):
        gossamer.Pipeline([scaled], parameters={"": {"state": object()}})


def test_parameters_that_nothing_reads_need_not_be_there() -> None:
    module = gossamer.compile_text("""
util.global private @w = #flow.parameter.named<"w"> : tensor<16xf32>
func.func @one() -> i32 {
  %0 = arith.constant 1 : i32
  return %0 : i32
}""")
    assert gossamer.Pipeline([module], device="local-sync").one() == 1


def test_keys_that_are_no_text() -> None:
    module = gossamer.compile_text(r"""
util.global private @w = #flow.parameter.named<"a\22b"::"k\0A\FF"> : tensor<1xi32>
func.func @value() -> tensor<1xi32> {
  %w = util.global.load @w : tensor<1xi32>
  return %w : tensor<1xi32>
}""")
    key = b"k\n\xff".decode("utf-8", "surrogateescape")
    parameters = {'a"b': {key: np.array([7], np.int32)}}
    assert gossamer.Pipeline([module], device="local-sync", parameters=parameters).value().tolist() == [7]
