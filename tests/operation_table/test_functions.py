"""Functions of `math` are as right as docs/targets.md says, for all numbers of 16 bits and some of f32."""

from __future__ import annotations

import pytest
from check_functions import sweep
from table_types import ELEMENT_TYPES


@pytest.mark.parametrize("target", ["vmvx", "llvm-cpu"])
@pytest.mark.parametrize("name", ["f16", "bf16", "f32"])
def test_functions_of_a_type(name: str, target: str) -> None:
    results = sweep(ELEMENT_TYPES[name], target, 50_000)

    assert [f"{function}: {result.wrong}" for function, result in results if result.wrong] == []
