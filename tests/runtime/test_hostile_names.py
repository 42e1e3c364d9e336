"""Names in a module may be any text: they end up in messages and tracebacks, never in anything's way."""

from __future__ import annotations

from dataclasses import replace

import pytest

import gossamer
from gossamer.format.archive import read_module, write_module

SOURCE = "func.func @f(%a: i32) -> i32 { %0 = arith.addi %a, %a : i32 return %0 : i32 }"


@pytest.mark.parametrize("name", ["a\0b", "\0", "x" * 5000, "..", "a\nb", "'\"\\", "日本"])
def test_functions_of_any_name_can_be_called(name: str) -> None:
    module = read_module(gossamer.compile_text(SOURCE))
    exports = [replace(module.exported_functions[0], local_name=name), *module.exported_functions[1:]]

    pipeline = gossamer.Pipeline(
        [write_module(replace(module, exported_functions=tuple(exports)))], device="local-sync"
    )

    assert pipeline.main[name](21) == 42
