"""Python modules declare functions as the compiler does, so that linking compares them."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import pytest

from gossamer.modules.python.signature import Signature, read_signature


def signature_of(annotation: Any) -> Signature:
    def method(self: object, value: Any) -> None: ...

    method.__annotations__ = {"value": annotation, "return": None}
    return read_signature(method, "f", "Module.f", "module.f")


@pytest.mark.parametrize(
    ("annotation", "declared", "character"),
    [
        (Annotated[np.ndarray, "4x?xf32"], "tensor<4x?xf32>", "r"),
        (Annotated[np.ndarray, "4xcf64"], "tensor<4xcomplex<f32>>", "r"),
        (Annotated[np.ndarray, "4x?xcomplex<f64>"], "tensor<4x?xcomplex<f64>>", "r"),
        (Annotated[np.ndarray, "i1"], "tensor<i1>", "r"),
        (np.ndarray, "!hal.buffer_view", "r"),
        (object, "!vm.ref<?>", "r"),
        (bool, "i1", "i"),
        (int, "i64", "I"),
        (Annotated[float, "f32"], "f32", "f"),
    ],
)
def test_types_are_spelled_as_the_compiler_spells_them(
    annotation: Any, declared: str, character: str
) -> None:
    signature = signature_of(annotation)

    assert str(signature.declaration) == f"sync func @f(%value: {declared}) -> ()"
    assert signature.calling_convention == f"0{character}_v"
