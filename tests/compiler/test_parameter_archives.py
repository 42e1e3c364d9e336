"""Weights move between programs and archives of parameters; what a program computes stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gossamer
from gossamer.compiler.options import CompileOptions
from gossamer.errors import CompileError
from gossamer.format.parameters.entries import Splat
from gossamer.format.parameters.index import ParameterIndex

WEIGHT = np.arange(1, 101, dtype=np.float32)
X = np.linspace(-1, 1, 100, dtype=np.float32)
TEXT = f"""
util.global private @bias = dense<0.5> : tensor<100xf32>
util.global private mutable @count = dense<7> : tensor<4xi32>
util.global private @flags = dense<[true, false, true]> : tensor<3xi1>
func.func @apply(%x: tensor<100xf32>) -> (tensor<100xf32>, tensor<4xi32>, tensor<3xi1>) {{
  %w = arith.constant dense<{WEIGHT.tolist()}> : tensor<100xf32>
  %v = arith.constant dense<{WEIGHT.tolist()}> : tensor<100xf32>
  %two = arith.constant dense<2.0> : tensor<100xf32>
  %bias = util.global.load @bias : tensor<100xf32>
  %0 = arith.mulf %x, %w : tensor<100xf32>
  %1 = arith.addf %0, %bias : tensor<100xf32>
  %2 = arith.mulf %1, %two : tensor<100xf32>
  %3 = arith.addf %2, %v : tensor<100xf32>
  %count = util.global.load @count : tensor<4xi32>
  %next = arith.addi %count, %count : tensor<4xi32>
  util.global.store %next, @count : tensor<4xi32>
  %flags = util.global.load @flags : tensor<3xi1>
  return %3, %next, %flags : tensor<100xf32>, tensor<4xi32>, tensor<3xi1>
}}
"""
EXPECTED = (X * WEIGHT + np.float32(0.5)) * 2 + WEIGHT


def options(**fields: Any) -> CompileOptions:
    return CompileOptions(target_device="local", target_backends=("vmvx",), **fields)


def check(pipeline: gossamer.Pipeline) -> None:
    for call in (1, 2):
        result, count, flags = pipeline.apply(X)
        np.testing.assert_allclose(result, EXPECTED, rtol=1e-6)
        np.testing.assert_array_equal(count, [7 * 2**call] * 4)
        np.testing.assert_array_equal(flags, [True, False, True])


def test_weights_go_to_an_archive_and_come_from_it(tmp_path: Path) -> None:
    path = tmp_path / "weights.irpa"
    inline = gossamer.compile_text(TEXT)
    module = gossamer.compile_text(TEXT, options=options(parameter_export=f"m={path}"))

    check(gossamer.Pipeline([inline]))
    check(gossamer.Pipeline([module], parameters={"m": path}))
    index = ParameterIndex()
    index.load(path)
    assert {entry.key: entry.length for entry in index} == {
        "bias": 400,
        "count": 16,
        "flags": 3,
        "constant": 400,
    }
    assert isinstance(index["bias"].storage, Splat)
    assert not isinstance(index["count"].storage, Splat), "programs store to it"


def test_small_values_stay_where_a_size_is_given(tmp_path: Path) -> None:
    path = tmp_path / "weights.irpa"
    chosen = options(parameter_export=str(path), parameter_export_minimum_size=400)
    module = gossamer.compile_text(TEXT, options=chosen)

    check(gossamer.Pipeline([module], parameters={"": path}))
    index = ParameterIndex()
    index.load(path)
    assert {entry.key for entry in index} == {"bias", "constant"}


def test_weights_stay_in_memory_where_asked() -> None:
    module = gossamer.compile(TEXT, weights="parameters")

    assert module.parameters is not None
    check(gossamer.Pipeline([module], parameters={"model": module.parameters}))
    assert len(module) < len(gossamer.compile(TEXT)) - 300


def test_a_module_is_saved_with_its_parameters(tmp_path: Path) -> None:
    gossamer.compile(TEXT, weights="parameters").save(tmp_path / "m.vmfb")

    check(gossamer.Pipeline([tmp_path / "m.vmfb"], parameters={"model": tmp_path / "m.irpa"}))


PARAMETERS = """
util.global private @weight = #flow.parameter.named<"m"::"w"> : tensor<4xf32>
util.global private @splat = #flow.parameter.named<"m"::"s"> : tensor<4xf32>
util.global private mutable @count = #flow.parameter.named<"c"> : tensor<2xi64>
func.func @apply(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<2xi64>) {
  %w = util.global.load @weight : tensor<4xf32>
  %s = util.global.load @splat : tensor<4xf32>
  %0 = arith.mulf %x, %w : tensor<4xf32>
  %1 = arith.addf %0, %s : tensor<4xf32>
  %c = util.global.load @count : tensor<2xi64>
  %2 = arith.addi %c, %c : tensor<2xi64>
  util.global.store %2, @count : tensor<2xi64>
  return %1, %2 : tensor<4xf32>, tensor<2xi64>
}
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    index = ParameterIndex()
    index.add_buffer("w", np.array([1, 2, 3, 4], np.float32))
    index.add_splat("s", np.float32(0.5).tobytes(), 16)
    index.add_buffer("c", np.array([5, -6], np.int64))
    from gossamer.format.parameters.write_irpa import write_irpa

    write_irpa(index, tmp_path / "all.irpa")
    return tmp_path / "all.irpa"


def apply_twice(pipeline: gossamer.Pipeline) -> None:
    for call in (1, 2):
        result, count = pipeline.apply(np.ones(4, np.float32))
        np.testing.assert_array_equal(result, [1.5, 2.5, 3.5, 4.5])
        np.testing.assert_array_equal(count, np.array([5, -6]) * 2**call)


def test_parameters_become_part_of_the_module(archive: Path) -> None:
    chosen = options(
        parameter_import=(f"m={archive}", str(archive)),
        parameter_import_keys=("s", "c"),
        parameter_import_maximum_size=16,
    )
    apply_twice(gossamer.Pipeline([gossamer.compile_text(PARAMETERS, options=chosen)]))


def test_those_that_are_not_asked_for_stay_parameters(archive: Path) -> None:
    chosen = options(parameter_import=(f"m={archive}",), parameter_import_keys=("w",))
    module = gossamer.compile_text(PARAMETERS, options=chosen)

    with pytest.raises(gossamer.StatusError, match="'s'"):
        gossamer.Pipeline([module], parameters={"m": {}, "": archive})
    splat = {"s": np.full(4, 0.5, np.float32)}
    apply_twice(gossamer.Pipeline([module], parameters={"m": splat, "": archive}))


def test_a_parameter_of_another_size_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", w=np.ones(5, np.float32))
    chosen = options(parameter_import=(f"m={tmp_path / 'w.npz'}",), parameter_import_keys=("w",))
    with pytest.raises(CompileError, match="parameter 'w' has 20 bytes, and tensor<4xf32> takes 16"):
        gossamer.compile_text(PARAMETERS, options=chosen)


def test_an_archive_that_is_missing_is_named(tmp_path: Path) -> None:
    chosen = options(parameter_import=(str(tmp_path / "none.irpa"),))
    with pytest.raises(CompileError, match=r"parameters cannot be read from '.*none.irpa'"):
        gossamer.compile_text(PARAMETERS, options=chosen)


def test_an_archive_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    chosen = options(parameter_export=str(tmp_path / "missing" / "w.irpa"))
    with pytest.raises(CompileError, match="cannot write"):
        gossamer.compile_text(TEXT, options=chosen)
