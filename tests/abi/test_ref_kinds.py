"""Which types of refs may meet when modules are linked."""

from __future__ import annotations

import pytest

from gossamer.abi.value_type import are_compatible, parse_value_type


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ("!util.buffer", "!vm.buffer"),
        ("!util.list<?>", "!vm.list<i32>"),
        ("!custom.string", "!vm.ref<!custom.string>"),
        ("!custom.string", "!vm.ref<?>"),
        ("tensor<4xf32>", "!hal.buffer_view"),
        ("tensor<4xf32>", "!vm.ref<?>"),
        ("tensor<4xf32>", "!torch.vtensor<[4],f32>"),
        ("index", "i64"),
    ],
)
def test_types_that_meet(expected: str, found: str) -> None:
    assert are_compatible(parse_value_type(expected), parse_value_type(found))
    assert are_compatible(parse_value_type(found), parse_value_type(expected))


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ("!custom.string", "!custom.number"),
        ("!custom.string", "!vm.buffer"),
        ("!util.list<?>", "!util.buffer"),
        ("tensor<4xf32>", "!custom.string"),
        ("index", "i32"),
    ],
)
def test_types_that_do_not(expected: str, found: str) -> None:
    assert not are_compatible(parse_value_type(expected), parse_value_type(found))
    assert not are_compatible(parse_value_type(found), parse_value_type(expected))
