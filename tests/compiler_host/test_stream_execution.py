"""Whole modules run in either runtime, called sync and with fences."""

from __future__ import annotations

import math

import pytest
from stream_calls import call, keep, tensor

BOTH_MODELS = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])

ABS = """
func.func @abs(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = math.absf %a : tensor<4xf32>
  return %0 : tensor<4xf32>
}
"""


@BOTH_MODELS
def test_results_and_temporaries(compiled, run, is_async):
    body = """
    func.func @f(%a: tensor<4x8xf32>, %b: tensor<8x4xf32>) -> (tensor<4x4xf32>, tensor<4xf32>) {
      %zero = arith.constant 0.0 : f32
      %e = tensor.empty() : tensor<4x4xf32>
      %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
      %m = linalg.matmul ins(%a, %b : tensor<4x8xf32>, tensor<8x4xf32>) outs(%f : tensor<4x4xf32>)
        -> tensor<4x4xf32>
      %e1 = tensor.empty() : tensor<4xf32>
      %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<4xf32>) -> tensor<4xf32>
      %sum = linalg.reduce ins(%m : tensor<4x4xf32>) outs(%f1 : tensor<4xf32>) dimensions = [1]
        (%in: f32, %acc: f32) { %s = arith.addf %in, %acc : f32 linalg.yield %s : f32 }
      %mm = linalg.matmul ins(%m, %m : tensor<4x4xf32>, tensor<4x4xf32>) outs(%f : tensor<4x4xf32>)
        -> tensor<4x4xf32>
      return %mm, %sum : tensor<4x4xf32>, tensor<4xf32>
    }
    """
    ones = call("m.f", tensor([1] * 32, [4, 8]), tensor([2] * 32, [8, 4]), is_async=is_async)
    answers = run([compiled("m", body, is_async=is_async)], [ones, ones])

    expected = [tensor([1024] * 16, [4, 4]), tensor([64] * 4)]
    assert answers == [expected, expected]


@BOTH_MODELS
def test_arguments_passed_through(compiled, run, is_async):
    body = """
    func.func @same(%a: tensor<4xf32>) -> tensor<4xf32> { return %a : tensor<4xf32> }
    func.func @twice(%a: tensor<4xf32>) -> (tensor<4xf32>, tensor<2x2xf32>) {
      %0 = tensor.expand_shape %a [[0, 1]] output_shape [2, 2] : tensor<4xf32> into tensor<2x2xf32>
      return %a, %0 : tensor<4xf32>, tensor<2x2xf32>
    }
    func.func @nothing() { return }
    func.func @number(%a: i32) -> i32 { return %a : i32 }
    """
    value = tensor([1, 2, 3, 4])
    answers = run(
        [compiled("m", body, is_async=is_async)],
        [
            call("m.same", value, is_async=is_async),
            call("m.twice", value, is_async=is_async),
            call("m.nothing", is_async=is_async),
            call("m.number", 7, is_async=is_async),
        ],
    )

    assert answers == [[value], [value, tensor([1, 2, 3, 4], [2, 2])], [], [7]]


@BOTH_MODELS
def test_result_storage(compiled, run, is_async):
    body = """
    func.func @written(%a: tensor<4xf32>, %o: tensor<4xf32> {iree.abi.output = 0 : index}) -> tensor<4xf32> {
      %0 = arith.addf %a, %a : tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    func.func @copied(%a: tensor<4xf32>, %o: tensor<4xf32> {iree.abi.output = 0 : index}) -> tensor<4xf32> {
      return %a : tensor<4xf32>
    }
    func.func @in_place(%o: tensor<4xf32> {iree.abi.output = 0 : index}) -> tensor<4xf32> {
      %0 = arith.mulf %o, %o : tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    func.func @second(%a: tensor<4xf32>, %o: tensor<4xf32> {iree.abi.output = 1 : index})
        -> (tensor<4xf32>, tensor<4xf32>) {
      %0 = arith.addf %a, %o : tensor<4xf32>
      %1 = arith.subf %0, %o : tensor<4xf32>
      return %0, %1 : tensor<4xf32>, tensor<4xf32>
    }
    func.func @same_twice(%a: tensor<4xf32>, %o: tensor<4xf32> {iree.abi.output = 1 : index})
        -> (tensor<4xf32>, tensor<4xf32>) {
      %0 = arith.addf %a, %a : tensor<4xf32>
      return %0, %0 : tensor<4xf32>, tensor<4xf32>
    }
    func.func @constant(%o: tensor<4xf32> {iree.abi.output = 0 : index}) -> tensor<4xf32> {
      %0 = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    func.func @dynamic(%a: tensor<?xf32>, %o: tensor<?xf32> {iree.abi.output = 0 : index}) -> tensor<?xf32> {
      %0 = arith.addf %a, %a : tensor<?xf32>
      return %0 : tensor<?xf32>
    }
    func.func @rows(%a: tensor<1x2xf32>, %b: tensor<1x2xf32>,
        %o: tensor<2x2xf32> {iree.abi.output = 0 : index}) -> tensor<2x2xf32> {
      %e = tensor.empty() : tensor<2x2xf32>
      %0 = tensor.insert_slice %a into %e[0, 0] [1, 2] [1, 1] : tensor<1x2xf32> into tensor<2x2xf32>
      %1 = tensor.insert_slice %b into %0[1, 0] [1, 2] [1, 1] : tensor<1x2xf32> into tensor<2x2xf32>
      return %1 : tensor<2x2xf32>
    }
    """
    a, zeros = tensor([1, 2, 3, 4]), keep(tensor([0, 0, 0, 0]))
    twos = keep(tensor([2, 2, 2, 2]))
    row = tensor([5, 6], [1, 2])

    def each(name, *args):
        return call(f"m.{name}", *args, is_async=is_async)

    answers = run(
        [compiled("m", body, is_async=is_async)],
        [
            each("written", a, zeros),
            each("copied", a, zeros),
            each("in_place", keep(a)),
            each("second", a, twos),
            each("same_twice", a, zeros),
            each("constant", zeros),
            each("dynamic", tensor([1, 2, 3]), keep(tensor([0, 0, 0]))),
            each("rows", row, row, keep(tensor([0] * 4, [2, 2]))),
        ],
    )

    doubled, squared = tensor([2, 4, 6, 8]), tensor([1, 4, 9, 16])
    rows = tensor([5, 6, 5, 6], [2, 2])
    assert answers == [
        [doubled, doubled],
        [a, a],
        [squared, squared],
        [tensor([3, 4, 5, 6]), a, a],
        [doubled, doubled, doubled],
        [a, a],
        [tensor([2, 4, 6]), tensor([2, 4, 6])],
        [rows, rows],
    ]


@BOTH_MODELS
def test_scalars_at_the_boundary(compiled, run, is_async):
    body = """
    func.func @mix(%a: tensor<?xf32>, %i: index, %j: i32, %k: i1, %x: f64, %y: f32)
        -> (tensor<?xf32>, index, i1, f64, f32) {
      %n = arith.index_cast %i : index to i32
      %s = arith.addi %n, %j : i32
      %f = arith.sitofp %s : i32 to f32
      %c0 = arith.constant 0 : index
      %d = tensor.dim %a, %c0 : tensor<?xf32>
      %e = tensor.empty(%d) : tensor<?xf32>
      %b = linalg.fill ins(%f : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>
      %r = arith.addf %a, %b : tensor<?xf32>
      %xx = arith.addf %x, %x : f64
      return %r, %d, %k, %xx, %y : tensor<?xf32>, index, i1, f64, f32
    }
    func.func @narrow(%a: i8, %b: i16, %c: i64) -> (i8, i16, i64, i1) {
      %s = arith.addi %a, %a : i8
      %t = arith.extsi %a : i8 to i16
      %n = arith.cmpi slt, %a, %s : i8
      return %s, %t, %c, %n : i8, i16, i64, i1
    }
    """
    answers = run(
        [compiled("m", body, is_async=is_async)],
        [
            call("m.mix", tensor([1, 2, 3]), 3, 4, 1, 2.25, 0.5, is_async=is_async),
            call("m.mix", tensor([]), 3, 4, 0, 2.25, 0.5, is_async=is_async),
            call("m.narrow", 200, -1, 1 << 40, is_async=is_async),
        ],
    )

    assert answers[0] == [tensor([8, 9, 10]), 3, 1, 4.5, 0.5]
    assert answers[1] == [tensor([]), 0, 0, 4.5, 0.5]
    # 200 is -56 as an i8; doubled it wraps to -112.
    assert answers[2] == [-112, -56, 1 << 40, 0]


@BOTH_MODELS
def test_elements_read_and_built_on_the_host(compiled, run, is_async):
    body = """
    func.func @read(%a: tensor<4xf32>, %i: index, %b: tensor<2x2xi64>, %c: tensor<2xi8>, %d: tensor<2xf64>)
        -> (f32, i64, i8, f64) {
      %x = tensor.extract %a[%i] : tensor<4xf32>
      %c1 = arith.constant 1 : index
      %y = tensor.extract %b[%c1, %c1] : tensor<2x2xi64>
      %z = tensor.extract %c[%c1] : tensor<2xi8>
      %w = tensor.extract %d[%c1] : tensor<2xf64>
      return %x, %y, %z, %w : f32, i64, i8, f64
    }
    func.func @computed(%a: tensor<4xf32>, %i: index) -> (f32, tensor<3xf32>) {
      %n = arith.negf %a : tensor<4xf32>
      %x = tensor.extract %n[%i] : tensor<4xf32>
      %xx = arith.mulf %x, %x : f32
      %t = tensor.from_elements %x, %xx, %x : tensor<3xf32>
      return %x, %t : f32, tensor<3xf32>
    }
    func.func @insert(%a: tensor<4xf32>, %i: index, %v: f32) -> (tensor<4xf32>, tensor<4xf32>) {
      %0 = tensor.insert %v into %a[%i] : tensor<4xf32>
      return %0, %a : tensor<4xf32>, tensor<4xf32>
    }
    """
    a = tensor([1, 2, 3, 4])
    answers = run(
        [compiled("m", body, is_async=is_async)],
        [
            call(
                "m.read",
                a,
                2,
                tensor([1, 2, 3, -(1 << 40)], [2, 2], "int64"),
                tensor([5, -6], dtype="int8"),
                tensor([0.5, math.pi], dtype="float64"),
                is_async=is_async,
            ),
            call("m.computed", a, 1, is_async=is_async),
            call("m.insert", keep(a), 1, 9.5, is_async=is_async),
        ],
    )

    assert answers[0] == [3.0, -(1 << 40), -6, math.pi]
    assert answers[1] == [-2.0, tensor([-2, 4, -2])]
    assert answers[2] == [tensor([1, 9.5, 3, 4]), a, a]


@BOTH_MODELS
def test_control_flow_around_device_work(compiled, run, is_async):
    body = """
    func.func @loop(%a: tensor<4xf32>, %n: index) -> tensor<4xf32> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %r = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a) -> tensor<4xf32> {
        %y = arith.addf %x, %a : tensor<4xf32>
        scf.yield %y : tensor<4xf32>
      }
      return %r : tensor<4xf32>
    }
    func.func @until(%a: tensor<f32>) -> (tensor<f32>, i32) {
      %zero = arith.constant 0 : i32
      %one = arith.constant 1 : i32
      %limit = arith.constant 100.0 : f32
      %r:2 = scf.while (%x = %a, %k = %zero) : (tensor<f32>, i32) -> (tensor<f32>, i32) {
        %v = tensor.extract %x[] : tensor<f32>
        %c = arith.cmpf olt, %v, %limit : f32
        scf.condition(%c) %x, %k : tensor<f32>, i32
      } do {
      ^bb0(%x: tensor<f32>, %k: i32):
        %y = arith.addf %x, %x : tensor<f32>
        %k1 = arith.addi %k, %one : i32
        scf.yield %y, %k1 : tensor<f32>, i32
      }
      return %r#0, %r#1 : tensor<f32>, i32
    }
    func.func @either(%c: i1, %a: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?xf32> {
      %r = scf.if %c -> tensor<?xf32> {
        %x = arith.negf %a : tensor<?xf32>
        scf.yield %x : tensor<?xf32>
      } else {
        scf.yield %b : tensor<?xf32>
      }
      return %r : tensor<?xf32>
    }
    """

    def each(name, *args):
        return call(f"m.{name}", *args, is_async=is_async)

    answers = run(
        [compiled("m", body, is_async=is_async)],
        [
            each("loop", tensor([1, 2, 3, 4]), 3),
            each("loop", tensor([1, 2, 3, 4]), 0),
            each("until", tensor([3], [])),
            each("either", 1, tensor([1, 2]), tensor([3, 4, 5])),
            each("either", 0, tensor([1, 2]), tensor([3, 4, 5])),
        ],
    )

    assert answers == [
        [tensor([4, 8, 12, 16])],
        [tensor([1, 2, 3, 4])],
        [tensor([192], []), 6],
        [tensor([-1, -2])],
        [tensor([3, 4, 5])],
    ]


@BOTH_MODELS
def test_functions_that_call_themselves(compiled, run, is_async):
    body = """
    func.func private @power(%n: i32, %t: tensor<?xf32>) -> (i32, tensor<?xf32>) {
      %one = arith.constant 1 : i32
      %stop = arith.cmpi sle, %n, %one : i32
      cf.cond_br %stop, ^done, ^more
    ^done:
      return %one, %t : i32, tensor<?xf32>
    ^more:
      %m = arith.subi %n, %one : i32
      %t2 = arith.addf %t, %t : tensor<?xf32>
      %r:2 = call @power(%m, %t2) : (i32, tensor<?xf32>) -> (i32, tensor<?xf32>)
      %p = arith.muli %r#0, %n : i32
      return %p, %r#1 : i32, tensor<?xf32>
    }
    func.func @f(%n: i32, %t: tensor<?xf32>) -> (i32, tensor<?xf32>) {
      %r:2 = call @power(%n, %t) : (i32, tensor<?xf32>) -> (i32, tensor<?xf32>)
      return %r#0, %r#1 : i32, tensor<?xf32>
    }
    """
    path = compiled("m", body, is_async=is_async)
    answers = run(
        [path],
        [
            call("m.f", 5, tensor([1, 2, 3]), is_async=is_async),
            call("m.f", 1, tensor([1, 2, 3]), is_async=is_async),
        ],
    )

    assert answers == [[120, tensor([16, 32, 48])], [1, tensor([1, 2, 3])]]


@BOTH_MODELS
def test_functions_that_wait_for_what_they_read(compiled, run, is_async):
    body = """
    func.func private @grow(%t: tensor<2xf32>) -> tensor<2xf32> {
      %c0 = arith.constant 0 : index
      %limit = arith.constant 100.0 : f32
      %x = tensor.extract %t[%c0] : tensor<2xf32>
      %stop = arith.cmpf ogt, %x, %limit : f32
      cf.cond_br %stop, ^done, ^more
    ^done:
      return %t : tensor<2xf32>
    ^more:
      %t2 = arith.addf %t, %t : tensor<2xf32>
      %r = call @grow(%t2) : (tensor<2xf32>) -> tensor<2xf32>
      return %r : tensor<2xf32>
    }
    func.func @f(%t: tensor<2xf32>) -> tensor<2xf32> {
      %n = arith.negf %t : tensor<2xf32>
      %r = call @grow(%n) : (tensor<2xf32>) -> tensor<2xf32>
      %0 = arith.addf %r, %t : tensor<2xf32>
      return %0 : tensor<2xf32>
    }
    """
    answers = run([compiled("m", body, is_async=is_async)], [call("m.f", tensor([-3, 1]), is_async=is_async)])

    assert answers == [[tensor([189, -63])]]


def test_storage_that_is_a_buffer(compiled, run):
    body = """
    func.func @f(%a: tensor<4xf32>, %o: !hal.buffer_view {iree.abi.output = 0 : index}) -> tensor<4xf32> {
      %0 = arith.addf %a, %a : tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    """
    answers = run([compiled("m", body)], [call("m.f", tensor([1, 2, 3, 4]), keep(tensor([0] * 4)))])

    assert answers == [[tensor([2, 4, 6, 8]), tensor([2, 4, 6, 8])]]


@BOTH_MODELS
def test_slices_that_are_views(compiled, run, is_async):
    body = """
    func.func @row(%a: tensor<4x3xf32>, %i: index) -> tensor<1x3xf32> {
      %0 = tensor.extract_slice %a[%i, 0] [1, 3] [1, 1] : tensor<4x3xf32> to tensor<1x3xf32>
      return %0 : tensor<1x3xf32>
    }
    func.func @doubled_row(%a: tensor<4x3xf32>, %i: index) -> tensor<1x3xf32> {
      %0 = tensor.extract_slice %a[%i, 0] [1, 3] [1, 1] : tensor<4x3xf32> to tensor<1x3xf32>
      %1 = arith.addf %0, %0 : tensor<1x3xf32>
      return %1 : tensor<1x3xf32>
    }
    """
    a = tensor(range(12), [4, 3])
    answers = run(
        [compiled("m", body, is_async=is_async)],
        [call("m.row", a, 2, is_async=is_async), call("m.doubled_row", a, 1, is_async=is_async)],
    )

    assert answers == [[tensor([6, 7, 8], [1, 3])], [tensor([6, 8, 10], [1, 3])]]


def test_wrong_arguments_are_refused(compiled, run):
    answers = run(
        [compiled("m", ABS)],
        [
            call("m.abs", tensor([1, 2, 3])),
            call("m.abs", tensor([1, 2, 3, 4], dtype="int32")),
            call("m.abs", tensor([1, 2, 3, 4], [4, 1])),
        ],
    )

    messages = [answer["error"] for answer in answers]
    assert "input0 shape dimension 0 mismatch; expected 4 but have 3" in messages[0]
    assert "input0 element type mismatch; expected f32 (21000020) but have si32 (11000020)" in messages[1]
    assert "input0 shape rank mismatch; expected 1 but have 2" in messages[2]


def test_failed_wait_fence_fails_the_call(compiled, run):
    body = (
        ABS
        + """
    func.func @read(%a: tensor<4xf32>) -> f32 {
      %c0 = arith.constant 0 : index
      %0 = tensor.extract %a[%c0] : tensor<4xf32>
      return %0 : f32
    }
    """
    )
    a = tensor([1, 2, 3, 4])
    answers = run(
        [compiled("m", body, is_async=True)],
        [
            call("m.abs", a, is_async=True, fails=True),
            call("m.read", a, is_async=True, fails=True),
            call("m.abs", a, is_async=True),
        ],
    )

    assert "error" in answers[0]
    assert "error" in answers[1]
    assert answers[2] == [a]


def test_a_program_that_states_its_own_fences(compiled, run):
    body = """
    util.func public @f(%view: !hal.buffer_view, %storage: !hal.buffer_view, %wait: !hal.fence,
        %signal: !hal.fence) -> !hal.buffer_view attributes {iree.abi.stub} {
      %0 = hal.tensor.import wait(%wait) => %view "x" : !hal.buffer_view -> tensor<4xf32>
      %1 = math.absf %0 : tensor<4xf32>
      %2 = hal.tensor.alias wait(%wait) => %1 : tensor<4xf32> to %storage : !hal.buffer_view
      %3 = hal.tensor.barrier join(%2 : tensor<4xf32>) => %signal : !hal.fence
      %4 = hal.tensor.export %3 "y" : tensor<4xf32> -> !hal.buffer_view
      util.return %4 : !hal.buffer_view
    }
    """
    answers = run(
        [compiled("m", body)],
        [call("m.f", tensor([1, -2, 3, -4]), keep(tensor([0] * 4)), is_async=True)],
    )

    assert answers == [[tensor([1, 2, 3, 4]), tensor([1, 2, 3, 4])]]
