"""Random programs of tensor operations, one after the other, give what NumPy gives, bit for bit.

`GOSSAMER_RANDOM_PROGRAMS=5000 pytest tests/random_tensors` tries as many programs of each target.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from number_operations import NUMBER_OPERATIONS
from shape_operations import SHAPE_OPERATIONS
from tensor_program import DTYPES, LIMIT, NUMBERS, TensorProgram, Value

import gossamer
from gossamer.compiler.options import CompileOptions

_PROGRAMS_A_MODULE = 8
_EXAMPLES = max(1, int(os.environ.get("GOSSAMER_RANDOM_PROGRAMS", "24")) // _PROGRAMS_A_MODULE)


@st.composite
def programs(draw: Any) -> tuple[TensorProgram, list[Value]]:
    """A program, and the values that it returns."""
    program = TensorProgram()
    for _ in range(draw(st.integers(1, 3))):
        element = draw(st.sampled_from(NUMBERS))
        shape = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
        numbers = np.random.default_rng(draw(st.integers(0, 2**16)))
        lowest = 0 if element.startswith("ui") else -LIMIT
        program.add_input(element, numbers.integers(lowest, LIMIT, shape).astype(DTYPES[element]))
    for _ in range(draw(st.integers(1, 14))):
        draw(st.sampled_from((*NUMBER_OPERATIONS, *SHAPE_OPERATIONS)))(draw, program)
    made = program.values[len(program.inputs) :] or program.values
    return program, [*made[-3:], draw(st.sampled_from(made))]


@pytest.mark.timeout(0)
@pytest.mark.parametrize("target", ["vmvx", "llvm-cpu"])
def test_a_random_program_computes_what_numpy_does(target: str) -> None:
    options = CompileOptions(target_device="local", target_backends=(target,), type_conversions=frozenset())

    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        derandomize="GOSSAMER_RANDOM_PROGRAMS" not in os.environ,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(programs(), min_size=_PROGRAMS_A_MODULE, max_size=_PROGRAMS_A_MODULE))
    def check(cases: list[tuple[TensorProgram, list[Value]]]) -> None:
        functions = [program.function(f"f{index}", results) for index, (program, results) in enumerate(cases)]
        module = gossamer.compile_text("\n".join(functions), options=options)
        with gossamer.Pipeline([module], device="local-sync") as pipeline:
            for index, (program, results) in enumerate(cases):
                found = pipeline[f"f{index}"](*(value.array for value in program.inputs))
                for one, expected in zip(found, results, strict=True):
                    assert (one.shape, one.dtype) == (expected.array.shape, expected.array.dtype), functions[
                        index
                    ]
                    np.testing.assert_array_equal(one, expected.array, err_msg=functions[index])

    check()
