"""Imports that may be missing, and what is called instead."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pytest

import gossamer
from gossamer.errors import CompileError
from gossamer.vm.link.link_errors import ModuleVersionError

PROGRAM = """
module @program {{
  func.func private @one.scale(tensor<?xi32>) -> tensor<?xi32> attributes {{vm.fallback = @two.scale{model}}}
  func.func private @two.scale(tensor<?xi32>) -> tensor<?xi32> attributes {{vm.fallback = @scale{model}}}
  func.func private @scale(%value: tensor<?xi32>) -> tensor<?xi32> {{
    %0 = arith.addi %value, %value : tensor<?xi32>
    return %0 : tensor<?xi32>
  }}
  func.func @run(%value: tensor<?xi32>, %times: index) -> tensor<?xi32> {{
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %0 = scf.for %i = %c0 to %times step %c1 iter_args(%x = %value) -> tensor<?xi32> {{
      %1 = arith.addi %x, %value : tensor<?xi32>
      %2 = func.call @one.scale(%1) : (tensor<?xi32>) -> tensor<?xi32>
      scf.yield %2 : tensor<?xi32>
    }}
    return %0 : tensor<?xi32>
  }}
}}
"""
Vector = Annotated[np.ndarray, "?xi32"]


@gossamer.module("one")
class One:
    @gossamer.export
    def scale(self, value: Vector) -> Vector:
        return value * 5


@gossamer.module("two")
class Two:
    @gossamer.export
    def scale(self, value: Vector) -> Vector:
        return value * 3


@gossamer.module("one")
class OneWithoutScale:
    @gossamer.export
    def other(self) -> None: ...


@gossamer.module("one")
class AsyncOne:
    @gossamer.export
    async def scale(self, value: Vector) -> Vector:
        return value * 5


@pytest.mark.parametrize(
    ("modules", "factor"),
    [((One, Two), 5), ((Two,), 3), ((OneWithoutScale, Two), 3), ((), 2)],
    ids=["import", "fallback import", "module without it", "own function"],
)
@pytest.mark.parametrize("device", ["local-sync", "local-task"])
def test_what_is_found_first_is_called(modules: tuple[type, ...], factor: int, device: str) -> None:
    program = gossamer.compile_text(PROGRAM.format(model=""))
    pipeline = gossamer.Pipeline([*modules, program], device=device)
    value = np.arange(5, dtype=np.int32)

    result = pipeline.run(value, 3)

    expected = value
    for _ in range(3):
        expected = (expected + value) * factor
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize(("modules", "factor"), [((AsyncOne,), 5), ((), 2)], ids=["import", "own function"])
@pytest.mark.parametrize("asynchronous", [False, True])
def test_asynchronous_imports_have_fallbacks(
    modules: tuple[type, ...], factor: int, asynchronous: bool
) -> None:
    text = PROGRAM.format(model=', iree.abi.model = "coarse-fences"')
    program = gossamer.compile_text(text, asynchronous=asynchronous)
    pipeline = gossamer.Pipeline([*modules, program], device="local-task")

    result = pipeline.run(np.ones(2, np.int32), 2)

    values = result.result() if asynchronous else result
    np.testing.assert_array_equal(values, np.full(2, (2 * factor + 1) * factor))


def test_a_module_that_is_replaced_brings_the_import() -> None:
    pipeline = gossamer.Pipeline([OneWithoutScale, gossamer.compile_text(PROGRAM.format(model=""))])
    value = np.ones(2, np.int32)
    before = np.array(pipeline.run(value, 1))

    pipeline.replace("one", One)

    np.testing.assert_array_equal(before, [4, 4])
    np.testing.assert_array_equal(pipeline.run(value, 1), [10, 10])


REGISTERS = """
func.func private @host.half(index) -> index attributes {vm.signature = (i32) -> i32, vm.version = 3 : i32}
func.func @half(%a: index) -> index {
  %0 = call @host.half(%a) : (index) -> index
  return %0 : index
}
"""


class _Halves:
    @gossamer.export
    def half(self, value: Annotated[int, "i32"]) -> Annotated[int, "i32"]:
        return value // 2


def test_an_import_says_what_registers_it_is_passed_in() -> None:
    halves = gossamer.module("host", version=3)(type("Halves", (_Halves,), {}))
    pipeline = gossamer.Pipeline([halves, gossamer.compile_text(REGISTERS)])

    assert pipeline.half(-10) == -5


def test_an_import_says_what_version_has_it() -> None:
    halves = gossamer.module("host", version=2)(type("Halves", (_Halves,), {}))

    with pytest.raises(ModuleVersionError, match="needs host in version 3 or later"):
        gossamer.Pipeline([halves, gossamer.compile_text(REGISTERS)])


@pytest.mark.parametrize(
    ("declarations", "message"),
    [
        (
            "func.func private @lib.missing(i32) -> i32 attributes {vm.fallback = @nothing}",
            "'vm.fallback' of '@lib.missing' is @nothing, which is no function of this module",
        ),
        (
            "func.func private @lib.wider(i32) -> i32 attributes {vm.fallback = @wide}\n"
            "func.func private @wide(%a: i64) -> i64 { return %a : i64 }",
            "fallback '@wide' of '@lib.wider' has type (i64) -> i64, expected (i32) -> i32",
        ),
        (
            "func.func private @lib.one() attributes {vm.fallback = @lib.two}\n"
            "func.func private @lib.two() attributes {vm.fallback = @lib.one}",
            "fallbacks lead back to where they started: @lib.one -> @lib.two -> @lib.one",
        ),
        (
            "func.func private @lib.float(f32) attributes {vm.signature = (i32) -> ()}",
            "'vm.signature' has i32 for f32, which are passed in different ways",
        ),
        (
            "func.func private @lib.short(index, index) attributes {vm.signature = (i32) -> ()}",
            "'vm.signature' (i32) -> () has other arguments or results than (index, index) -> ()",
        ),
        (
            'func.func private @lib.new() attributes {vm.version = "new"}',
            "'vm.version' is \"new\", expected a number",
        ),
    ],
)
def test_declarations_of_imports_that_make_no_sense(declarations: str, message: str) -> None:
    with pytest.raises(CompileError) as raised:
        gossamer.compile_text(declarations)

    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.message == message
    assert diagnostic.hint
    assert diagnostic.location is not None
    assert diagnostic.location.line == 1
