"""Large literals of MLIR text, taken out before MLIR reads it."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.compiler.frontend.mlir.text_literals import take_out_literals
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.pipeline import compile_source
from gossamer.compiler.resources import Resources
from gossamer.compiler.source import Source
from gossamer.runtime.pipeline import Pipeline

COUNT = 64 * 1024


def literal(digits: str, type: str) -> bytes:
    return f'%0 = arith.constant dense<"0x{digits}"> : {type}\n'.encode()


def test_large_literal_becomes_a_resource() -> None:
    numbers = np.arange(COUNT, dtype=np.float32)
    resources = Resources()
    text = b"before\n" + literal(numbers.tobytes().hex(), f"tensor<{COUNT}xf32>") + b"after\n"

    found = take_out_literals(text, resources)

    key = f"literal_{text.index(b'dense')}".encode()
    assert found == b"before\n%0 = arith.constant dense_resource<" + key + b"> : tensor<65536xf32>\nafter\n"
    assert resources


@pytest.mark.parametrize(
    ("digits", "type"),
    [
        pytest.param("00000000" * 4, "tensor<4xf32>", id="small"),
        pytest.param("00000000", f"tensor<{COUNT}xf32>", id="one-number-for-all"),
        pytest.param("00000000" * COUNT, f"tensor<{COUNT}xf64>", id="too-few-bytes"),
        pytest.param("0000000x" * COUNT, f"tensor<{COUNT}xf32>", id="no-digits"),
        pytest.param("01" * 8 * COUNT, f"tensor<{8 * COUNT}xi1>", id="truth-values"),
        pytest.param("00000000" * COUNT, f"vector<{COUNT}xf32>", id="no-tensor"),
    ],
)
def test_other_literals_stay(digits: str, type: str) -> None:
    text, resources = literal(digits, type), Resources()

    assert take_out_literals(text, resources) == text
    assert not resources


def test_program_with_a_large_literal() -> None:
    numbers = np.arange(COUNT, dtype=np.float32)
    type = f"tensor<{COUNT}xf32>"

    text = f"""func.func @f(%a: {type}) -> {type} {{
      %w = arith.constant dense<"0x{numbers.tobytes().hex()}"> : {type}
      %0 = arith.addf %a, %w : {type}
      return %0 : {type}
    }}"""
    options = CompileOptions(target_device="local", target_backends=("vmvx",))

    program = Pipeline([compile_source(Source("m", text.encode()), options)], device="local-sync")

    np.testing.assert_array_equal(np.asarray(program.f(numbers)), 2 * numbers)
