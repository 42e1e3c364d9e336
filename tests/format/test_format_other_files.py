"""Files that are taken for modules are recognised, and the error says what they are."""

from __future__ import annotations

import pytest

from gossamer.errors import FormatError
from gossamer.format.archive import read_module

MLIR = "MLIR text, not a module; compile it first"
PYTHON = "Python source; a module in Python is given as a class"


@pytest.mark.parametrize(
    ("data", "description"),
    [
        (b"builtin.module @a {}\n", MLIR),
        (b"// A comment.\n\nfunc.func @f() { return }\n", MLIR),
        (b"#map = affine_map<(d0) -> (d0)>\nmodule attributes {} {\n}\n", MLIR),
        (b'"builtin.module"() ({}) : () -> ()\n', MLIR),
        (b"vm.module @a {\n}\n", MLIR),
        (b"import gossamer\nimport numpy\n", PYTHON),
        (b"#!/usr/bin/env python3\n# Nothing else.\n", PYTHON),
        (b'"""Glue."""\nfrom gossamer import module\n', PYTHON),
        (b"\x7fELF" + bytes(60), "a shared object; a module in C is loaded by a path that ends in .so"),
        (b"\x93NUMPY" + bytes(60), "an array of NumPy, not a module"),
        (b"<!DOCTYPE html><html>Not found</html>", "text, not a module"),
    ],
)
def test_it_says_what_a_file_is(data: bytes, description: str) -> None:
    with pytest.raises(FormatError, match=f"this is {description}$"):
        read_module(data)


def test_bytes_that_nobody_knows_are_not_guessed_at() -> None:
    with pytest.raises(FormatError) as raised:
        read_module(b"\x08\x07\x12\x07\0" + bytes([255] * 60))

    assert "this is" not in str(raised.value)
