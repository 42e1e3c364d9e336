"""Globals: state that outlives calls in either runtime."""

from __future__ import annotations

import pytest
from stream_calls import call, keep, result, tensor

BOTH_MODELS = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])

ACCUMULATOR = """
util.global private mutable @sum = dense<0.0> : tensor<4xf32>
util.global private mutable @count = 0 : i32
util.global private @step : tensor<4xf32>
util.initializer {
  %c = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %0 = arith.addf %c, %c : tensor<4xf32>
  util.global.store %0, @step : tensor<4xf32>
  util.return
}
func.func @add(%a: tensor<4xf32>) -> (tensor<4xf32>, i32) {
  %s = util.global.load @sum : tensor<4xf32>
  %d = util.global.load @step : tensor<4xf32>
  %n = util.global.load @count : i32
  %0 = arith.addf %s, %a : tensor<4xf32>
  %1 = arith.addf %0, %d : tensor<4xf32>
  %c1 = arith.constant 1 : i32
  %2 = arith.addi %n, %c1 : i32
  util.global.store %1, @sum : tensor<4xf32>
  util.global.store %2, @count : i32
  return %1, %2 : tensor<4xf32>, i32
}
func.func @read() -> (tensor<4xf32>, i32) {
  %s = util.global.load @sum : tensor<4xf32>
  %n = util.global.load @count : i32
  return %s, %n : tensor<4xf32>, i32
}
func.func @read_into(%o: tensor<4xf32> {iree.abi.output = 0 : index}) -> tensor<4xf32> {
  %s = util.global.load @sum : tensor<4xf32>
  return %s : tensor<4xf32>
}
func.func @set(%a: tensor<4xf32>) {
  util.global.store %a, @sum : tensor<4xf32>
  return
}
func.func @set_and_return(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = arith.addf %a, %a : tensor<4xf32>
  util.global.store %0, @sum : tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @reset() {
  %0 = arith.constant dense<0.0> : tensor<4xf32>
  %c0 = arith.constant 0 : i32
  util.global.store %0, @sum : tensor<4xf32>
  util.global.store %c0, @count : i32
  return
}
func.func @overwrite(%o: tensor<4xf32> {iree.abi.output = 0 : index}) -> tensor<4xf32> {
  %0 = arith.negf %o : tensor<4xf32>
  return %0 : tensor<4xf32>
}
"""


@BOTH_MODELS
def test_an_accumulator_keeps_its_state(compiled, run, is_async):
    def each(name, *args):
        return call(f"m.{name}", *args, is_async=is_async)

    ones = tensor([1] * 4)
    answers = run(
        [compiled("m", ACCUMULATOR, is_async=is_async)],
        [
            each("add", ones),
            each("add", ones),
            each("read"),
            each("read_into", keep(ones)),
            each("set", tensor([9] * 4)),
            each("add", ones),
            each("reset"),
            each("read"),
            each("add", ones),
        ],
    )

    once, twice, after_set = tensor([3, 5, 7, 9]), tensor([6, 10, 14, 18]), tensor([12, 14, 16, 18])
    assert answers == [
        [once, 1],
        [twice, 2],
        [twice, 2],
        [twice, twice],
        [],
        [after_set, 3],
        [],
        [tensor([0] * 4), 0],
        [once, 1],
    ]


def test_calls_in_flight_see_state_in_the_order_they_were_made(compiled, run):
    """Each call is made before any earlier one may start; the last one's arguments are ready first."""
    calls = [call("m.add", tensor([10**power] * 4), is_async=True) for power in range(4)]
    answers = run(
        [compiled("m", ACCUMULATOR, is_async=True)],
        [*calls, call("m.read", is_async=True)],
        overlap=True,
        devices=["local-task"],
    )

    sums = [1, 11, 111, 1111]
    states = [
        [tensor([total + step * (index + 1) for step in (2, 4, 6, 8)]), index + 1]
        for index, total in enumerate(sums)
    ]
    assert answers == [*states, states[-1]]


@BOTH_MODELS
def test_callers_buffers_are_never_state(compiled, run, is_async):
    """Overwriting what a call took or returned leaves the module's state as it was."""

    def each(name, *args):
        return call(f"m.{name}", *args, is_async=is_async)

    answers = run(
        [compiled("m", ACCUMULATOR, is_async=is_async)],
        [
            each("set_and_return", tensor([1, 2, 3, 4])),
            each("overwrite", result(0)),
            each("read"),
            each("overwrite", result(2)),
            each("read"),
        ],
    )

    state = tensor([2, 4, 6, 8])
    assert answers[2] == [state, 0]
    assert answers[3] == [tensor([-2, -4, -6, -8])]
    assert answers[4] == [state, 0]


@BOTH_MODELS
def test_loads_and_stores_keep_their_order(compiled, run, is_async):
    body = """
    util.global private mutable @x = dense<0.0> : tensor<2xf32>
    util.global private mutable @y = dense<7.0> : tensor<2xf32>
    util.global private mutable @f = 1.0 : f32
    util.global private mutable @big = 12345678901 : i64
    util.global private mutable @flag = true
    func.func @swap(%a: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
      %0 = util.global.load @x : tensor<2xf32>
      util.global.store %a, @x : tensor<2xf32>
      %1 = util.global.load @x : tensor<2xf32>
      %2 = arith.addf %0, %1 : tensor<2xf32>
      util.global.store %2, @x : tensor<2xf32>
      return %0, %1 : tensor<2xf32>, tensor<2xf32>
    }
    func.func @exchange() -> (tensor<2xf32>, tensor<2xf32>) {
      %x = util.global.load @x : tensor<2xf32>
      %y = util.global.load @y : tensor<2xf32>
      util.global.store %y, @x : tensor<2xf32>
      util.global.store %x, @y : tensor<2xf32>
      %x1 = util.global.load @x : tensor<2xf32>
      %y1 = util.global.load @y : tensor<2xf32>
      return %x1, %y1 : tensor<2xf32>, tensor<2xf32>
    }
    func.func private @bump(%n: index) attributes {inlining_policy = #util.inline.never} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      scf.for %i = %c0 to %n step %c1 {
        %0 = util.global.load @x : tensor<2xf32>
        %one = arith.constant dense<1.0> : tensor<2xf32>
        %1 = arith.addf %0, %one : tensor<2xf32>
        util.global.store %1, @x : tensor<2xf32>
        %f = util.global.load @f : f32
        %g = arith.addf %f, %f : f32
        util.global.store %g, @f : f32
      }
      return
    }
    func.func @bumps(%n: index) -> (tensor<2xf32>, f32) {
      func.call @bump(%n) : (index) -> ()
      %0 = util.global.load @x : tensor<2xf32>
      func.call @bump(%n) : (index) -> ()
      %1 = util.global.load @x : tensor<2xf32>
      %2 = arith.subf %1, %0 : tensor<2xf32>
      %f = util.global.load @f : f32
      return %2, %f : tensor<2xf32>, f32
    }
    func.func @scalars() -> (i64, i1) {
      %0 = util.global.load @big : i64
      %1 = util.global.load @flag : i1
      return %0, %1 : i64, i1
    }
    """

    def each(name, *args):
        return call(f"m.{name}", *args, is_async=is_async)

    answers = run(
        [compiled("m", body, is_async=is_async)],
        [
            each("swap", tensor([1, 1])),
            each("swap", tensor([2, 2])),
            each("exchange"),
            each("exchange"),
            each("bumps", 3),
            each("scalars"),
        ],
    )

    assert answers == [
        [tensor([0, 0]), tensor([1, 1])],
        [tensor([1, 1]), tensor([2, 2])],
        [tensor([7, 7]), tensor([3, 3])],
        [tensor([3, 3]), tensor([7, 7])],
        [tensor([3, 3]), 64.0],
        [12345678901, 1],
    ]


@BOTH_MODELS
def test_globals_of_dynamic_shape(compiled, run, is_async):
    body = """
    ml_program.global private mutable @x(dense<[1.0, 2.0]> : tensor<2xf32>) : tensor<?xf32>
    func.func @append(%a: tensor<?xf32>) -> tensor<?xf32> {
      %x = ml_program.global_load @x : tensor<?xf32>
      %c0 = arith.constant 0 : index
      %n = tensor.dim %x, %c0 : tensor<?xf32>
      %m = tensor.dim %a, %c0 : tensor<?xf32>
      %l = arith.addi %n, %m : index
      %e = tensor.empty(%l) : tensor<?xf32>
      %0 = tensor.insert_slice %x into %e[0] [%n] [1] : tensor<?xf32> into tensor<?xf32>
      %1 = tensor.insert_slice %a into %0[%n] [%m] [1] : tensor<?xf32> into tensor<?xf32>
      ml_program.global_store @x = %1 : tensor<?xf32>
      return %1 : tensor<?xf32>
    }
    """

    def append(*numbers):
        return call("m.append", tensor(numbers), is_async=is_async)

    answers = run([compiled("m", body, is_async=is_async)], [append(3), append(), append(4, 5)])

    assert answers == [[tensor([1, 2, 3])], [tensor([1, 2, 3])], [tensor([1, 2, 3, 4, 5])]]


CACHE = """
util.global private mutable @cache = dense<0.0> : tensor<4x2xf32>
util.global private mutable @old = dense<0.0> : tensor<4x2xf32>
func.func private @lib.same(%a: tensor<4x2xf32>) -> tensor<4x2xf32>
func.func @append(%row: tensor<1x2xf32>, %i: index) -> tensor<1x2xf32> {
  %c = util.global.load @cache : tensor<4x2xf32>
  %n = tensor.insert_slice %row into %c[%i, 0] [1, 2] [1, 1] : tensor<1x2xf32> into tensor<4x2xf32>
  util.global.store %n, @cache : tensor<4x2xf32>
  %r = tensor.extract_slice %n[0, 0] [1, 2] [1, 1] : tensor<4x2xf32> to tensor<1x2xf32>
  return %r : tensor<1x2xf32>
}
func.func @append_and_return(%row: tensor<1x2xf32>, %i: index) -> tensor<4x2xf32> {
  %c = util.global.load @cache : tensor<4x2xf32>
  %n = tensor.insert_slice %row into %c[%i, 0] [1, 2] [1, 1] : tensor<1x2xf32> into tensor<4x2xf32>
  util.global.store %n, @cache : tensor<4x2xf32>
  return %n : tensor<4x2xf32>
}
func.func @append_and_compare(%row: tensor<1x2xf32>, %i: index) -> tensor<4x2xf32> {
  %c = util.global.load @cache : tensor<4x2xf32>
  %n = tensor.insert_slice %row into %c[%i, 0] [1, 2] [1, 1] : tensor<1x2xf32> into tensor<4x2xf32>
  util.global.store %n, @cache : tensor<4x2xf32>
  %d = arith.subf %n, %c : tensor<4x2xf32>
  return %d : tensor<4x2xf32>
}
func.func @save() -> tensor<4x2xf32> {
  %c = util.global.load @cache : tensor<4x2xf32>
  util.global.store %c, @old : tensor<4x2xf32>
  %0 = call @lib.same(%c) : (tensor<4x2xf32>) -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}
func.func @saved() -> tensor<4x2xf32> {
  %c = util.global.load @old : tensor<4x2xf32>
  return %c : tensor<4x2xf32>
}
func.func @fill(%row: tensor<1x2xf32>, %n: index) -> tensor<4x2xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %c = util.global.load @cache : tensor<4x2xf32>
    %0 = tensor.insert_slice %row into %c[%i, 0] [1, 2] [1, 1] : tensor<1x2xf32> into tensor<4x2xf32>
    util.global.store %0, @cache : tensor<4x2xf32>
  }
  %r = util.global.load @cache : tensor<4x2xf32>
  return %r : tensor<4x2xf32>
}
"""


def test_updates_in_place_show_nowhere_else(compiled, run):
    library = """
    func.func @same(%a: tensor<4x2xf32>) -> tensor<4x2xf32> { return %a : tensor<4x2xf32> }
    """
    one, two, three = (tensor([number] * 2, [1, 2]) for number in (1, 2, 3))
    answers = run(
        [compiled("lib", library), compiled("m", CACHE)],
        [
            call("m.append", one, 0),
            call("m.append", two, 1),
            call("m.save"),
            call("m.append_and_return", three, 0),
            call("m.append", two, 0),
            call("m.append_and_compare", three, 0),
            call("m.saved"),
            call("m.fill", one, 3),
            call("m.saved"),
        ],
    )

    def rows(*numbers):
        return tensor([number for number in numbers for _ in range(2)], [4, 2])

    assert answers == [
        [one],
        [one],
        [rows(1, 2, 0, 0)],
        [rows(3, 2, 0, 0)],
        [two],
        [rows(1, 0, 0, 0)],
        [rows(1, 2, 0, 0)],
        [rows(1, 1, 1, 0)],
        [rows(1, 2, 0, 0)],
    ]


def test_a_result_survives_later_updates(compiled, run):
    body = (
        CACHE
        + """
    func.func @read(%a: tensor<4x2xf32>) -> tensor<4x2xf32> {
      %0 = arith.addf %a, %a : tensor<4x2xf32>
      return %0 : tensor<4x2xf32>
    }
    """
    )
    library = """
    func.func @same(%a: tensor<4x2xf32>) -> tensor<4x2xf32> { return %a : tensor<4x2xf32> }
    """
    one, two = (tensor([number] * 2, [1, 2]) for number in (1, 2))
    answers = run(
        [compiled("lib", library), compiled("m", body)],
        [
            call("m.append_and_return", one, 0),
            call("m.save"),
            call("m.append", two, 0),
            call("m.read", result(0)),
            call("m.read", result(1)),
        ],
    )

    doubled = tensor([2, 2, 0, 0, 0, 0, 0, 0], [4, 2])
    assert answers[3:] == [[doubled], [doubled]]


def test_globals_without_an_initial_value_hold_zeros(compiled, run):
    body = """
    util.global private mutable @x = #util.uninitialized : tensor<3xf32>
    func.func @read() -> tensor<3xf32> {
      %0 = util.global.load @x : tensor<3xf32>
      return %0 : tensor<3xf32>
    }
    """
    assert run([compiled("m", body)], [call("m.read")]) == [[tensor([0, 0, 0])]]
