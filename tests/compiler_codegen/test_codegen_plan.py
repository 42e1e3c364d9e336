"""What is decided about a kernel when its dispatch is formed."""

from __future__ import annotations

import pytest

from gossamer.compiler import flow
from gossamer.compiler.codegen import KernelSource, plan
from gossamer.compiler.kernel_interface import Binding, ConstantSource, CountExpr
from gossamer.compiler.mlir import parse_text
from gossamer.errors import CompileError


def plan_only(body: str) -> KernelSource:
    """Plan the one dispatch of a program."""
    program = flow.run(parse_text(body))
    (executable,) = program.executables.values()
    return plan(executable)


def test_operands_and_results_are_bindings_and_sizes_that_agree_are_one_constant() -> None:
    source = plan_only("""
        func.func @f(%a: tensor<?xf32>, %b: tensor<?xf32>, %n: index) -> tensor<?xf32> {
          %init = tensor.empty(%n) : tensor<?xf32>
          %0 = linalg.add ins(%a, %b : tensor<?xf32>, tensor<?xf32>) outs(%init : tensor<?xf32>)
               -> tensor<?xf32>
          return %0 : tensor<?xf32>
        }""")
    size = ConstantSource("result_dim", 0)

    assert [(binding.kind, binding.access) for binding in source.interface.bindings] == [
        ("operand", "ro"),
        ("operand", "ro"),
        ("result", "wo"),
    ]
    assert source.interface.constants == (size,)
    assert set(source.sizes.values()) == {size}


def test_a_size_that_no_result_has_is_passed_once() -> None:
    source = plan_only("""
        func.func @f(%a: tensor<4x?xf32>, %b: tensor<?x8xf32>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
          %0 = linalg.matmul ins(%a, %b : tensor<4x?xf32>, tensor<?x8xf32>) outs(%c : tensor<4x8xf32>)
               -> tensor<4x8xf32>
          return %0 : tensor<4x8xf32>
        }""")
    inner = ConstantSource("operand_dim", 0, 1)

    assert source.interface.constants == (inner,)
    assert source.sizes == {inner: inner, ConstantSource("operand_dim", 1, 0): inner}


def test_a_size_that_another_operand_states_is_no_constant() -> None:
    source = plan_only("""
        func.func @f(%a: tensor<4x?xf32>, %b: tensor<16x8xf32>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
          %0 = linalg.matmul ins(%a, %b : tensor<4x?xf32>, tensor<16x8xf32>) outs(%c : tensor<4x8xf32>)
               -> tensor<4x8xf32>
          return %0 : tensor<4x8xf32>
        }""")

    assert source.interface.constants == ()
    assert source.sizes == {ConstantSource("operand_dim", 0, 1): 16}


def test_scalars_come_before_sizes() -> None:
    source = plan_only(
        """
        func.func @f(%a: tensor<?xf32>, %x: f32) -> tensor<?xf32> {
          %0 = tensor.generate %n {
          ^bb0(%i: index):
            %element = tensor.extract %a[%i] : tensor<?xf32>
            %sum = arith.addf %element, %x : f32
            tensor.yield %sum : f32
          } : tensor<?xf32>
          return %0 : tensor<?xf32>
        }""".replace("%x: f32)", "%x: f32, %n: index)")
    )

    scalar, *sizes = source.interface.constants
    assert (scalar.kind, scalar.type, scalar.word_count) == ("operand", "f32", 1)
    assert {size.kind for size in sizes} == {"result_dim", "operand_dim"}
    assert source.interface.constant_word_count == 1 + 2 * len(sizes)


@pytest.mark.parametrize(
    ("shape", "count"),
    [
        ("4xf32", (1, 1, 1)),
        ("200000xf32", (4, 1, 1)),
        ("1000x1000xf32", (16, 1, 1)),
        ("0xf32", (0, 1, 1)),
        ("f32", (1, 1, 1)),
    ],
)
def test_workgroups_share_out_about_the_same_work(shape: str, count: tuple[int, int, int]) -> None:
    source = plan_only(f"""
        func.func @f(%a: tensor<{shape}>, %b: tensor<{shape}>) -> tensor<{shape}> {{
          %0 = arith.addf %a, %b : tensor<{shape}>
          return %0 : tensor<{shape}>
        }}""")

    assert tuple(expr.static_value for expr in source.interface.workgroup_count) == count


def test_rows_that_are_no_one_line_are_shared_out_along_y() -> None:
    source = plan_only("""
        func.func @f(%a: tensor<1000x1000xf32>, %init: tensor<1000x1000xf32>) -> tensor<1000x1000xf32> {
          %0 = linalg.transpose ins(%a : tensor<1000x1000xf32>) outs(%init : tensor<1000x1000xf32>)
               permutation = [1, 0]
          return %0 : tensor<1000x1000xf32>
        }""")

    assert [expr.static_value for expr in source.interface.workgroup_count] == [1, 16, 1]


def test_a_workgroup_count_may_depend_on_the_call() -> None:
    source = plan_only("""
        func.func @f(%a: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?xf32> {
          %0 = arith.addf %a, %b : tensor<?xf32>
          return %0 : tensor<?xf32>
        }""")
    (size,) = source.interface.constants

    columns, *others = source.interface.workgroup_count
    assert columns.factors == (size,)
    assert [columns.evaluate(lambda _, value=value: value) for value in (0, 1, 65536, 65537)] == [0, 1, 1, 2]
    assert others == [CountExpr(), CountExpr()]


def test_planning_changes_nothing() -> None:
    program = flow.run(
        parse_text("""
        func.func @f(%a: tensor<?x4xf32>) -> tensor<4xf32> {
          %zero = arith.constant dense<0.0> : tensor<4xf32>
          %0 = linalg.reduce ins(%a : tensor<?x4xf32>) outs(%zero : tensor<4xf32>) dimensions = [0]
            (%in: f32, %out: f32) {
              %sum = arith.addf %in, %out : f32
              linalg.yield %sum : f32
            }
          return %0 : tensor<4xf32>
        }""")
    )
    (executable,) = program.executables.values()
    before = executable.function.get_asm()

    assert plan(executable) == plan(executable)
    assert executable.function.get_asm() == before
    assert plan(executable).interface.bindings[0] == Binding("operand", 0, "ro")


def test_elements_that_no_kernel_reads_are_refused() -> None:
    with pytest.raises(CompileError, match="kernels cannot read or write tensors of i3"):
        plan_only("""
            func.func @f(%a: tensor<4xi3>) -> tensor<4xi3> {
              %0 = arith.addi %a, %a : tensor<4xi3>
              return %0 : tensor<4xi3>
            }""")
