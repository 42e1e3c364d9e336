"""Scalar types as the VM holds them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from gossamer.compiler import mlir
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.conversion.small_float_formats import FORMATS

INDEX_WIDTH = 64


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar type.

    Attributes:
        name: as MLIR spells it, "index" included.
        width: bits of a value.
        is_float: a floating-point type.
    """

    name: str
    width: int
    is_float: bool

    @property
    def register(self) -> ir.Type:
        """Type of the register that holds a value."""
        if self.is_native_float:
            return ir.F32 if self.width == 32 else ir.F64
        return ir.I32 if self.width <= 32 else ir.I64

    @property
    def is_native_float(self) -> bool:
        """A float the VM computes with; the others are held as their bits."""
        return self.name in ("f32", "f64")

    @property
    def suffix(self) -> str:
        """Type part of opcode names: "i32", "i64", "f32" or "f64"."""
        return str(self.register)

    @property
    def register_width(self) -> int:
        """Bits of the register."""
        return 32 if self.register in (ir.I32, ir.F32) else 64

    @property
    def is_narrow(self) -> bool:
        """The register has bits the value does not."""
        return self.width != self.register_width

    @property
    def byte_width(self) -> int:
        """Bytes an element takes in memory; an i1 takes one."""
        return max(self.width, 8) // 8


def integer(width: int) -> Scalar:
    """The integer type of `width` bits."""
    return Scalar(f"i{width}", width, is_float=False)


INDEX = Scalar("index", INDEX_WIDTH, is_float=False)
I1 = integer(1)
I32 = integer(32)
I64 = integer(64)
F32 = Scalar("f32", 32, is_float=True)
F64 = Scalar("f64", 64, is_float=True)

_FLOAT_WIDTHS = {
    "bf16": 16,
    "f32": 32,
    "f64": 64,
    **{name: format.width for name, format in FORMATS.items()},
}


@lru_cache(maxsize=256)
def scalar_of_name(text: str) -> Scalar | None:
    """The scalar that a type's name means, or None where it means none."""
    if text == "index":
        return INDEX
    if text in _FLOAT_WIDTHS:
        return Scalar(text, _FLOAT_WIDTHS[text], is_float=True)
    digits = text.removeprefix("si").removeprefix("ui").removeprefix("i")
    if text != digits and digits.isdigit() and 0 < int(digits) <= 64:
        return integer(int(digits))
    return None


def scalar_of(type: mlir.ir.Type) -> Scalar | None:
    """The scalar that an MLIR type is, or None where it is none or the VM has no register for it."""
    return scalar_of_name(str(type))
