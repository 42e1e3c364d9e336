"""What compiling a model gives: bytes of a module that say what they are, and how they came about."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest

import gossamer
from gossamer.compiler.compiled_module import CompiledModule, CompileReport, pack, unpack
from gossamer.errors import CompileError

TEXT = """
module @affine {
  func.func @apply(%x: tensor<?x4xf64>, %gain: f64) -> tensor<?x4xf64> {
    %c0 = arith.constant 0 : index
    %rows = tensor.dim %x, %c0 : tensor<?x4xf64>
    %w = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf64>
    %e = tensor.empty(%rows) : tensor<?x4xf64>
    %r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>,
        affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
        ins(%x, %w : tensor<?x4xf64>, tensor<4xf64>) outs(%e : tensor<?x4xf64>) {
    ^bb0(%a: f64, %b: f64, %o: f64):
      %p = arith.mulf %a, %b : f64
      %s = arith.mulf %p, %gain : f64
      linalg.yield %s : f64
    } -> tensor<?x4xf64>
    return %r : tensor<?x4xf64>
  }
}
"""


def test_it_says_what_it_is() -> None:
    module = gossamer.compile(TEXT)

    assert isinstance(module, bytes)
    assert module.name == "affine"
    apply = module.exports["apply"]
    assert [value.type for value in apply.arguments] == ["tensor<?x4xf64>", "f64"]
    assert repr(module).startswith("<CompiledModule affine: sync func @apply(")
    assert len(repr(module)) < 200


def test_element_types_of_the_model_stay() -> None:
    x = np.array([[1e-300, 1.0, np.pi, 1e300]])
    found = gossamer.Pipeline([gossamer.compile(TEXT)]).main(x, 1.0)

    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, x * [1.0, 2.0, 3.0, 4.0])


@pytest.mark.parametrize("target", ["vmvx", "llvm-cpu"])
def test_target_and_name_are_chosen_by_words(target: str) -> None:
    module = gossamer.compile(TEXT, name="mine", target=target)
    pipeline = gossamer.Pipeline([module])

    assert module.name == "mine"
    np.testing.assert_array_equal(pipeline["mine.apply"](np.ones((1, 4)), 2.0), [[2.0, 4.0, 6.0, 8.0]])


def test_the_report_has_counts_and_times() -> None:
    report = gossamer.compile(TEXT, target="llvm-cpu").report

    assert (report.kernels, report.dispatches) == (1, 1)
    assert report.kernel_bytes > 100
    assert set(report.seconds) >= {"input", "flow", "executable-targets", "hal"}
    assert str(report).startswith("1 dispatches of 1 kernels (")


def test_it_is_written_whole_and_loads(tmp_path: Path) -> None:
    module = gossamer.compile(TEXT)
    module.save(tmp_path / "affine.vmfb")

    assert (tmp_path / "affine.vmfb").read_bytes() == module
    assert gossamer.Pipeline([tmp_path / "affine.vmfb"]).main.name == "affine"


def test_it_is_pickled_with_its_report() -> None:
    module = gossamer.compile(TEXT)
    again = pickle.loads(pickle.dumps(module))

    assert (again, again.report) == (module, module.report)


def test_what_is_kept_comes_back_as_it_was() -> None:
    report = CompileReport(kernels=2, dispatches=3, seconds={"flow": 0.5})
    module, messages = unpack(pack(CompiledModule(b"bytes\n\0", report), ["careful"]))

    assert isinstance(module, CompiledModule)
    assert (bytes(module), module.report, messages) == (b"bytes\n\0", report, ["careful"])
    assert unpack(pack(b"text\n", [])) == (b"text\n", [])
    assert not isinstance(unpack(pack(b"text\n", []))[0], CompiledModule)


def test_one_name_is_for_one_module() -> None:
    two = "module @a { func.func @f() { return } }\nmodule @b { func.func @f() { return } }"
    with pytest.raises(CompileError, match="one name, 'mine', was given for 2 modules"):
        gossamer.compile(two, name="mine")


def test_what_no_frontend_takes_is_said() -> None:
    with pytest.raises(CompileError, match="a dict cannot be compiled: no frontend takes it"):
        gossamer.compile({})


def test_names_do_not_change_what_is_kept_for_others() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert gossamer.compile(TEXT, name="first").name == "first"
        assert gossamer.compile(TEXT).name == "affine"
