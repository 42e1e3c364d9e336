"""Functions of floats with what they should compute."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from vm_scalar_cases import DTYPES, Case, Number, signed


def math_cases() -> list[Case]:
    """Each function of each type."""
    return [case for type in DTYPES for case in _math_cases(type)]


def _half_away(a: float) -> float:
    if not math.isfinite(a) or a == math.trunc(a):
        return a
    whole = math.copysign(math.floor(abs(a) + 0.5), a)
    # Adding a half must not round up what lies just below it.
    return math.copysign(0.0, a) if abs(a) < 0.5 else whole


def _wide(function: Callable[..., object]) -> Callable[..., float]:
    def expected(*numbers: float) -> float:
        with np.errstate(all="ignore"):
            return float(function(*[np.float64(number) for number in numbers]))

    return expected


def _power(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    except ValueError:
        return math.nan if a else math.copysign(math.inf, a if b % 2 == 1 else 1.0)


def _erfc(a: float) -> float:
    return math.erfc(a) if not math.isnan(a) else math.nan


def _math_cases(type: str) -> list[Case]:
    exact: dict[str, Callable[..., Number]] = {
        "absf": abs,
        "ceil": _wide(np.ceil),
        "floor": _wide(np.floor),
        "trunc": _wide(np.trunc),
        "roundeven": _wide(np.rint),
        "round": _half_away,
        "sqrt": _wide(np.sqrt),
    }
    classes: dict[str, Callable[[float], bool]] = {
        "isnan": math.isnan,
        "isinf": math.isinf,
        "isfinite": math.isfinite,
    }
    near: dict[str, tuple[Callable[..., float], int]] = {
        "exp": (_wide(np.exp), 2),
        "exp2": (_wide(np.exp2), 2),
        "expm1": (_wide(np.expm1), 2),
        "log": (_wide(np.log), 2),
        "log2": (_wide(np.log2), 2),
        "log10": (_wide(np.log10), 2),
        "log1p": (_wide(np.log1p), 2),
        "sin": (_wide(np.sin), 2),
        "cos": (_wide(np.cos), 2),
        "tan": (_wide(np.tan), 4),
        "tanh": (_wide(np.tanh), 2),
        "sinh": (_wide(np.sinh), 6),
        "cosh": (_wide(np.cosh), 6),
        "asin": (_wide(np.arcsin), 4),
        "acos": (_wide(np.arccos), 4),
        "atan": (_wide(np.arctan), 2),
        "asinh": (_wide(np.arcsinh), 6),
        "acosh": (_wide(np.arccosh), 6),
        "atanh": (_wide(np.arctanh), 6),
        "cbrt": (_wide(np.cbrt), 4),
        "erf": (lambda a: math.erf(a) if not math.isnan(a) else a, 4),
        "rsqrt": (_wide(lambda a: 1 / np.sqrt(a)), 3),
    }
    # numpy in double is the only oracle, and no closer than a few units for f64 itself.
    slack = 8 if type == "f64" else 0
    moderate = (lambda a: not 1e5 < abs(a) < math.inf) if type in ("f32", "f64") else None
    cases = [
        Case(f"{name}_{type}", (type,), type, f"%r = math.{name} %a : {type}", expected)
        for name, expected in exact.items()
    ]
    cases += [
        Case(f"{name}_{type}", (type,), "i1", f"%r = math.{name} %a : {type}", expected)
        for name, expected in classes.items()
    ]
    cases += [
        Case(
            f"{name}_{type}",
            (type,),
            type,
            f"%r = math.{name} %a : {type}",
            expected,
            ulps + slack,
            domain=moderate if name in ("sin", "cos", "tan") else None,
        )
        for name, (expected, ulps) in near.items()
    ]
    within = lambda a: a < (8 if type == "f32" else 20) or a == math.inf  # noqa: E731
    return [
        *cases,
        Case(f"erfc_{type}", (type,), type, f"%r = math.erfc %a : {type}", _erfc, 128, domain=within),
        Case(f"negf_{type}", (type,), type, f"%r = arith.negf %a : {type}", lambda a: -a),
        Case(f"copysign_{type}", (type, type), type, f"%r = math.copysign %a, %b : {type}", math.copysign),
        Case(
            f"atan2_{type}",
            (type, type),
            type,
            f"%r = math.atan2 %a, %b : {type}",
            _wide(np.arctan2),
            2 + slack,
        ),
        Case(f"powf_{type}", (type, type), type, f"%r = math.powf %a, %b : {type}", _power, 2 + slack),
        Case(
            f"fpowi_{type}",
            (type, "i8"),
            type,
            f"%e = arith.extsi %b : i8 to i32\n  %r = math.fpowi %a, %e : {type}, i32",
            lambda a, b: _power(a, float(signed(b, 8))),
            2 + slack,
        ),
        Case(
            f"clampf_{type}",
            (type,),
            type,
            f"%l = arith.constant -1.0 : {type}\n  %h = arith.constant 2.0 : {type}\n"
            f"  %r = math.clampf %a to [%l, %h] : {type}",
            lambda a: a if math.isnan(a) else min(max(a, -1.0), 2.0),
        ),
        Case(
            f"constant_{type}",
            (),
            type,
            f"%r = arith.constant -1.25 : {type}",
            lambda: -1.25,
        ),
    ]
