"""Random programs of control flow over tensors of dynamic size give what NumPy gives.

`GOSSAMER_RANDOM_PROGRAMS=5000 pytest tests/random_programs` tries as many programs of each target.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from program_strategy import PARAMETERS, RESULTS, arguments, programs
from program_text import function_text
from program_tree import Block
from program_values import TooLargeError, evaluate

import gossamer
from gossamer.compiler.options import CompileOptions

_PROGRAMS_A_MODULE = 8
_EXAMPLES = max(1, int(os.environ.get("GOSSAMER_RANDOM_PROGRAMS", "48")) // _PROGRAMS_A_MODULE)


@pytest.mark.timeout(0)
@pytest.mark.parametrize("target", ["vmvx", "llvm-cpu"])
def test_a_random_program_computes_what_numpy_does(target: str) -> None:
    options = CompileOptions(target_device="local", target_backends=(target,))

    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        derandomize="GOSSAMER_RANDOM_PROGRAMS" not in os.environ,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(
        st.lists(programs(), min_size=_PROGRAMS_A_MODULE, max_size=_PROGRAMS_A_MODULE),
        st.lists(arguments(), min_size=1, max_size=4),
    )
    def check(blocks: list[Block], calls: list[dict[str, Any]]) -> None:
        text = "".join(
            function_text(f"f{index}", PARAMETERS, block, RESULTS) for index, block in enumerate(blocks)
        )
        try:
            expected = [[evaluate(block, dict(call)) for call in calls] for block in blocks]
        except TooLargeError:
            reject()
        with gossamer.Pipeline(
            [gossamer.compile_text(text, options=options)], device="local-sync"
        ) as pipeline:
            for index, values in enumerate(expected):
                function = getattr(pipeline, f"f{index}")
                for call, wanted in zip(calls, values, strict=True):
                    for found, value in zip(function(*call.values()), wanted, strict=True):
                        np.testing.assert_array_equal(found, value)

    check()
