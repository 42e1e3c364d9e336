"""PyTorch's operations on bytes, alone and with other types, are what eager PyTorch makes of them."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false
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


@pytest.mark.parametrize("other", ["uint8", "bool", "int8", "int32", "float32"])
def test_bytes(other: str) -> None:
    verdicts = list(check(torch_rows(torch.uint8, getattr(torch, other))))

    assert [
        f"{verdict.row.name}: {verdict.wrong or verdict.refused}"
        for verdict in verdicts
        if verdict.wrong or verdict.refused
    ] == []


@pytest.mark.parametrize("target", ["vmvx", "llvm-cpu"])
@pytest.mark.parametrize(
    ("left", "right"), [("bool", "int32"), ("int32", "int32"), ("int32", "float16"), ("float16", "float16")]
)
def test_numbers(left: str, right: str, target: str) -> None:
    verdicts = list(check(torch_rows(getattr(torch, left), getattr(torch, right)), target))

    assert [
        f"{verdict.row.name}: {verdict.wrong or verdict.refused}"
        for verdict in verdicts
        if verdict.wrong or verdict.refused
    ] == []
