"""Every difference from IREE 3.13.0 that conformance tests allow, with its reason.

Whatever is not here must be equal, bit for bit.
"""

from __future__ import annotations

from conformance_reference import Outcome
from conformance_tables import TableOperation

# Arithmetic on NaNs: which operand's payload and sign the result has depends on the order in which a
# compiler puts the operands of an instruction. Results that only move bits are compared exactly.
NAN_BITS_DIFFER = {
    *(f"{name}.{f}" for f in ("f32", "f64") for name in ("add", "sub", "mul", "div", "fma", "rem", "pow")),
    *(f"{name}.{f}" for f in ("f32", "f64") for name in ("atan", "atan2", "cos", "sin", "exp", "exp2")),
    *(f"{name}.{f}" for f in ("f32", "f64") for name in ("expm1", "log", "log10", "log1p", "log2")),
    *(f"{name}.{f}" for f in ("f32", "f64") for name in ("sqrt", "rsqrt", "tanh", "erf", "ceil", "floor")),
    *(f"{name}.{f}" for f in ("f32", "f64") for name in ("round",)),
    *("round.f32.even", "round.f64.even", "trunc.f64.f32", "ext.f32.f64"),
}

# Operations that the reference cannot be asked about, tested on our own executors alone.
NOT_RUN_BY_THE_REFERENCE = {
    "yield": "a call that yields without waiting is never resumed by the reference's binding",
}

# Cases of otherwise compared operations that would end the reference's process or touch foreign memory:
#   integer division by zero, and of the lowest integer by -1     a trap of the processor
#   indirect globals at offset -1                                 passes its check by overflow
#   buffer offsets that overflow when multiplied by the size      pass its check by overflow
# All of them are errors here; `test_conformance_own.py` has them.


def is_lawful_case(name: str, arguments: tuple[int, ...], ours: Outcome, theirs: Outcome) -> bool:
    """True where a call's outcomes may differ as they do."""
    # Why: the reference checks that 4 bytes are in range where it then reads and writes 8.
    return name == "global_indirect_f64" and arguments[1] == 28 and ours == "OUT_OF_RANGE"


def is_lawful_bits(operation: TableOperation, row: tuple[int, ...], ours: int, theirs: int) -> bool:
    """True where a table's results may differ as they do."""
    if operation.name == "switch.i64":
        # Why: the reference reads a case as its low half, sign-extended; the default is read whole.
        half = ours & 0xFFFF_FFFF
        return row[0] < 2 and theirs == (half | 0xFFFF_FFFF_0000_0000 if half >> 31 else half)
    if operation.name in NAN_BITS_DIFFER:
        return _is_nan(operation.result, ours) and _is_nan(operation.result, theirs)
    return False


def _is_nan(kind: str, bits: int) -> bool:
    if kind == "f":
        return bits & 0x7FFF_FFFF > 0x7F80_0000
    return bits & 0x7FFF_FFFF_FFFF_FFFF > 0x7FF0_0000_0000_0000
