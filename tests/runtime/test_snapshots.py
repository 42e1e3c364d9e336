"""Snapshots say what they are of: they go back whole, by name, or not at all; and they leave the process."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest

import gossamer

X = np.ones(4, np.float32)


def model(scale: float, *, version: int = 0, extra: str = "") -> bytes:
    attribute = f" attributes {{vm.version = {version} : i32}}" if version else ""
    return gossamer.compile_text(
        f"""
        builtin.module @model{attribute} {{
          util.global private mutable @calls = 0 : i32
          {extra}
          util.global private mutable @sum = dense<0.0> : tensor<4xf32>
          func.func @f(%x: tensor<4xf32>) -> (tensor<4xf32>, i32) {{
            %w = arith.constant dense<{float(scale)}> : tensor<4xf32>
            %c = util.global.load @calls : i32
            %one = arith.constant 1 : i32
            %n = arith.addi %c, %one : i32
            util.global.store %n, @calls : i32
            %s = util.global.load @sum : tensor<4xf32>
            %t = arith.addf %s, %x : tensor<4xf32>
            util.global.store %t, @sum : tensor<4xf32>
            %r = arith.mulf %t, %w : tensor<4xf32>
            return %r, %n : tensor<4xf32>, i32
          }}
        }}"""
    )


EXTRA = "util.global private mutable @extra = 7 : i32"


def called(data: bytes, times: int) -> gossamer.Pipeline:
    pipeline = gossamer.Pipeline([data], device="local-sync")
    for _ in range(times):
        pipeline.f(X)
    return pipeline


def test_a_snapshot_goes_back_to_the_same_content_loaded_again() -> None:
    old, new = called(model(2), 3), called(model(2), 0)

    new.state.restore(old.state.snapshot())

    value, calls = new.f(X)
    np.testing.assert_array_equal(value, 8 * X)
    assert calls == 4


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (model(3), "version 0 of other content"),
        (model(2, extra=EXTRA), "global extra: absent there, i32 here"),
        (
            model(2, extra="util.global private mutable @wide = 7 : i64"),
            "global wide: absent there, i64 here",
        ),
    ],
    ids=["weights", "global", "wide"],
)
def test_another_version_is_refused_with_the_difference(other: bytes, reason: str) -> None:
    snapshot = called(model(2), 3).state.snapshot()
    new = called(other, 1)

    with pytest.raises(gossamer.StatusError, match="another version of module 'model'") as raised:
        new.state.restore(snapshot)

    assert reason in str(raised.value)
    assert new.state["model.calls"] == 1


@pytest.mark.parametrize("extra", ["", EXTRA], ids=["same", "more"])
def test_another_version_takes_over_by_name_when_asked(extra: str) -> None:
    snapshot = called(model(2), 3).state.snapshot()
    new = called(model(5, extra=extra), 1)

    new.state.restore(snapshot, by_name=True)

    value, calls = new.f(X)
    np.testing.assert_array_equal(value, 20 * X)
    assert calls == 4
    if extra:
        assert new.state["model.extra"] == 7


def test_a_global_of_another_type_is_not_taken_over() -> None:
    snapshot = called(model(2, extra=EXTRA), 1).state.snapshot()
    new = called(model(2, extra="util.global private mutable @extra = 9 : i64"), 0)

    new.state.restore(snapshot, by_name=True)

    assert new.state["model.extra"] == 9
    assert new.state["model.calls"] == 1


def test_other_modules_are_refused() -> None:
    with pytest.raises(gossamer.StatusError, match="snapshot is of modules"):
        called(model(2), 0).state.restore(gossamer.Pipeline([Log]).state.snapshot())


@gossamer.module("log")
class Log:
    def __init__(self) -> None:
        self.lines: list[str] = []

    @gossamer.export
    def add(self, number: Annotated[int, "i32"]) -> Annotated[int, "i32"]:
        self.lines.append(str(number))
        return len(self.lines)


def test_a_pickled_snapshot_is_restored() -> None:
    old = gossamer.Pipeline([model(2), Log], device="local-sync")
    old.modules["model"].f(X)
    old.add(1)
    data = pickle.dumps(old.state.snapshot())
    new = gossamer.Pipeline([model(2), Log], device="local-task")

    new.state.restore(pickle.loads(data))
    new.state.restore(pickle.loads(data))

    np.testing.assert_array_equal(new.modules["model"].f(X)[0], 4 * X)
    assert new.add(1) == 2
    with pytest.raises(gossamer.StatusError, match="another version"):
        gossamer.Pipeline([model(3), Log]).state.restore(pickle.loads(data))


def test_a_saved_state_is_loaded_in_another_pipeline(tmp_path: Path) -> None:
    path = tmp_path / "model.state"
    called(model(2), 3).state.save(path)
    called(model(2), 3).state.save(tmp_path / "again.state")
    new = called(model(2), 0)

    new.state.load(path)

    assert new.f(X)[1] == 4
    assert path.read_bytes() == (tmp_path / "again.state").read_bytes()
    other = called(model(5), 0)
    with pytest.raises(gossamer.StatusError, match="another version"):
        other.state.load(path)
    other.state.load(path, by_name=True)
    assert other.f(X)[1] == 4


def test_python_objects_are_only_read_from_files_that_are_trusted(tmp_path: Path) -> None:
    path = tmp_path / "log.state"
    old, new = gossamer.Pipeline([Log]), gossamer.Pipeline([Log])
    old.add(5)
    old.state.save(path)

    with pytest.raises(gossamer.StatusError, match=r"log\.lines is a Python object"):
        new.state.load(path)
    new.state.load(path, allow_pickle=True)

    assert new.add(6) == 2


@pytest.mark.parametrize("contents", [b"", b"PK\3\4", b"no state", b"\0" * 500])
def test_files_that_are_no_states(tmp_path: Path, contents: bytes) -> None:
    path = tmp_path / "bad.state"
    path.write_bytes(contents)

    with pytest.raises(gossamer.StatusError, match="is no state file"):
        called(model(2), 0).state.load(path)


def test_constants_are_not_saved(tmp_path: Path) -> None:
    data = gossamer.compile_text(
        """
        builtin.module @big {
          util.global private @w = dense<1.5> : tensor<65536xf32>
          util.global private mutable @n = 0 : i32
          func.func @f(%i: index) -> f32 {
            %w = util.global.load @w : tensor<65536xf32>
            %0 = tensor.extract %w[%i] : tensor<65536xf32>
            return %0 : f32
          }
        }"""
    )
    path = tmp_path / "big.state"

    gossamer.Pipeline([data]).state.save(path)

    assert path.stat().st_size < 4096
