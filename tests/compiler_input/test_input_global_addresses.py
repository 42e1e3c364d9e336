from gossamer.compiler import frontend, input
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.source import Source


def test_accesses_through_an_address_become_accesses_by_name() -> None:
    program = frontend.load(
        Source.from_text("""
        util.global private mutable @state = dense<1.0> : tensor<4xf32>
        func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {
          %p = util.global.address @state : !util.ptr<tensor<4xf32>>
          %0 = util.global.load.indirect %p : !util.ptr<tensor<4xf32>> -> tensor<4xf32>
          util.global.store.indirect %a, %p : tensor<4xf32> -> !util.ptr<tensor<4xf32>>
          return %0 : tensor<4xf32>
        }"""),
        CompileOptions(),
    )

    input.normalize(program, CompileOptions())

    text = str(program.module)
    assert "ml_program.global_load @state" in text
    assert "ml_program.global_store @state = %arg0" in text
    assert "util." not in text
