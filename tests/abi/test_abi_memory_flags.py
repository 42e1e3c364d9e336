from __future__ import annotations

import pytest

from gossamer.abi.memory_flags import buffer_usage_name, memory_access_name, memory_type_name


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0x30, "DEVICE_LOCAL"),
        (0x32, "DEVICE_LOCAL|HOST_VISIBLE"),
        (0x46, "HOST_LOCAL"),
        (0x10, "DEVICE_VISIBLE"),
        (0, ""),
    ],
)
def test_memory_types_are_named_combined_first(value: int, text: str) -> None:
    assert memory_type_name(value) == text


def test_usages_are_named_combined_first() -> None:
    assert buffer_usage_name(3075) == "TRANSFER|DISPATCH_STORAGE"
    assert buffer_usage_name(0x80000000 | 1) == "TRANSFER_SOURCE|80000000h"


def test_accesses_are_named() -> None:
    assert memory_access_name(7) == "ALL"
    assert memory_access_name(1) == "READ"
