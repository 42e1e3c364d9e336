from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import check, random_array

MATRIX = random_array(5, 7)
T = "tensor<?x?xf32>"


def test_strided_slice() -> None:
    check(
        f"""func.func @f(%a: {T}, %o: index, %n: index) -> tensor<?x3xf32> {{
          %0 = tensor.extract_slice %a[%o, 1] [%n, 3] [1, 2] : {T} to tensor<?x3xf32>
          return %0 : tensor<?x3xf32>
        }}""",
        [MATRIX, 1, 3],
        MATRIX[1:4, 1:7:2],
    )


def test_contiguous_slice_needs_no_dispatch() -> None:
    program = check(
        """func.func @f(%a: tensor<?x7xf32>, %o: index) -> tensor<7xf32> {
          %0 = tensor.extract_slice %a[%o, 0] [1, 7] [1, 1] : tensor<?x7xf32> to tensor<7xf32>
          return %0 : tensor<7xf32>
        }""",
        [MATRIX, 2],
        MATRIX[2],
    )

    assert program.dispatch_count == 0


def test_slice_fuses_with_its_consumer() -> None:
    program = check(
        """func.func @f(%a: tensor<?x7xf32>, %o: index, %n: index) -> tensor<?xf32> {
          %0 = tensor.extract_slice %a[0, %o] [%n, 1] [1, 1] : tensor<?x7xf32> to tensor<?xf32>
          %1 = arith.addf %0, %0 : tensor<?xf32>
          return %1 : tensor<?xf32>
        }""",
        [MATRIX, 2, 5],
        MATRIX[:, 2] * 2,
    )

    assert program.dispatch_count == 1


def test_strided_insertion() -> None:
    update = random_array(2, 3)
    expected = MATRIX.copy()
    expected[1:3, 2:7:2] = update
    check(
        f"""func.func @f(%a: {T}, %u: tensor<2x3xf32>, %o: index, %p: index) -> {T} {{
          %0 = tensor.insert_slice %u into %a[%o, %p] [2, 3] [1, 2] : tensor<2x3xf32> into {T}
          return %0 : {T}
        }}""",
        [MATRIX, update, 1, 2],
        expected,
    )


def test_contiguous_insertion_updates() -> None:
    row = random_array(7)
    expected = MATRIX.copy()
    expected[3] = row
    expected[4, 2] = 9
    program = check(
        """func.func @f(%a: tensor<?x7xf32>, %u: tensor<7xf32>, %s: f32, %o: index) -> tensor<?x7xf32> {
          %c2 = arith.constant 2 : index
          %c4 = arith.constant 4 : index
          %0 = tensor.insert_slice %u into %a[%o, 0] [1, 7] [1, 1] : tensor<7xf32> into tensor<?x7xf32>
          %1 = tensor.insert %s into %0[%c4, %c2] : tensor<?x7xf32>
          return %1 : tensor<?x7xf32>
        }""",
        [MATRIX, row, 9.0, 3],
        expected,
    )

    assert program.dispatch_count == 0


def test_pad_fuses_with_its_producer() -> None:
    program = check(
        f"""func.func @f(%a: {T}, %l: index, %h: index, %v: f32) -> {T} {{
          %m = arith.addf %a, %a : {T}
          %0 = tensor.pad %m low[%l, 1] high[2, %h] {{
          ^bb0(%i: index, %j: index):
            tensor.yield %v : f32
          }} : {T} to {T}
          return %0 : {T}
        }}""",
        [MATRIX, 1, 3, 2.5],
        np.pad(MATRIX * 2, ((1, 2), (1, 3)), constant_values=2.5),
    )

    assert program.dispatch_count == 1


def test_pad_with_computed_value() -> None:
    check(
        """func.func @f(%a: tensor<?xi64>) -> tensor<?xi64> {
          %0 = tensor.pad %a low[2] high[2] {
          ^bb0(%i: index):
            %v = arith.index_cast %i : index to i64
            tensor.yield %v : i64
          } : tensor<?xi64> to tensor<?xi64>
          return %0 : tensor<?xi64>
        }""",
        [np.array([7, 8, 9])],
        np.array([0, 1, 7, 8, 9, 5, 6]),
    )


@pytest.mark.parametrize("axis", [0, 1])
def test_concat(axis: int) -> None:
    other = random_array(5, 7, seed=3)
    check(
        f"""func.func @f(%a: {T}, %b: {T}) -> {T} {{
          %0 = tensor.concat dim({axis}) %a, %b, %a : ({T}, {T}, {T}) -> {T}
          return %0 : {T}
        }}""",
        [MATRIX, other],
        np.concatenate([MATRIX, other, MATRIX], axis),
    )


def test_reshapes_need_no_dispatch() -> None:
    tensor = random_array(6, 4)
    program = check(
        """func.func @f(%a: tensor<?x4xf32>, %s: tensor<2xindex>) -> (tensor<?x2x4xf32>, tensor<?x?xf32>) {
          %c0 = arith.constant 0 : index
          %c2 = arith.constant 2 : index
          %d = tensor.dim %a, %c0 : tensor<?x4xf32>
          %n = arith.divui %d, %c2 : index
          %0 = tensor.expand_shape %a [[0, 1], [2]] output_shape [%n, 2, 4]
            : tensor<?x4xf32> into tensor<?x2x4xf32>
          %1 = tensor.reshape %a(%s) : (tensor<?x4xf32>, tensor<2xindex>) -> tensor<?x?xf32>
          return %0, %1 : tensor<?x2x4xf32>, tensor<?x?xf32>
        }""",
        [tensor, np.array([3, 8])],
        [tensor.reshape(3, 2, 4), tensor.reshape(3, 8)],
    )

    assert program.dispatch_count == 0


def test_elementwise_on_both_sides_of_a_reshape() -> None:
    tensor = random_array(6, 4)
    check(
        """func.func @f(%a: tensor<?x4xf32>) -> tensor<?xf32> {
          %0 = math.absf %a : tensor<?x4xf32>
          %1 = tensor.collapse_shape %0 [[0, 1]] : tensor<?x4xf32> into tensor<?xf32>
          %2 = arith.addf %1, %1 : tensor<?xf32>
          return %2 : tensor<?xf32>
        }""",
        [tensor],
        np.abs(tensor).reshape(-1) * 2,
    )


def test_generate() -> None:
    check(
        """func.func @f(%n: index, %t: tensor<?xf32>) -> tensor<?x3xf32> {
          %0 = tensor.generate %n {
          ^bb0(%i: index, %j: index):
            %k = arith.addi %i, %j : index
            %v = tensor.extract %t[%k] : tensor<?xf32>
            tensor.yield %v : f32
          } : tensor<?x3xf32>
          return %0 : tensor<?x3xf32>
        }""",
        [4, np.arange(10, dtype=np.float32)],
        np.add.outer(np.arange(4), np.arange(3)).astype(np.float32),
    )


def test_scalars_into_tensors_and_out() -> None:
    program = check(
        """func.func @f(%a: f32, %b: f32, %n: index, %t: tensor<?x7xf32>)
            -> (tensor<2x2xf32>, tensor<?x3xf32>, f32) {
          %c3 = arith.constant 3 : index
          %0 = tensor.from_elements %a, %b, %b, %a : tensor<2x2xf32>
          %1 = tensor.splat %b[%n] : tensor<?x3xf32>
          %2 = tensor.extract %t[%n, %c3] : tensor<?x7xf32>
          return %0, %1, %2 : tensor<2x2xf32>, tensor<?x3xf32>, f32
        }""",
        [1.0, 2.0, 2, MATRIX],
        [
            np.array([[1, 2], [2, 1]], np.float32),
            np.full((2, 3), 2, np.float32),
            np.array(MATRIX[2, 3].item()),
        ],
    )

    assert program.dispatch_count == 0


def test_control_flow_on_the_host() -> None:
    tensor = random_array(6)
    check(
        """func.func @f(%n: index, %c: i1, %a: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
          %c0 = arith.constant 0 : index
          %c1 = arith.constant 1 : index
          %r = scf.for %i = %c0 to %n step %c1 iter_args(%t = %a) -> tensor<?xf32> {
            %0 = arith.addf %t, %a : tensor<?xf32>
            scf.yield %0 : tensor<?xf32>
          }
          %s = scf.if %c -> tensor<?xf32> {
            %0 = arith.mulf %a, %a : tensor<?xf32>
            scf.yield %0 : tensor<?xf32>
          } else {
            scf.yield %a : tensor<?xf32>
          }
          return %r, %s : tensor<?xf32>, tensor<?xf32>
        }""",
        [3, True, tensor],
        [tensor + tensor + tensor + tensor, tensor * tensor],
    )


def test_numbers_in_tensors_are_read_by_the_kernel() -> None:
    tensor = random_array(8, 4)
    program = check(
        """func.func @f(%a: tensor<8x4xf32>, %i: tensor<1xi64>, %s: tensor<f32>) -> tensor<2x4xf32> {
          %c0 = arith.constant 0 : index
          %c6 = arith.constant 6 : index
          %0 = tensor.extract %i[%c0] : tensor<1xi64>
          %1 = arith.index_cast %0 : i64 to index
          %2 = arith.maxsi %1, %c0 : index
          %3 = arith.minsi %2, %c6 : index
          %slice = tensor.extract_slice %a[%3, 0] [2, 4] [1, 1] : tensor<8x4xf32> to tensor<2x4xf32>
          %factor = tensor.extract %s[] : tensor<f32>
          %splat = tensor.splat %factor : tensor<2x4xf32>
          %r = arith.mulf %slice, %splat : tensor<2x4xf32>
          return %r : tensor<2x4xf32>
        }""",
        [tensor, np.array([3]), np.array(2, np.float32)],
        tensor[3:5] * 2,
    )

    assert program.dispatch_count == 1
    assert "flow.tensor.load" not in program.host_operations
