"""Float arithmetic, comparisons and conversions with what they should compute."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from vm_scalar_cases import DTYPES, Case, signed, width_of


def float_cases() -> list[Case]:
    """Arithmetic on each type, and conversions from and to all others."""
    cases = _conversion_cases()
    for type in DTYPES:
        cases += _float_binary(type) + _bounded_cases(type)
    return cases


def _fmod(a: float, b: float) -> float:
    if math.isnan(a) or math.isnan(b) or math.isinf(a) or b == 0:
        return math.nan
    return math.fmod(a, b)


def _extreme(pick: Callable[..., tuple[float, float]], keeps_nan: bool) -> Callable[[float, float], float]:
    def expected(a: float, b: float) -> float:
        nans = [x for x in (a, b) if math.isnan(x)]
        if nans:
            others = [x for x in (a, b) if not math.isnan(x)]
            return math.nan if keeps_nan or not others else others[0]
        # Zeros order by sign.
        return pick((a, math.copysign(1, a)), (b, math.copysign(1, b)))[0]

    return expected


def _float_binary(type: str) -> list[Case]:
    def body_of(name: str) -> str:
        return f"%r = arith.{name} %a, %b : {type}"

    def divided(a: float, b: float) -> float:
        with np.errstate(all="ignore"):
            return float(np.divide(np.float64(a), np.float64(b)))

    binary: dict[str, Callable[[float, float], float]] = {
        "addf": lambda a, b: a + b,
        "subf": lambda a, b: a - b,
        "mulf": lambda a, b: a * b,
        "divf": divided,
        "remf": _fmod,
        "minimumf": _extreme(min, keeps_nan=True),
        "maximumf": _extreme(max, keeps_nan=True),
        "minnumf": _extreme(min, keeps_nan=False),
        "maxnumf": _extreme(max, keeps_nan=False),
    }
    cases = [
        Case(
            f"{name}_{type}",
            (type, type),
            type,
            f"%r = arith.{name} %a, %b : {type}",
            expected,
            any_zero=name in ("minnumf", "maxnumf"),
        )
        for name, expected in binary.items()
    ]
    ordered: dict[str, Callable[[float, float], bool]] = {
        "eq": lambda a, b: a == b,
        "gt": lambda a, b: a > b,
        "ge": lambda a, b: a >= b,
        "lt": lambda a, b: a < b,
        "le": lambda a, b: a <= b,
        "ne": lambda a, b: a != b,
    }
    for name, compare in ordered.items():
        for prefix in "ou":
            body = f"%r = arith.cmpf {prefix}{name}, %a, %b : {type}"

            def expected(a: float, b: float, compare=compare, is_unordered: bool = prefix == "u") -> bool:
                return is_unordered if math.isnan(a) or math.isnan(b) else compare(a, b)

            cases.append(Case(f"cmpf_{prefix}{name}_{type}", (type, type), "i1", body, expected))
    for name, expected_bool in {
        "ord": lambda a, b: not (math.isnan(a) or math.isnan(b)),
        "uno": lambda a, b: math.isnan(a) or math.isnan(b),
        "true": lambda a, b: True,
        "false": lambda a, b: False,
    }.items():
        body = f"%r = arith.cmpf {name}, %a, %b : {type}"
        cases.append(Case(f"cmpf_{name}_{type}", (type, type), "i1", body, expected_bool))
    return cases


def _bounded_cases(type: str) -> list[Case]:
    """minimumf and maximumf with a constant: exact, signs of zeros included."""
    cases: list[Case] = []
    for label, bound in {"zero": 0.0, "minus_zero": -0.0, "one": 1.0, "minus_two": -2.0}.items():
        for name, is_min in {"minimumf": True, "maximumf": False}.items():

            def expected(a: float, bound: float = bound, is_min: bool = is_min) -> float:
                if math.isnan(a):
                    return math.nan
                # Zeros order by sign.
                return (min if is_min else max)((a, math.copysign(1, a)), (bound, math.copysign(1, bound)))[0]

            for side, operands in {"left": "%k, %a", "right": "%a, %k"}.items():
                body = f"%k = arith.constant {bound} : {type}\n  %r = arith.{name} {operands} : {type}"
                cases.append(Case(f"{name}_{label}_{side}_{type}", (type,), type, body, expected))
    return cases


def _conversion_cases() -> list[Case]:
    cases: list[Case] = []
    for source in DTYPES:
        for target in DTYPES:
            if source == target:
                continue
            if {source, target} == {"f16", "bf16"}:
                name = "convertf"
            else:
                name = "extf" if width_of(source) < width_of(target) else "truncf"
            body = f"%r = arith.{name} %a : {source} to {target}"
            cases.append(Case(f"{name}_{source}_{target}", (source,), target, body, lambda a: a))
        for integer in ("i1", "i8", "i16", "i32", "i64"):
            cases += _integer_conversions(source, integer)
    return cases


def _integer_conversions(type: str, integer: str) -> list[Case]:
    width = width_of(integer)

    def fits(low: int, high: int) -> Callable[[float], bool]:
        return lambda a: math.isfinite(a) and low <= math.trunc(a) <= high

    signed_range = fits(-(1 << (width - 1)), (1 << (width - 1)) - 1)
    unsigned_range = fits(0, (1 << width) - 1)
    to_signed, to_unsigned = (
        f"%r = arith.fptosi %a : {type} to {integer}",
        f"%r = arith.fptoui %a : {type} to {integer}",
    )
    from_signed = f"%r = arith.sitofp %a : {integer} to {type}"
    from_unsigned = f"%r = arith.uitofp %a : {integer} to {type}"
    exactly = lambda number: _round_integer(number, type)  # noqa: E731
    return [
        Case(f"fptosi_{type}_{integer}", (type,), integer, to_signed, math.trunc, domain=signed_range),
        Case(f"fptoui_{type}_{integer}", (type,), integer, to_unsigned, math.trunc, domain=unsigned_range),
        Case(f"sitofp_{integer}_{type}", (integer,), type, from_signed, lambda a: exactly(signed(a, width))),
        Case(f"uitofp_{integer}_{type}", (integer,), type, from_unsigned, exactly),
    ]


def _round_integer(number: int, type: str) -> float:
    """An integer rounded once, to nearest even, to a float type."""
    digits = {"f16": 11, "bf16": 8, "f32": 24, "f64": 53}[type]
    shift = max(abs(number).bit_length() - digits, 0)
    magnitude = abs(number)
    low = magnitude & ((1 << shift) - 1)
    magnitude >>= shift
    half = (1 << shift) >> 1
    if shift and (low > half or (low == half and magnitude & 1)):
        magnitude += 1
    value = float(magnitude << shift)
    return -value if number < 0 else value
