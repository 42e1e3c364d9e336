"""Programs of two modules, each sync or async in either runtime."""

from __future__ import annotations

import pytest
from stream_calls import call, keep, tensor

LIBRARY = """
func.func @abs(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = math.absf %a : tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @mul(%a: tensor<4xf32>, %b: tensor<4xf32>, %o: tensor<4xf32> {iree.abi.output = 0 : index})
    -> tensor<4xf32> {
  %0 = arith.mulf %a, %b : tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @double(%a: tensor<?xf32>, %k: i8) -> (i8, tensor<?xf32>) {
  %0 = arith.addf %a, %a : tensor<?xf32>
  %k2 = arith.addi %k, %k : i8
  return %k2, %0 : i8, tensor<?xf32>
}
func.func @same(%a: tensor<4xf32>) -> tensor<4xf32> { return %a : tensor<4xf32> }
util.global private mutable @last = dense<0.0> : tensor<4xf32>
func.func @note(%a: tensor<4xf32>) {
  util.global.store %a, @last : tensor<4xf32>
  return
}
func.func @noted() -> tensor<4xf32> {
  %0 = util.global.load @last : tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @next(%k: i32) -> i32 {
  %c1 = arith.constant 1 : i32
  %0 = arith.addi %k, %c1 : i32
  return %0 : i32
}
"""

IMPORTS = """
func.func private @lib.abs(%a: tensor<4xf32>) -> tensor<4xf32> attributes {{{model}}}
func.func private @lib.mul(%a: tensor<4xf32>, %b: tensor<4xf32>,
    %o: tensor<4xf32> {{iree.abi.output = 0 : index}}) -> tensor<4xf32> attributes {{{model}}}
func.func private @lib.double(%a: tensor<?xf32>, %k: i8) -> (i8, tensor<?xf32>) attributes {{{model}}}
func.func private @lib.same(%a: tensor<4xf32>) -> tensor<4xf32> attributes {{{model}}}
func.func private @lib.note(%a: tensor<4xf32>) attributes {{{model}}}
func.func private @lib.noted() -> tensor<4xf32> attributes {{{model}}}
func.func private @lib.next(%k: i32) -> i32 attributes {{{model}}}
"""

APPLICATION = """
util.global private mutable @state = dense<5.0> : tensor<4xf32>
func.func @chain(%i: tensor<4xf32>) -> tensor<4xf32> {
  %n = arith.negf %i : tensor<4xf32>
  %a = call @lib.abs(%n) : (tensor<4xf32>) -> tensor<4xf32>
  %m = arith.addf %a, %n : tensor<4xf32>
  %s = tensor.empty() : tensor<4xf32>
  %r = call @lib.mul(%a, %m, %s) : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %0 = arith.addf %r, %i : tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @through(%i: tensor<4xf32>, %o: tensor<4xf32> {iree.abi.output = 0 : index}) -> tensor<4xf32> {
  %0 = call @lib.mul(%i, %i, %o) : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @copied(%i: tensor<4xf32>, %o: tensor<4xf32> {iree.abi.output = 0 : index}) -> tensor<4xf32> {
  %0 = call @lib.abs(%i) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @branching(%i: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %a = call @lib.abs(%i) : (tensor<4xf32>) -> tensor<4xf32>
  %b = call @lib.abs(%a) : (tensor<4xf32>) -> tensor<4xf32>
  %c = call @lib.same(%i) : (tensor<4xf32>) -> tensor<4xf32>
  %0 = arith.addf %a, %b : tensor<4xf32>
  return %0, %c, %b : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
func.func @dynamic(%a: tensor<?xf32>, %k: i8) -> (i8, tensor<?xf32>, index) {
  %n = arith.negf %a : tensor<?xf32>
  %r:2 = call @lib.double(%n, %k) : (tensor<?xf32>, i8) -> (i8, tensor<?xf32>)
  %c0 = arith.constant 0 : index
  %d = tensor.dim %r#1, %c0 : tensor<?xf32>
  %0 = arith.addf %r#1, %r#1 : tensor<?xf32>
  %k2 = arith.addi %r#0, %r#0 : i8
  return %k2, %0, %d : i8, tensor<?xf32>, index
}
func.func @effects(%i: tensor<4xf32>) -> tensor<4xf32> {
  %n = arith.addf %i, %i : tensor<4xf32>
  call @lib.note(%n) : (tensor<4xf32>) -> ()
  %0 = call @lib.noted() : () -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @stateful(%i: tensor<4xf32>) -> tensor<4xf32> {
  %s = util.global.load @state : tensor<4xf32>
  %0 = call @lib.same(%s) : (tensor<4xf32>) -> tensor<4xf32>
  %r = call @lib.abs(%i) : (tensor<4xf32>) -> tensor<4xf32>
  util.global.store %r, @state : tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @state_as_storage(%i: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %s = util.global.load @state : tensor<4xf32>
  %c = arith.constant dense<[-1.0, 2.0, -3.0, 4.0]> : tensor<4xf32>
  %0 = call @lib.mul(%i, %i, %s) : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = call @lib.mul(%i, %i, %c) : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %2 = util.global.load @state : tensor<4xf32>
  %3 = call @lib.abs(%c) : (tensor<4xf32>) -> tensor<4xf32>
  return %2, %3 : tensor<4xf32>, tensor<4xf32>
}
func.func @number(%k: i32) -> i32 {
  %a = call @lib.next(%k) : (i32) -> i32
  %0 = call @lib.next(%a) : (i32) -> i32
  return %0 : i32
}
func.func @looped(%i: tensor<4xf32>, %n: index) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %k = %c0 to %n step %c1 iter_args(%x = %i) -> tensor<4xf32> {
    %y = func.call @lib.abs(%x) : (tensor<4xf32>) -> tensor<4xf32>
    %z = arith.addf %y, %i : tensor<4xf32>
    scf.yield %z : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}
"""

VMVX_FLAGS = ("--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=vmvx")

INPUT = tensor([-1, 2, -3, 4])
SQUARES, MAGNITUDES = tensor([1, 4, 9, 16]), tensor([1, 2, 3, 4])


@pytest.mark.parametrize("app_is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("library_is_async", [False, True], ids=["calls-sync", "calls-async"])
def test_calls_between_modules(compiled, run, app_is_async, library_is_async):
    model = '"coarse-fences"' if library_is_async else '"sync"'
    imports = IMPORTS.format(model=f"iree.abi.model = {model}")
    modules = [
        compiled("lib", LIBRARY, is_async=library_is_async),
        compiled("app", imports + APPLICATION, is_async=app_is_async),
    ]

    def each(name, *args):
        return call(f"app.{name}", *args, is_async=app_is_async)

    zeros = keep(tensor([0] * 4))
    answers = run(
        modules,
        [
            each("chain", INPUT),
            each("through", INPUT, zeros),
            each("copied", INPUT, zeros),
            each("branching", INPUT),
            each("dynamic", tensor([1, 2, 3]), 3),
            each("effects", INPUT),
            each("stateful", INPUT),
            each("stateful", INPUT),
            each("state_as_storage", INPUT),
            each("number", 4),
            each("looped", INPUT, 3),
        ],
    )

    assert answers == [
        [tensor([1, 2, 15, 4])],
        [SQUARES, SQUARES],
        [MAGNITUDES, MAGNITUDES],
        [tensor([2, 4, 6, 8]), INPUT, MAGNITUDES],
        [12, tensor([-4, -8, -12]), 3],
        [tensor([-2, 4, -6, 8])],
        [tensor([5] * 4)],
        [MAGNITUDES],
        [MAGNITUDES, MAGNITUDES],
        [6],
        [tensor([0, 8, 0, 16])],
    ]


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_modules_of_either_compiler_call_each_other(compiled, compile_mlir, run, is_async):
    flags = [*VMVX_FLAGS, *(["--iree-execution-model=async-external"] if is_async else [])]
    library = """
    func.func @abs(%a: tensor<4xf32>) -> tensor<4xf32> {
      %0 = math.absf %a : tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    func.func @mul(%a: tensor<4xf32>, %b: tensor<4xf32>, %o: tensor<4xf32> {iree.abi.output = 0 : index})
        -> tensor<4xf32> {
      %0 = arith.mulf %a, %b : tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    """
    application = """
    func.func private @lib.abs(%a: tensor<4xf32>) -> tensor<4xf32>
    func.func private @lib.mul(%a: tensor<4xf32>, %b: tensor<4xf32>,
        %o: tensor<4xf32> {iree.abi.output = 0 : index}) -> tensor<4xf32>
    func.func @run(%i: tensor<4xf32>) -> tensor<4xf32> {
      %a = call @lib.abs(%i) : (tensor<4xf32>) -> tensor<4xf32>
      %s = tensor.empty() : tensor<4xf32>
      %r = call @lib.mul(%a, %i, %s) : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      return %r : tensor<4xf32>
    }
    """
    ours = {
        "lib": compiled("lib", library, is_async=is_async),
        "app": compiled("app", application, is_async=is_async),
    }
    theirs = {
        "lib": compile_mlir(f"module @lib {{ {library} }}", *flags, name="lib"),
        "app": compile_mlir(f"module @app {{ {application} }}", *flags, name="app"),
    }
    for modules in ([theirs["lib"], ours["app"]], [ours["lib"], theirs["app"]]):
        answers = run(modules, [call("app.run", INPUT, is_async=is_async)])
        assert answers == [[tensor([-1, 4, -9, 16])]]
