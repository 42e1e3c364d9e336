"""Element types of the table: their NumPy types, and values at which operations go wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class ElementType:
    """One type.

    Attributes:
        name: as StableHLO spells it.
        dtype: NumPy's.
        kind: "b" truth values, "i" signed, "u" unsigned, "f" floats, "c" complex
            numbers.
    """

    name: str
    dtype: np.dtype[Any]
    kind: str

    @property
    def bits(self) -> int:
        """Bits of an element in memory."""
        return self.dtype.itemsize * 8

    def array(self, values: list[float]) -> Array:
        """Numbers as an array."""
        return np.array(values).astype(self.dtype)

    def edges(self) -> Array:
        """Values at the ends of the type, around zero, and ordinary ones."""
        if self.kind == "b":
            return np.array([False, True])
        if self.kind == "f":
            info = ml_dtypes.finfo(self.dtype)
            wide = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, -2.5, 3.0, 100.25, np.inf, -np.inf, np.nan]
            ends = [float(info.max), float(info.min), float(info.smallest_normal)]
            return np.array([*wide, *ends]).astype(self.dtype)
        if self.kind == "c":
            parts = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0]
            return np.array([complex(real, imaginary) for real in parts for imaginary in parts]).astype(
                self.dtype
            )
        info = np.iinfo(self.dtype)
        low = [info.min, info.min + 1, -1, -2, -7] if self.kind == "i" else []
        values = [*low, 0, 1, 2, 3, 7, self.bits - 1, self.bits, info.max - 1, info.max]
        return np.array(values, self.dtype)


def _type(name: str, dtype: npt.DTypeLike, kind: str) -> ElementType:
    return ElementType(name, np.dtype(dtype), kind)


ELEMENT_TYPES = {
    type.name: type
    for type in (
        _type("i1", np.bool_, "b"),
        *(_type(f"i{bits}", f"int{bits}", "i") for bits in (8, 16, 32, 64)),
        *(_type(f"ui{bits}", f"uint{bits}", "u") for bits in (8, 16, 32, 64)),
        _type("f16", np.float16, "f"),
        _type("bf16", ml_dtypes.bfloat16, "f"),
        _type("f32", np.float32, "f"),
        _type("f64", np.float64, "f"),
        _type("complex<f32>", np.complex64, "c"),
        _type("complex<f64>", np.complex128, "c"),
    )
}


def pairs(values: Array) -> tuple[Array, Array]:
    """Every value with every value."""
    return np.repeat(values, len(values)), np.tile(values, len(values))
