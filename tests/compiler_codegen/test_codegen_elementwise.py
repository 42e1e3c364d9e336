from __future__ import annotations

import numpy as np
import pytest
from flow_evaluator import DTYPES
from kernel_cases import check, random_array

NUMERIC = [name for name in DTYPES if name not in ("i1", "index")]


@pytest.mark.parametrize("type", NUMERIC)
def test_arithmetic_rounds_after_each_operation(type: str) -> None:
    lhs, rhs = (random_array(4, 9, dtype=DTYPES[type], seed=seed) for seed in (1, 2))
    kind = "i" if type[0] == "i" else "f"
    tensor = f"tensor<4x9x{type}>"
    check(
        f"""func.func @f(%a: {tensor}, %b: {tensor}) -> {tensor} {{
          %0 = arith.mul{kind} %a, %b : {tensor}
          %1 = arith.sub{kind} %0, %b : {tensor}
          return %1 : {tensor}
        }}""",
        [lhs, rhs],
        lhs * rhs - rhs,
    )


@pytest.mark.parametrize("type", NUMERIC)
def test_compare_and_select(type: str) -> None:
    lhs, rhs = (random_array(4, 9, dtype=DTYPES[type], seed=seed) for seed in (1, 2))
    compare = "arith.cmpi slt" if type[0] == "i" else "arith.cmpf olt"
    tensor = f"tensor<4x9x{type}>"
    check(
        f"""func.func @f(%a: {tensor}, %b: {tensor}) -> ({tensor}, tensor<4x9xi1>) {{
          %0 = {compare}, %a, %b : {tensor}
          %1 = arith.select %0, %a, %b : tensor<4x9xi1>, {tensor}
          return %1, %0 : {tensor}, tensor<4x9xi1>
        }}""",
        [lhs, rhs],
        [np.where(lhs < rhs, lhs, rhs), lhs < rhs],
    )


@pytest.mark.parametrize("type", DTYPES)
def test_scalar_operand(type: str) -> None:
    tensor, scalar = random_array(5, dtype=DTYPES[type]), random_array(1, dtype=DTYPES[type], seed=7)[0]
    add = "addf" if type[0] in "fb" else "addi"
    expected = tensor ^ scalar if type == "i1" else tensor + scalar
    check(
        f"""func.func @f(%a: tensor<5x{type}>, %s: {type}) -> tensor<5x{type}> {{
          %0 = tensor.splat %s : tensor<5x{type}>
          %1 = arith.{add} %a, %0 : tensor<5x{type}>
          return %1 : tensor<5x{type}>
        }}""",
        [tensor, scalar.item()],
        expected,
    )


def test_bool_logic() -> None:
    lhs, rhs = (random_array(33, seed=seed) > 0 for seed in (1, 2))
    check(
        """func.func @f(%a: tensor<33xi1>, %b: tensor<33xi1>) -> tensor<33xi1> {
          %0 = arith.andi %a, %b : tensor<33xi1>
          %1 = arith.xori %0, %b : tensor<33xi1>
          return %1 : tensor<33xi1>
        }""",
        [lhs, rhs],
        (lhs & rhs) ^ rhs,
    )


@pytest.mark.parametrize("shape", [(7, 9), (1, 1), (0, 4), (3, 0), (300, 251)])
def test_dynamic_shape_in_one_dispatch(shape: tuple[int, int]) -> None:
    lhs, rhs = random_array(*shape, seed=1), random_array(*shape, seed=2)
    program = check(
        """func.func @f(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>) -> tensor<?x?xf32> {
          %0 = arith.mulf %a, %b : tensor<?x?xf32>
          %1 = math.absf %0 : tensor<?x?xf32>
          return %1 : tensor<?x?xf32>
        }""",
        [lhs, rhs],
        np.abs(lhs * rhs),
    )

    assert program.dispatch_count == 1


def test_rank_zero() -> None:
    check(
        """func.func @f(%a: tensor<f32>) -> tensor<f32> {
          %0 = arith.addf %a, %a : tensor<f32>
          return %0 : tensor<f32>
        }""",
        [np.array(2, np.float32)],
        np.array(4, np.float32),
    )


def test_several_workgroups_cover_everything() -> None:
    tensor = np.arange(200_000, dtype=np.int32)
    program = check(
        """func.func @f(%a: tensor<200000xi32>) -> tensor<200000xi32> {
          %0 = arith.addi %a, %a : tensor<200000xi32>
          return %0 : tensor<200000xi32>
        }""",
        [tensor],
        tensor * 2,
    )

    (kernel,) = program.kernels.values()
    assert kernel.workgroup_count[0].static_value == 4


def test_broadcast_and_transpose_fuse() -> None:
    matrix, vector = random_array(5, 7), random_array(5)
    program = check(
        """func.func @f(%a: tensor<5x7xf32>, %v: tensor<5xf32>) -> tensor<7x5xf32> {
          %e = tensor.empty() : tensor<7x5xf32>
          %t = linalg.transpose ins(%a : tensor<5x7xf32>) outs(%e : tensor<7x5xf32>) permutation = [1, 0]
          %b = linalg.broadcast ins(%v : tensor<5xf32>) outs(%e : tensor<7x5xf32>) dimensions = [0]
          %0 = arith.addf %t, %b : tensor<7x5xf32>
          return %0 : tensor<7x5xf32>
        }""",
        [matrix, vector],
        matrix.T + vector,
    )

    assert program.dispatch_count == 1


def test_loop_index() -> None:
    check(
        """#id = affine_map<(i) -> (i)>
        func.func @f(%a: tensor<6xindex>) -> tensor<6xindex> {
          %e = tensor.empty() : tensor<6xindex>
          %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
              ins(%a : tensor<6xindex>) outs(%e : tensor<6xindex>) {
          ^bb0(%x: index, %o: index):
            %i = linalg.index 0 : index
            %s = arith.addi %i, %x : index
            linalg.yield %s : index
          } -> tensor<6xindex>
          return %0 : tensor<6xindex>
        }""",
        [np.arange(6)],
        np.arange(6) * 2,
    )


def test_gather_with_bounds_test() -> None:
    table = random_array(6, 4)
    rows = np.array([0, 5, 6, -1, 2, 3, 100, 1])
    inside = (rows >= 0) & (rows < 6)
    check(
        """#row = affine_map<(i, j) -> (i)>
        #id = affine_map<(i, j) -> (i, j)>
        func.func @f(%a: tensor<?x4xf32>, %i: tensor<8xi64>) -> tensor<8x4xf32> {
          %e = tensor.empty() : tensor<8x4xf32>
          %c0 = arith.constant 0 : index
          %z = arith.constant 0.0 : f32
          %d = tensor.dim %a, %c0 : tensor<?x4xf32>
          %0 = linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]}
              ins(%i : tensor<8xi64>) outs(%e : tensor<8x4xf32>) {
          ^bb0(%x: i64, %o: f32):
            %j = linalg.index 1 : index
            %ix = arith.index_cast %x : i64 to index
            %in = arith.cmpi ult, %ix, %d : index
            %v = scf.if %in -> f32 {
              %q = tensor.extract %a[%ix, %j] : tensor<?x4xf32>
              scf.yield %q : f32
            } else {
              scf.yield %z : f32
            }
            linalg.yield %v : f32
          } -> tensor<8x4xf32>
          return %0 : tensor<8x4xf32>
        }""",
        [table, rows],
        np.where(inside[:, None], table[np.where(inside, rows, 0)], np.float32(0)),
    )


@pytest.mark.parametrize("shape", [(40, 50), (1, 17), (33, 1), (5, 0)])
@pytest.mark.parametrize("dynamic", [False, True])
def test_transpose_in_stretches(shape: tuple[int, int], dynamic: bool) -> None:
    tensor = random_array(*shape)
    rows, columns = ("?", "?") if dynamic else shape
    source, target = f"tensor<{rows}x{columns}xf32>", f"tensor<{columns}x{rows}xf32>"
    check(
        f"""func.func @f(%a: {source}) -> {target} {{
          %c0 = arith.constant 0 : index
          %c1 = arith.constant 1 : index
          %m = tensor.dim %a, %c0 : {source}
          %n = tensor.dim %a, %c1 : {source}
          %e = tensor.empty({"%n, %m" if dynamic else ""}) : {target}
          %0 = linalg.transpose ins(%a : {source}) outs(%e : {target}) permutation = [1, 0]
          return %0 : {target}
        }}""",
        [tensor],
        tensor.T,
    )
