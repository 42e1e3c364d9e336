"""Layers of every kind, and small models made of them, give what PyTorch gives, call after call."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from torch.utils import _pytree as pytree  # noqa: E402  # what is missing is said first
from torch_modules import make_cases  # noqa: E402

import gossamer  # noqa: E402

# PyTorch warns of itself.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{kind}")
    for kind in ("FutureWarning", "DeprecationWarning", "UserWarning")
]
CASES = make_cases()
TOLERANCES = {"bfloat16": 2e-2, "float16": 2e-3}
"""Relative to the larger of a value and a tenth; that of float32 is 1e-4."""


def as_array(value: Any) -> np.ndarray[Any, Any]:
    if isinstance(value, torch.Tensor):
        value = value.detach().resolve_neg()
        return value.float().numpy() if value.dtype == torch.bfloat16 else value.numpy()
    array = np.asarray(value)
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array


@pytest.mark.parametrize("name", CASES)
def test_a_module_gives_what_pytorch_gives(name: str) -> None:
    module, inputs = CASES[name]
    original = copy.deepcopy(module).eval()
    compiled = gossamer.compile(module.eval(), inputs=inputs, target="llvm-cpu")
    main = gossamer.Pipeline([compiled], device="local-sync").main

    tolerance = TOLERANCES.get(name, 1e-4)
    for _ in range(2):
        found, expected = pytree.tree_leaves(main(*inputs)), pytree.tree_leaves(original(*inputs))
        assert len(found) == len(expected)
        for one, other in zip(map(as_array, found), map(as_array, expected), strict=True):
            assert (one.shape, one.dtype) == (other.shape, other.dtype)
            np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance / 10)
