"""Which family computes a dispatch, and what it decides before there is code."""

from __future__ import annotations

import pytest

from gossamer.compiler import flow
from gossamer.compiler.codegen import plan
from gossamer.compiler.codegen.families.family import Family
from gossamer.compiler.codegen.families.points import Points
from gossamer.compiler.codegen.families.registry import FAMILIES, find_family
from gossamer.compiler.codegen.families.row_reduction import RowReductions
from gossamer.compiler.codegen.families.row_values import RowValues
from gossamer.compiler.codegen.families.scan import Scans
from gossamer.compiler.codegen.families.scatter import Scatters
from gossamer.compiler.codegen.families.sort import Sorts
from gossamer.compiler.mlir import ir, parse_text
from gossamer.compiler.tensor.operations import OPERATIONS
from gossamer.errors import InternalError

ELEMENTWISE = """
func.func @f(%a: tensor<300x400xf32>) -> tensor<300x400xf32> {
  %0 = math.absf %a : tensor<300x400xf32>
  return %0 : tensor<300x400xf32>
}"""

SUM_OF_ROWS = """
func.func @f(%a: tensor<64x4096xf32>, %z: tensor<4096xf32>) -> tensor<4096xf32> {
  %0 = linalg.reduce { arith.addf } ins(%a : tensor<64x4096xf32>) outs(%z : tensor<4096xf32>) dimensions = [0]
  return %0 : tensor<4096xf32>
}"""

SUM_OF_COLUMNS = """
func.func @f(%a: tensor<64x4096xf32>, %z: tensor<64xf32>) -> tensor<64xf32> {
  %0 = linalg.reduce { arith.addf } ins(%a : tensor<64x4096xf32>) outs(%z : tensor<64xf32>) dimensions = [1]
  return %0 : tensor<64xf32>
}"""

SOFTMAX = """
func.func @f(%a: tensor<300x400xf32>) -> tensor<300x400xf32> {
  %e = tensor.empty() : tensor<300x400xf32>
  %0 = linalg.softmax dimension(1) ins(%a : tensor<300x400xf32>) outs(%e : tensor<300x400xf32>)
    -> tensor<300x400xf32>
  return %0 : tensor<300x400xf32>
}"""

SCAN = """
func.func @f(%a: tensor<300x400xi32>, %z: tensor<300xi32>) -> tensor<300x400xi32> {
  %0:2 = "iree_linalg_ext.scan"(%a, %a, %z) ({
  ^bb0(%x: i32, %y: i32):
    "iree_linalg_ext.yield"(%x) : (i32) -> ()
  }) {dimension = 1 : i64, inclusive = true, operandSegmentSizes = array<i32: 1, 2>}
      : (tensor<300x400xi32>, tensor<300x400xi32>, tensor<300xi32>) -> (tensor<300x400xi32>, tensor<300xi32>)
  return %0#0 : tensor<300x400xi32>
}"""

SORT = """
func.func @f(%a: tensor<300x400xi32>) -> tensor<300x400xi32> {
  %0 = "iree_linalg_ext.sort"(%a) ({
  ^bb0(%x: i32, %y: i32):
    %1 = arith.cmpi slt, %x, %y : i32
    "iree_linalg_ext.yield"(%1) : (i1) -> ()
  }) {dimension = 1 : i64, operandSegmentSizes = array<i32: 0, 1>}
      : (tensor<300x400xi32>) -> tensor<300x400xi32>
  return %0 : tensor<300x400xi32>
}"""

SCATTER = """
func.func @f(%u: tensor<300xi32>, %i: tensor<300x1xi32>, %o: tensor<100000xi32>) -> tensor<100000xi32> {
  %0 = "iree_linalg_ext.scatter"(%u, %i, %o) ({
  ^bb0(%x: i32, %y: i32):
    "iree_linalg_ext.yield"(%x) : (i32) -> ()
  }) {dimension_map = array<i64: 0>, unique_indices = false, operandSegmentSizes = array<i32: 2, 1>}
      : (tensor<300xi32>, tensor<300x1xi32>, tensor<100000xi32>) -> tensor<100000xi32>
  return %0 : tensor<100000xi32>
}"""


def planned(text: str) -> tuple[Family, list[int | None]]:
    """The family of a program's one dispatch, and the workgroup count that it decides."""
    program = flow.run(parse_text(text))
    (executable,) = program.executables.values()
    with program.module.context:
        *_, terminator = (view.operation for view in executable.function.regions[0].blocks[0].operations)
        root = terminator.operands[0].owner
        assert isinstance(root, ir.OpView | ir.Operation)
        counts = plan(executable).interface.workgroup_count
        return find_family(root.operation), [count.static_value for count in counts]


@pytest.mark.parametrize(
    ("text", "family", "workgroup_count"),
    [
        pytest.param(ELEMENTWISE, Points, [2, 1, 1], id="all-elements-in-one-line"),
        pytest.param(SUM_OF_COLUMNS, Points, [4, 1, 1], id="a-workgroup-has-65536-steps"),
        pytest.param(SUM_OF_ROWS, RowReductions, [4, 1, 1], id="neighbours-along-the-result"),
        pytest.param(SOFTMAX, RowValues, [1, 8, 1], id="whole-rows"),
        pytest.param(SCAN, Scans, [1, 2, 1], id="whole-lines"),
        pytest.param(SORT, Sorts, [1, 2, 1], id="whole-lines-too"),
        pytest.param(SCATTER, Scatters, [1, 1, 1], id="one-workgroup"),
    ],
)
def test_family_of_a_dispatch(text: str, family: type, workgroup_count: list[int]) -> None:
    found, counts = planned(text)

    assert isinstance(found, family)
    assert counts == workgroup_count


def test_each_operation_that_computes_all_together_has_a_family_before_the_fallback() -> None:
    for row in OPERATIONS.values():
        if row.is_whole:
            with parse_text("module {}").context, ir.Location.unknown():
                op = ir.Operation.create(row.name, regions=2)
            assert find_family(op) is not FAMILIES[-1]


def test_what_no_family_computes_is_our_fault() -> None:
    with parse_text("module {}").context, ir.Location.unknown():
        op = ir.Operation.create("tensor.unheard_of")

    with pytest.raises(InternalError, match=r"no family of kernels computes 'tensor\.unheard_of'"):
        find_family(op)
