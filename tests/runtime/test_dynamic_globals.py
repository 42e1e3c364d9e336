"""Globals of dynamic shape are arrays of their type and size, and are set whole or not at all."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gossamer
from gossamer.errors import FormatError, InvalidArgumentError
from gossamer.format.archive import read_module, write_module
from gossamer.format.module_def import GLOBALS_ATTR

TYPES = ["?xf32", "?x3xi64", "2x?x?xi8", "?xi1", "?x?xbf16"]


def _text(type: str, *, name: str = "kept") -> str:
    return f"""
    util.global private mutable @{name} : tensor<{type}>
    func.func @put(%x: tensor<{type}>) {{
      util.global.store %x, @{name} : tensor<{type}>
      return
    }}
    func.func @take() -> tensor<{type}> {{
      %x = util.global.load @{name} : tensor<{type}>
      return %x : tensor<{type}>
    }}"""


def _array(pipeline: gossamer.Pipeline, extent: int) -> Any:
    value = pipeline.put.inputs[0]
    assert value.shape is not None
    shape = [extent if size is None else size for size in value.shape]
    return np.arange(np.prod(shape)).reshape(shape).astype(value.dtype)


@pytest.fixture(params=TYPES)
def pipeline(request: pytest.FixtureRequest) -> gossamer.Pipeline:
    return gossamer.Pipeline([gossamer.compile_text(_text(request.param))], device="local-sync")


@pytest.mark.parametrize("extent", [0, 1, 5])
def test_state_shows_what_the_program_stored(pipeline: gossamer.Pipeline, extent: int) -> None:
    array = _array(pipeline, extent)
    pipeline.put(array)

    found = pipeline.state["module.kept"]

    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("extent", [0, 1, 5])
def test_another_size_is_taken_whole(pipeline: gossamer.Pipeline, extent: int) -> None:
    pipeline.put(_array(pipeline, 2))
    array = _array(pipeline, extent)

    pipeline.state["module.kept"] = array

    np.testing.assert_array_equal(pipeline.take(), array)
    np.testing.assert_array_equal(pipeline.state["module.kept"], array)


def test_a_shape_of_another_type_is_refused_and_nothing_changes(pipeline: gossamer.Pipeline) -> None:
    array = _array(pipeline, 2)
    pipeline.put(array)

    with pytest.raises(
        InvalidArgumentError, match=r"global module\.kept has type tensor<.*>, got shape \(\)"
    ):
        pipeline.state["module.kept"] = 7

    np.testing.assert_array_equal(pipeline.take(), array)


def test_snapshots_and_forks_keep_the_size(pipeline: gossamer.Pipeline, tmp_path: Path) -> None:
    array, other = _array(pipeline, 3), _array(pipeline, 1)
    pipeline.put(array)
    snapshot, fork = pipeline.state.snapshot(), pipeline.fork()
    pipeline.state.save(tmp_path / "state")

    for restore in (
        lambda: pipeline.state.restore(snapshot),
        lambda: pipeline.state.restore(pickle.loads(pickle.dumps(snapshot))),
        lambda: pipeline.state.load(tmp_path / "state"),
    ):
        pipeline.put(other)
        restore()
        np.testing.assert_array_equal(pipeline.take(), array)

    pipeline.put(other)
    np.testing.assert_array_equal(fork.take(), array)


def test_another_version_takes_the_size_over_by_name() -> None:
    old = gossamer.Pipeline([gossamer.compile_text(_text("?xf32"))], device="local-sync")
    new_text = "util.global private mutable @first : tensor<?x?xi32>\n" + _text("?xf32")
    new = gossamer.Pipeline([gossamer.compile_text(new_text)], device="local-sync")
    old.put(np.arange(5, dtype=np.float32))

    new.state.restore(old.state.snapshot(), by_name=True)

    np.testing.assert_array_equal(new.take(), np.arange(5))


def test_without_a_record_of_sizes_only_equal_ones_are_taken() -> None:
    module = read_module(gossamer.compile_text(_text("?xf32")))
    bare = write_module(replace(module, attrs=()))
    with gossamer.Pipeline([bare], device="local-sync") as pipeline:
        pipeline.put(np.arange(3, dtype=np.float32))
        (name,) = (name for name in pipeline.state if "hal.buffer" in name)

        pipeline.state[name] = np.full(3, 7, np.float32)
        np.testing.assert_array_equal(pipeline.take(), [7, 7, 7])
        with pytest.raises(InvalidArgumentError, match="has 12 bytes, got 20: its module does not say"):
            pipeline.state[name] = np.zeros(5, np.float32)


@pytest.mark.parametrize("dims", ["dims=", "dims=x", "dims=-8", "dims=4000", "dims=0,", "dim=0"])
def test_a_wrong_record_of_sizes_is_refused(dims: str) -> None:
    module = read_module(gossamer.compile_text(_text("?xf32")))
    record = dict(module.attrs)[GLOBALS_ATTR]
    start, _, _ = record.partition("dims=")
    changed = write_module(replace(module, attrs=((GLOBALS_ATTR, start + dims),)))

    with pytest.raises(FormatError, match=GLOBALS_ATTR):
        dict(gossamer.Pipeline([changed], device="local-sync").state)
