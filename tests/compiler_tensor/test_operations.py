from __future__ import annotations

import pytest

from gossamer.compiler.codegen.element_rules import ELEMENT_RULES
from gossamer.compiler.flow.host_ops import HOST_FORMS
from gossamer.compiler.mlir import ir, parse_text
from gossamer.compiler.tensor.operations import OPERATIONS, operation_of
from gossamer.compiler.tensor.rule_table import RuleTable
from gossamer.compiler.walk import find
from gossamer.errors import InternalError

ROWS = list(OPERATIONS.values())


def test_consumers_can_ask_for_an_element_of_all_that_joins_their_dispatch() -> None:
    joining = {row.name for row in ROWS if row.is_root and not row.is_whole}
    copied = {"arith.constant", "tensor.cast", "tensor.empty", "tensor.extract_slice", "tensor.splat"}

    assert joining | copied <= ELEMENT_RULES.names


def test_operations_that_compute_all_together_have_no_element() -> None:
    assert not {row.name for row in ROWS if row.is_whole} & ELEMENT_RULES.names


def test_what_no_dispatch_computes_has_a_host_form() -> None:
    of_tensors = {row.name for row in ROWS if row.name.startswith("tensor.") and not row.is_root}

    assert of_tensors <= HOST_FORMS.names


@pytest.mark.parametrize(
    ("text", "name", "is_free"),
    [
        ("%0 = arith.constant dense<1.0> : tensor<4xf32>", "arith.constant", True),
        ("%0 = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>", "arith.constant", False),
        ("%0 = tensor.empty() : tensor<4xf32>", "tensor.empty", True),
        ("%0 = tensor.bitcast %a : tensor<2xf32> to tensor<2xi32>", "tensor.bitcast", False),
        ("%0 = math.absf %a : tensor<2xf32>", "math.absf", None),
    ],
)
def test_what_costs_a_kernel_nothing(text: str, name: str, is_free: bool | None) -> None:
    module = parse_text(f"func.func @f(%a: tensor<2xf32>) {{\n{text}\nreturn }}")
    (op,) = find(module.operation, name)
    row = operation_of(op)

    assert (row and row.is_free(op)) is is_free


def test_rules_are_for_operations_with_a_row_and_one_for_each() -> None:
    table = RuleTable[str]()
    table.of("tensor.pad")("first")

    with pytest.raises(InternalError, match=r"'tensor\.pad' has two rules"):
        table.of("tensor.pad")
    with pytest.raises(InternalError, match=r"'tensor\.unheard_of' has a rule and no row"):
        table.of("tensor.unheard_of")
    assert table.get("tensor.pad") == "first"
    assert table.get("tensor.cast") is None


def test_linalg_reads_an_operand_once_where_its_map_permutes_the_loops() -> None:
    module = parse_text("""
    #row = affine_map<(i, j) -> (i)>
    #both = affine_map<(i, j) -> (i, j)>
    func.func @f(%a: tensor<4xf32>, %b: tensor<4x8xf32>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %0 = linalg.generic {
        indexing_maps = [#row, #both, #both], iterator_types = ["parallel", "parallel"]
      } ins(%a, %b : tensor<4xf32>, tensor<4x8xf32>) outs(%c : tensor<4x8xf32>) {
      ^bb0(%x: f32, %y: f32, %z: f32):
        %1 = arith.addf %x, %y : f32
        linalg.yield %1 : f32
      } -> tensor<4x8xf32>
      return %0 : tensor<4x8xf32>
    }""")
    (function,) = find(module.operation, "func.func")
    uses: list[ir.OpOperand] = [use for arg in function.regions[0].blocks[0].arguments for use in arg.uses]

    assert [OPERATIONS["linalg.generic"].reads_once(use) for use in uses] == [False, True, True]
