"""Any form of source reaches the compiler through the registry of frontends."""

from __future__ import annotations

import json
from collections.abc import Generator

import numpy as np
import pytest

from gossamer.compiler import frontend, mlir
from gossamer.compiler.frontend.registry import unregister_frontend
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.pipeline import compile_source
from gossamer.compiler.source import Source
from gossamer.errors import CompileError
from gossamer.runtime.pipeline import Pipeline

OPTIONS = CompileOptions(target_device="local", target_backends=("vmvx",))


class Scaling:
    """A form of source of this test's own: a JSON file, or a Python number, that says what to multiply by."""

    name = "scaling"

    def accepts(self, source: Source, input_type: str) -> bool:
        return source.name.endswith(".json") or isinstance(source.model, float) or input_type == self.name

    def load(self, source: Source, options: CompileOptions) -> frontend.LoadedProgram:
        factor = source.model if isinstance(source.model, float) else json.loads(source.data)
        return frontend.LoadedProgram(
            mlir.parse_text(f"""
            func.func @scale(%a: tensor<4xf32>) -> tensor<4xf32> {{
              %factor = arith.constant dense<{factor:e}> : tensor<4xf32>
              %0 = arith.mulf %a, %factor : tensor<4xf32>
              return %0 : tensor<4xf32>
            }}""")
        )


@pytest.fixture(autouse=True)
def scaling() -> Generator[Scaling]:
    frontend_ = Scaling()
    frontend.register_frontend(frontend_)
    yield frontend_
    unregister_frontend(frontend_)


@pytest.mark.parametrize(
    ("source", "options"),
    [
        (Source("factor.json", b"3"), OPTIONS),
        (Source.from_model(3.0), OPTIONS),
        (
            Source("<stdin>", b"3"),
            CompileOptions(input_type="scaling", target_device="local", target_backends=("vmvx",)),
        ),
    ],
    ids=["suffix", "object", "input type"],
)
def test_a_registered_frontend_is_found(source: Source, options: CompileOptions) -> None:
    pipeline = Pipeline([compile_source(source, options)], device="local-sync")

    np.testing.assert_array_equal(pipeline.scale(np.arange(4, dtype=np.float32)), [0, 3, 6, 9])


def test_other_sources_go_where_they_went() -> None:
    text = Source.from_text("func.func @f() { return }")

    assert frontend.find_frontend(text, "auto").name == "MLIR text"
    assert frontend.find_frontend(Source("b", b"ML\xefR"), "auto").name == "MLIR bytecode"


def test_objects_that_no_frontend_takes_are_refused() -> None:
    with pytest.raises(CompileError, match=r"a dict cannot be compiled: no frontend takes it .*scaling"):
        compile_source(Source.from_model({}), OPTIONS)
