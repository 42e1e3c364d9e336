from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import check, random_array


def sort(shape: str, types: list[str], dimension: int, compare: str) -> str:
    tensors = [f"tensor<{shape}x{type}>" for type in types]
    arguments = ", ".join(f"%a{number}: {tensor}" for number, tensor in enumerate(tensors))
    block = ", ".join(f"%x{number}: {type}, %y{number}: {type}" for number, type in enumerate(types))
    operands = ", ".join(f"%a{number}" for number in range(len(types)))
    count = len(types)
    return f"""func.func @f({arguments}) -> ({", ".join(tensors)}) {{
      %r:{count} = "iree_linalg_ext.sort"({operands}) ({{
      ^bb0({block}):
        %c = {compare}
        "iree_linalg_ext.yield"(%c) : (i1) -> ()
      }}) {{dimension = {dimension} : i64}} : ({", ".join(tensors)}) -> ({", ".join(tensors)})
      return {", ".join(f"%r#{number}" for number in range(count))} : {", ".join(tensors)}
    }}"""


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("shape", [(5, 7), (1, 1), (16, 33), (0, 3), (3, 0)])
def test_sort(shape: tuple[int, int], axis: int) -> None:
    tensor = random_array(*shape, dtype=np.int32)
    text = sort("?x?", ["i32"], axis, "arith.cmpi slt, %x0, %y0 : i32")
    check(text, [tensor], np.sort(tensor, axis))


def test_sort_is_stable_and_carries_others_along() -> None:
    keys = np.random.default_rng(0).integers(0, 4, (3, 50)).astype(np.int8)
    positions = np.broadcast_to(np.arange(50), (3, 50)).copy()
    order = np.argsort(-keys, 1, kind="stable")
    text = sort("3x50", ["i8", "i64"], 1, "arith.cmpi sgt, %x0, %y0 : i8")
    check(text, [keys, positions], [np.take_along_axis(keys, order, 1), order])


@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize(("shape", "axis"), [((6,), 0), ((2, 3), 0), ((2, 3), 1), ((4, 1), 1), ((0, 3), 0)])
def test_scan(shape: tuple[int, ...], axis: int, inclusive: bool) -> None:
    tensor = random_array(*shape, dtype=np.int32)
    rest = tuple(size for dim, size in enumerate(shape) if dim != axis)
    start = np.full(rest, 10, np.int32)
    sums = np.cumsum(tensor, axis, dtype=np.int32)
    if not inclusive:
        sums = sums - tensor + 10
    last = np.take(sums, -1, axis) if shape[axis] > 1 else start
    dynamic = "x".join("?" * len(shape))
    whole, partial = f"tensor<{dynamic}xi32>", f"tensor<{'?x' * len(rest)}i32>"
    attributes = f"dimension = {axis} : i64, inclusive = {str(inclusive).lower()}"
    check(
        f"""func.func @f(%a: {whole}, %s: {partial}) -> ({whole}, {partial}) {{
          %r:2 = "iree_linalg_ext.scan"(%a, %a, %s) ({{
          ^bb0(%x: i32, %y: i32):
            %t = arith.addi %x, %y : i32
            "iree_linalg_ext.yield"(%t) : (i32) -> ()
          }}) {{{attributes}, operandSegmentSizes = array<i32: 1, 2>}}
            : ({whole}, {whole}, {partial}) -> ({whole}, {partial})
          return %r#0, %r#1 : {whole}, {partial}
        }}""",
        [tensor, start],
        [sums, last],
    )


def test_scatter_adds_slices_and_skips_what_is_outside() -> None:
    original, updates = random_array(6, 4), random_array(5, 4)
    rows = np.array([0, 3, -1, 3, 6], np.int32)
    expected = original.copy()
    for row, update in zip(rows, updates, strict=True):
        if 0 <= row < 6:
            expected[row] = update + expected[row]
    types = "(tensor<?x4xf32>, tensor<?x1xi32>, tensor<?x4xf32>)"
    check(
        f"""func.func @f(%u: tensor<?x4xf32>, %i: tensor<?x1xi32>, %o: tensor<?x4xf32>) -> tensor<?x4xf32> {{
          %r = "iree_linalg_ext.scatter"(%u, %i, %o) ({{
          ^bb0(%x: f32, %y: f32):
            %t = arith.addf %x, %y : f32
            "iree_linalg_ext.yield"(%t) : (f32) -> ()
          }}) {{dimension_map = array<i64: 0>, operandSegmentSizes = array<i32: 2, 1>}}
            : {types} -> tensor<?x4xf32>
          return %r : tensor<?x4xf32>
        }}""",
        [updates, rows.reshape(5, 1), original],
        expected,
    )


def test_gather_fuses_with_its_consumer() -> None:
    source = random_array(6, 5, 4)
    indices = np.array([[0, 2], [4, 5]])
    program = check(
        """func.func @f(%s: tensor<6x5x4xf32>, %i: tensor<2x2xi64>) -> tensor<2x4xf32> {
          %e = tensor.empty() : tensor<2x4xf32>
          %r = "iree_linalg_ext.gather"(%s, %i, %e)
            {dimension_map = [1, 0], operandSegmentSizes = array<i32: 2, 1>}
            : (tensor<6x5x4xf32>, tensor<2x2xi64>, tensor<2x4xf32>) -> tensor<2x4xf32>
          %t = arith.addf %r, %r : tensor<2x4xf32>
          return %t : tensor<2x4xf32>
        }""",
        [source, indices],
        source[indices[:, 1], indices[:, 0]] * 2,
    )

    assert program.dispatch_count == 1
