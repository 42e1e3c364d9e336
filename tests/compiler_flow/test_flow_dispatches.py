from __future__ import annotations

from gossamer.compiler import flow
from gossamer.compiler.mlir import ir, parse_text


def run(text: str) -> flow.FlowProgram:
    program = flow.run(parse_text(text))
    assert program.module.operation.verify()
    return program


def export_names(text: str) -> list[str]:
    return [executable.export_name for executable in run(text).executables.values()]


def host_operations(program: flow.FlowProgram, name: str) -> list[ir.Operation]:
    for op in program.module.body.operations:
        if op.operation.name == "func.func" and op.operation.attributes["sym_name"].value == name:
            return [
                nested.operation for block in op.operation.regions[0].blocks for nested in block.operations
            ]
    raise KeyError(name)


def dispatches(program: flow.FlowProgram, name: str) -> list[ir.Operation]:
    return [op for op in host_operations(program, name) if op.name == "flow.dispatch"]


MATMUL = """
func.func @mm(%a: tensor<4x16xf32>, %b: tensor<16x8xf32>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x8xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<4x16xf32>, tensor<16x8xf32>)
    outs(%f : tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = arith.addf %0, %c : tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}"""


def test_entry_points_are_named_as_the_reference_names_them() -> None:
    text = """
    func.func @abs(%a: tensor<4096xf32>) -> tensor<4096xf32> {
      %0 = math.absf %a : tensor<4096xf32>
      return %0 : tensor<4096xf32>
    }
    func.func @cmp(%a: tensor<64x32xf32>, %b: tensor<64x32xf32>) -> tensor<64x32xi1> {
      %0 = arith.cmpf olt, %a, %b : tensor<64x32xf32>
      return %0 : tensor<64x32xi1>
    }
    func.func @sl(%a: tensor<16x8xf32>) -> tensor<4x4xf32> {
      %0 = tensor.extract_slice %a[2, 2] [4, 4] [1, 1] : tensor<16x8xf32> to tensor<4x4xf32>
      return %0 : tensor<4x4xf32>
    }
    func.func @red(%a: tensor<4x?xf32>) -> tensor<4xf32> {
      %z = arith.constant dense<0.0> : tensor<4xf32>
      %0 = linalg.reduce { arith.addf } ins(%a : tensor<4x?xf32>) outs(%z : tensor<4xf32>) dimensions = [1]
      return %0 : tensor<4xf32>
    }"""

    assert export_names(text) == [
        "abs_dispatch_0_elementwise_4096_f32",
        "cmp_dispatch_0_elementwise_2048_f32xf32xi1",
        "sl_dispatch_0_slow_memcpy",
        "red_dispatch_0_reduction_4xD_f32",
    ]
    assert export_names(MATMUL) == ["mm_dispatch_0_matmul_4x8x16_f32"]


def test_names_of_kernels_are_words_and_differ() -> None:
    functions = [
        f"""func.func @"{name}"(%a: tensor<{size}xf32>) -> tensor<{size}xf32> {{
          %0 = math.absf %a : tensor<{size}xf32>
          return %0 : tensor<{size}xf32>
        }}"""
        for name, size in (("a graph", 4), ("a.graph", 5))
    ]

    assert export_names("\n".join(functions)) == [
        "a_graph_dispatch_0_elementwise_4_f32",
        "a_graph__dispatch_0_elementwise_5_f32",
    ]


def test_matmul_takes_its_fill_and_its_consumer_along() -> None:
    program = run(MATMUL)

    (executable,) = program.executables.values()
    (dispatch,) = dispatches(program, "mm")
    assert [op.name for op in host_operations(program, "mm")] == ["flow.dispatch", "func.return"]
    assert len(dispatch.operands) == dispatch.attributes["operand_count"].value == 3
    assert str(executable.function).count("linalg.generic") == 3


def test_result_with_two_uses_leaves_its_dispatch() -> None:
    program = run("""
    func.func @f(%a: tensor<4x8xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
      %z = arith.constant dense<0.0> : tensor<4xf32>
      %0 = linalg.reduce { arith.addf } ins(%a : tensor<4x8xf32>) outs(%z : tensor<4xf32>) dimensions = [1]
      %1 = math.exp %0 : tensor<4xf32>
      return %0, %1 : tensor<4xf32>, tensor<4xf32>
    }""")

    assert len(dispatches(program, "f")) == 2


def test_equal_dispatches_share_an_executable() -> None:
    program = run("""
    func.func @f(%a: tensor<8xf32>) -> tensor<8xf32> {
      %0 = math.absf %a : tensor<8xf32>
      return %0 : tensor<8xf32>
    }
    func.func @g(%a: tensor<8xf32>) -> tensor<8xf32> {
      %0 = math.absf %a : tensor<8xf32>
      return %0 : tensor<8xf32>
    }""")

    assert list(program.executables) == ["f_dispatch_0"]
    assert [str(op.attributes["executable"]) for op in dispatches(program, "g")] == ["@f_dispatch_0"]


def test_result_dimensions_come_from_arguments() -> None:
    program = run("""
    func.func @f(%a: tensor<?x4xf32>, %b: tensor<4x?xf32>) -> (tensor<?x?xf32>, index) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %m = tensor.dim %a, %c0 : tensor<?x4xf32>
      %n = tensor.dim %b, %c1 : tensor<4x?xf32>
      %z = arith.constant 0.0 : f32
      %e = tensor.empty(%m, %n) : tensor<?x?xf32>
      %f = linalg.fill ins(%z : f32) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
      %0 = linalg.matmul ins(%a, %b : tensor<?x4xf32>, tensor<4x?xf32>)
        outs(%f : tensor<?x?xf32>) -> tensor<?x?xf32>
      %d = tensor.dim %0, %c1 : tensor<?x?xf32>
      return %0, %d : tensor<?x?xf32>, index
    }""")

    (dispatch,) = dispatches(program, "f")
    *_, returned = host_operations(program, "f")
    dims = list(dispatch.operands)[dispatch.attributes["operand_count"].value :]
    assert [dim.owner.name for dim in dims] == ["tensor.dim", "tensor.dim"]
    assert returned.operands[1] == dims[1]


def test_expensive_producers_are_not_computed_again_for_each_row() -> None:
    program = run("""
    #row = affine_map<(i, j) -> (j)>
    #id = affine_map<(i, j) -> (i, j)>
    func.func @f(%a: tensor<64x8xf32>, %v: tensor<8xf32>) -> tensor<64x8xf32> {
      %p = math.exp %v : tensor<8xf32>
      %e = tensor.empty() : tensor<64x8xf32>
      %0 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
          ins(%a, %p : tensor<64x8xf32>, tensor<8xf32>) outs(%e : tensor<64x8xf32>) {
      ^bb0(%x: f32, %y: f32, %o: f32):
        %1 = arith.addf %x, %y : f32
        linalg.yield %1 : f32
      } -> tensor<64x8xf32>
      return %0 : tensor<64x8xf32>
    }""")

    assert len(dispatches(program, "f")) == 2


def test_barriers_calls_and_globals_keep_their_order() -> None:
    program = run("""
    ml_program.global private mutable @state(dense<0.0> : tensor<4xf32>) : tensor<4xf32>
    func.func private @other.step(%a: tensor<4xf32>) -> tensor<4xf32>
    func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {
      %0 = "util.optimization_barrier"(%a) : (tensor<4xf32>) -> tensor<4xf32>
      ml_program.global_store @state = %0 : tensor<4xf32>
      %1 = call @other.step(%0) : (tensor<4xf32>) -> tensor<4xf32>
      %2 = ml_program.global_load @state : tensor<4xf32>
      %3 = arith.addf %1, %2 : tensor<4xf32>
      %4 = call @other.step(%3) : (tensor<4xf32>) -> tensor<4xf32>
      ml_program.global_store @state = %3 : tensor<4xf32>
      return %4 : tensor<4xf32>
    }""")

    assert [op.name for op in host_operations(program, "f")] == [
        "util.optimization_barrier",
        "ml_program.global_store",
        "func.call",
        "ml_program.global_load",
        "flow.dispatch",
        "func.call",
        "ml_program.global_store",
        "func.return",
    ]


def test_private_functions_are_inlined_and_initialisers_stay() -> None:
    program = run("""
    ml_program.global private mutable @state(dense<0.0> : tensor<4xf32>) : tensor<4xf32>
    func.func private @__init0() attributes {gossamer.initializer} {
      %0 = arith.constant dense<1.0> : tensor<4xf32>
      ml_program.global_store @state = %0 : tensor<4xf32>
      return
    }
    func.func private @double(%a: tensor<4xf32>) -> tensor<4xf32> {
      %0 = arith.addf %a, %a : tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {
      %0 = call @double(%a) : (tensor<4xf32>) -> tensor<4xf32>
      %1 = call @double(%0) : (tensor<4xf32>) -> tensor<4xf32>
      return %1 : tensor<4xf32>
    }""")

    functions = {
        op.operation.attributes["sym_name"].value: op.operation.attributes["sym_visibility"].value
        for op in program.module.body.operations
        if op.operation.name == "func.func" and "sym_visibility" in op.operation.attributes
    }
    assert functions == {"__init0": "private"}
    assert len(dispatches(program, "f")) == 1


def test_host_control_flow_becomes_branches() -> None:
    program = run("""
    func.func @f(%c: i1, %a: tensor<4xf32>) -> tensor<4xf32> {
      %0 = scf.if %c -> tensor<4xf32> {
        %1 = arith.addf %a, %a : tensor<4xf32>
        scf.yield %1 : tensor<4xf32>
      } else {
        scf.yield %a : tensor<4xf32>
      }
      return %0 : tensor<4xf32>
    }""")

    names = [op.name for op in host_operations(program, "f")]
    assert "flow.dispatch" in names
    assert not any(name.startswith("scf.") for name in names)


def test_scalar_control_flow_inside_a_kernel_stays_there() -> None:
    program = run("""
    #id = affine_map<(i) -> (i)>
    func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {
      %z = arith.constant 0.0 : f32
      %e = tensor.empty() : tensor<4xf32>
      %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
          ins(%a : tensor<4xf32>) outs(%e : tensor<4xf32>) {
      ^bb0(%x: f32, %o: f32):
        %c = arith.cmpf olt, %x, %z : f32
        %v = scf.if %c -> f32 {
          %n = math.exp %x : f32
          scf.yield %n : f32
        } else {
          scf.yield %x : f32
        }
        linalg.yield %v : f32
      } -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }""")

    (executable,) = program.executables.values()
    assert "scf.if" in str(executable.function)
