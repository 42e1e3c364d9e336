"""PyTorch's operations on bytes, alone and with other types, are what eager PyTorch makes of them."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# PyTorch is an optional extra.

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from check_torch_table import check  # noqa: E402  # what is missing is said first
from torch_operations import torch_rows  # noqa: E402

# PyTorch warns of itself.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{kind}")
    for kind in ("FutureWarning", "DeprecationWarning", "UserWarning")
]

_REFUSED = ("pow_", "any_uint8", "all_uint8", "mean_float_uint8")
"""What torch-mlir has no lowering for: powers of integers by tensors; `any`, `all` and means of bytes."""


@pytest.mark.parametrize("other", ["uint8", "bool", "int8", "int32", "float32"])
def test_bytes(other: str) -> None:
    verdicts = list(check(torch_rows(torch.uint8, getattr(torch, other))))

    assert [f"{verdict.row.name}: {verdict.wrong}" for verdict in verdicts if verdict.wrong] == []
    refused = [verdict.row.name for verdict in verdicts if verdict.refused]
    assert [name for name in refused if not name.startswith(_REFUSED)] == []
