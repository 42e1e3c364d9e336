"""Reductions moved outside the loop over their results: when, and with the results that bytecode has."""

from __future__ import annotations

import numpy as np
import pytest
from test_jit_loops import count_up
from vm_modules import ModuleBuilder

from gossamer.isa.encode import Assembler
from gossamer.isa.opcodes import REF_BIT
from gossamer.vm.bytecode.module import BytecodeModule
from gossamer.vm.interpret.interpreter import Interpreter
from gossamer.vm.jit.analysis.variants import make_variants
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.translate import Translator
from gossamer.vm.typed.ssa import build_ssa
from gossamer.vm.typed.type_function import type_function

C, A = REF_BIT, REF_BIT | 1
N, M, J, K = 0, 2, 4, 6  # cells of i64


def contraction(assembler: Assembler) -> None:
    """`for j < n: for k < m: c[j] = c[j] + a[k] * j`."""
    assembler.emit("trunc.i64.i32", J, 8)
    multiply_and_add(assembler)


def scaled_by_itself(assembler: Assembler) -> None:
    """`for j < n: t = c[j]; for k < m: c[j] = c[j] + a[k] * t`."""
    assembler.emit("buffer.load.i32", C, J, 8)
    multiply_and_add(assembler)


def multiply_and_add(assembler: Assembler) -> None:
    def term() -> None:
        assembler.emit("buffer.load.i32", A, K, 10)
        assembler.emit("mul.i32", 8, 10, 12)
        assembler.emit("buffer.load.i32", C, J, 14)
        assembler.emit("add.i32", 14, 12, 16)
        assembler.emit("buffer.store.i32", C, J, 16)

    count_up(assembler, K, M, term)


def module_of(row: object) -> BytecodeModule:
    def body(assembler: Assembler) -> None:
        assert callable(row)
        count_up(assembler, J, N, lambda: row(assembler))
        assembler.emit("return", ())

    builder = ModuleBuilder()
    builder.function("f", "0rrII_v", body)
    return builder.module()


def run(executor: Interpreter | Translator) -> list[int]:
    results, terms = np.arange(1, 17, dtype=np.int32), np.arange(1, 5, dtype=np.int32)
    executor.bind(0)(Buffer.wrap(results.data), Buffer.wrap(terms.data), len(results), len(terms))
    return results.tolist()


@pytest.mark.parametrize(("row", "count"), [(contraction, 1), (scaled_by_itself, 0)])
def test_results_that_earlier_turns_change_are_read_as_often_as_before(row: object, count: int) -> None:
    module = module_of(row)
    function = build_ssa(type_function(module.decoded, module.decoded.functions[0]))

    assert sum(len(variant.interchanges) for variant in make_variants(function)) == count
    assert run(Translator(module.create_state(), is_native=True)) == run(Interpreter(module.create_state()))
