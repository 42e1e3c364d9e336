"""Every export is reached by its name, whatever it is called, and its arguments by theirs."""

from __future__ import annotations

import inspect
import pydoc
from typing import Annotated

import numpy as np
import pytest

import gossamer
from gossamer.errors import InvalidArgumentError, NotFoundError
from gossamer.hal.memory.buffer_view import BufferView

HIDDEN = ("main", "get", "keys", "items", "values", "name", "fork", "state", "close", "functions", "modules")
"""Names of exports that are names of ours, too."""


def _functions(names: tuple[str, ...]) -> str:
    return "".join(
        f"func.func @{name}(%x: i32) -> i32 {{ %k = arith.constant {index} : i32\n"
        f"%r = arith.addi %x, %k : i32\n return %r : i32 }}\n"
        for index, name in enumerate(names)
    )


@pytest.fixture(scope="module")
def hidden() -> gossamer.Pipeline:
    text = f"module @speech.v2 {{\n{_functions(HIDDEN)}}}"
    return gossamer.Pipeline([gossamer.compile_text(text)], device="local-sync")


@pytest.mark.parametrize("name", HIDDEN)
def test_no_export_is_hidden_by_a_name_of_ours(hidden: gossamer.Pipeline, name: str) -> None:
    expected = HIDDEN.index(name) + 10

    assert hidden[name](10) == expected
    assert hidden[f"speech.v2.{name}"](10) == expected
    assert getattr(hidden.functions, name)(10) == expected
    assert hidden.functions[name](10) == expected
    assert getattr(hidden.modules["speech.v2"].functions, name)(10) == expected


def test_main_is_the_module_and_calls_its_function(hidden: gossamer.Pipeline) -> None:
    assert hidden.main(10) == 10
    assert hidden.main.name == "speech.v2"
    assert hidden(10) == 10


def test_a_module_of_one_function_is_callable() -> None:
    text = f"module @only {{\n{_functions(('encode',))}}}"
    with gossamer.Pipeline([gossamer.compile_text(text)], device="local-sync") as pipeline:
        assert pipeline(3) == pipeline.main(3) == pipeline.modules["only"](3) == 3


def test_a_module_of_several_functions_says_which_there_are() -> None:
    text = f"module @two {{\n{_functions(('encode', 'decode'))}}}"
    with (
        gossamer.Pipeline([gossamer.compile_text(text)], device="local-sync") as pipeline,
        pytest.raises(InvalidArgumentError, match=r"2 functions \(.*\) and none is called main"),
    ):
        pipeline(1)


def test_a_name_that_nothing_has_is_said(hidden: gossamer.Pipeline) -> None:
    with pytest.raises(
        NotFoundError, match=r"module 'speech\.v2' has no function 'decode'; it has main, get"
    ):
        hidden["decode"]
    with pytest.raises(AttributeError, match="has no function 'decode'"):
        _ = hidden.functions.decode


def test_completion_lists_functions(hidden: gossamer.Pipeline) -> None:
    assert set(dir(hidden.functions)) == set(HIDDEN)
    assert set(HIDDEN) <= set(dir(hidden)) & set(dir(hidden.main))


I32 = Annotated[int, "i32"]


@gossamer.module("front.end")
class FrontEnd:
    @gossamer.imports("speech.v2.encode")
    def encode(self, x: I32) -> I32: ...

    @gossamer.export
    def run(self, x: I32) -> I32:
        return self.encode(x)


ENCODER = "module @speech.v2 { func.func @encode(%x: i32) -> i32 { return %x : i32 } }"
IMPORTER = """module @compiled.importer {
  func.func private @speech.v2.encode(%x: i32) -> i32
  func.func @run(%x: i32) -> i32 {
    %r = call @speech.v2.encode(%x) : (i32) -> i32
    return %r : i32
  }
}"""


def test_modules_with_dots_are_imported_and_replaced() -> None:
    sources = [gossamer.compile_text(ENCODER), gossamer.compile_text(IMPORTER), FrontEnd]
    with gossamer.Pipeline(sources, device="local-sync") as pipeline:
        assert pipeline.run(7) == 7
        assert pipeline["compiled.importer.run"](8) == 8
        doubled = ENCODER.replace("return %x", "%d = arith.addi %x, %x : i32\nreturn %d")
        pipeline.replace("speech.v2", gossamer.compile_text(doubled))
        assert pipeline.run(7) == pipeline["compiled.importer.run"](7) == 14


def test_of_two_modules_the_longer_name_is_meant() -> None:
    short = "module @speech { func.func @v2.encode(%x: i32) -> i32 { return %x : i32 } }"
    longer = ENCODER.replace("return %x", "%d = arith.addi %x, %x : i32\nreturn %d")
    sources = [gossamer.compile_text(short), gossamer.compile_text(longer), FrontEnd]
    with gossamer.Pipeline(sources, device="local-sync") as pipeline:
        assert pipeline.run(7) == pipeline["speech.v2.encode"](7) == 14
        assert pipeline.modules["speech"]["v2.encode"](7) == 7


NAMED = """
#loc = loc("elsewhere.py":2:3)
func.func @step(%chunk: tensor<4xf32>, %arg1: f32, %0: i32 loc("gain"), %wait: i1 loc(#loc)) -> i1 {
  return %wait : i1
}
func.func @given(%chunk: tensor<4xf32> {iree.abi.name = "signal_in"}, %chunk2: i32, %wait: i32) -> i32 {
  return %chunk2 : i32
}
"""


@pytest.fixture(scope="module")
def named() -> gossamer.Pipeline:
    return gossamer.Pipeline([gossamer.compile_text(NAMED)], device="local-sync")


def test_arguments_have_the_names_of_the_source(named: gossamer.Pipeline) -> None:
    assert [value.name for value in named.step.inputs] == ["chunk", "input1", "gain", "input3"]
    assert [value.name for value in named.given.inputs] == ["signal_in", "chunk2", "input2"]


def test_arguments_are_given_by_name_or_by_place(named: gossamer.Pipeline) -> None:
    chunk = np.zeros(4, np.float32)

    assert named.step(input3=True, gain=2, input1=1.0, chunk=chunk) is True
    assert named.step(chunk, input2=2, input1=1.0, input3=False) is False
    with pytest.raises(InvalidArgumentError, match="got argument 'input2' twice"):
        named.step(chunk, 1.0, 2, input2=2, input3=False)
    with pytest.raises(InvalidArgumentError, match=r"argument chunk of module\.step has shape 3, expected 4"):
        named.step(chunk[:3], 1.0, 2, True)


def test_help_shows_the_function(named: gossamer.Pipeline) -> None:
    assert (
        str(inspect.signature(named.given))
        == "(signal_in: 'tensor<4xf32>', chunk2: 'i32', input2: 'i32') -> 'i32'"
    )
    assert "module.given(signal_in: 'tensor<4xf32>', " in pydoc.render_doc(named.given)


def test_truth_values_are_bool(named: gossamer.Pipeline) -> None:
    assert named.step.outputs[0].dtype == np.bool_
    assert named.step.inputs[3].dtype == np.bool_


def test_a_rank_that_does_not_fit_names_the_argument() -> None:
    text = "func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> { return %x : tensor<?xf32> }"
    with gossamer.Pipeline([gossamer.compile_text(text)], device="local-sync") as pipeline:
        with pytest.raises(InvalidArgumentError, match=r"argument x of module\.f has shape"):
            pipeline.f(np.float32(1))
        view = BufferView.from_numpy(np.array(1, np.float32), pipeline.devices[0].allocator)
        with pytest.raises(InvalidArgumentError, match="input0 shape rank mismatch; expected 1 but have 0"):
            pipeline.f.function(view)


def test_globals_of_the_compiler_are_no_state() -> None:
    text = """func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
      %r = arith.addf %x, %x : tensor<4xf32>
      return %r : tensor<4xf32>
    }"""
    with gossamer.Pipeline([gossamer.compile_text(text)], device="local-sync") as pipeline:
        assert dict(pipeline.state) == {}
