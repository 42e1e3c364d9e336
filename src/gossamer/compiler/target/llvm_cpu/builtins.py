"""Functions that LLVM calls where a processor has no instruction for an operation, as LLVM IR.

They are what the C library and the compiler's runtime have elsewhere, under the names LLVM knows them by.
Each has a section of its own, so that executables take those that they need.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ATTRIBUTES = 'nounwind "no-builtins"'


@dataclass(frozen=True, slots=True)
class _Format:
    """A float type of LLVM.

    Attributes:
        suffix: of names of C.
        integers: a power of two, as LLVM spells it, from which on all numbers are integers.
    """

    type: str
    suffix: str
    width: int
    fraction_bits: int
    integers: str


_FORMATS = (
    _Format("float", "f", 32, 23, "0x4160000000000000"),
    _Format("double", "", 64, 52, "0x4330000000000000"),
)


def builtin_functions() -> str:
    """A module of LLVM IR with all of them."""
    functions = [_EXTEND_HALF, _TRUNCATE_TO_HALF, _TRUNCATE_TO_BFLOAT]
    for name, type_ in (("__truncdfhf2", "half"), ("__truncdfbf2", "bfloat")):
        functions.append(re.sub(r"\bT\b", type_, _TRUNCATE_DOUBLE.replace("NAME", name)))
    for each in _FORMATS:
        functions += [_rounding(each, name, text) for name, text in _ROUNDINGS.items()]
        functions += [_fill(_REMAINDER, each), _fill(_INTEGER_POWER, each)]
    return "\n".join(functions)


# Each computes %rounded, of %magnitude, the integers below and above it, and the nearest.
_ROUNDINGS = {
    "trunc": "  %rounded = select i1 true, T %down, T %down\n",
    "floor": "  %rounded = select i1 %is_negative, T %up, T %down\n",
    "ceil": "  %rounded = select i1 %is_negative, T %down, T %up\n",
    "rint": "  %rounded = select i1 true, T %even, T %even\n",
    "nearbyint": "  %rounded = select i1 true, T %even, T %even\n",
    "roundeven": "  %rounded = select i1 true, T %even, T %even\n",
    "round": """\
  %fraction = fsub T %magnitude, %down
  %is_half = fcmp oge T %fraction, 5.0e-1
  %above = fadd T %down, 1.0
  %rounded = select i1 %is_half, T %above, T %down
""",
}

_ROUNDING = """
define hidden T @NAME(T %x) ATTRIBUTES section ".text.NAME" {
  %magnitude = call T @llvm.fabs.fWIDTH(T %x)
  %bits = bitcast T %x to iWIDTH
  %is_negative = icmp slt iWIDTH %bits, 0
  %is_small = fcmp olt T %magnitude, INTEGERS
  %shifted = fadd T %magnitude, INTEGERS
  %even = fsub T %shifted, INTEGERS
  %is_above = fcmp ogt T %even, %magnitude
  %is_below = fcmp olt T %even, %magnitude
  %even_less = fsub T %even, 1.0
  %even_more = fadd T %even, 1.0
  %down = select i1 %is_above, T %even_less, T %even
  %up = select i1 %is_below, T %even_more, T %even
BODY  %signed = call T @llvm.copysign.fWIDTH(T %rounded, T %x)
  %result = select i1 %is_small, T %signed, T %x
  ret T %result
}
"""


def _rounding(each: _Format, name: str, body: str) -> str:
    return _fill(_ROUNDING.replace("BODY", body).replace("NAME", name + each.suffix), each)


def _fill(text: str, each: _Format) -> str:
    integer = 1 << each.fraction_bits
    exponent_mask = (1 << each.width - 1 - each.fraction_bits) - 1
    for name, value in {
        "ATTRIBUTES": _ATTRIBUTES,
        "INTEGERS": each.integers,
        "SUFFIX": each.suffix,
        "POWER_NAME": {"float": "__powisf2", "double": "__powidf2"}[each.type],
        "WIDTH": str(each.width),
        "FRACTION_BITS": str(each.fraction_bits),
        "FRACTION_MASK": str(integer - 1),
        "IMPLICIT": str(integer),
        "MAGNITUDE_MASK": str((1 << each.width - 1) - 1),
        "INFINITY": str(exponent_mask << each.fraction_bits),
        "LEADING": str(each.width - 1 - each.fraction_bits),
        "SIGN": str(-(1 << each.width - 1)),
    }.items():
        text = text.replace(name, value)
    return re.sub(r"\bT\b", each.type, text)


# Long division of the fractions, bit by bit: exact. Subnormal numbers count as zero.
_REMAINDER = """
define hidden T @fmodSUFFIX(T %x, T %y) ATTRIBUTES section ".text.fmodSUFFIX" {
entry:
  %xbits = bitcast T %x to iWIDTH
  %ybits = bitcast T %y to iWIDTH
  %xmag = and iWIDTH %xbits, MAGNITUDE_MASK
  %ymag = and iWIDTH %ybits, MAGNITUDE_MASK
  %sign = and iWIDTH %xbits, SIGN
  %y_zero = icmp ult iWIDTH %ymag, IMPLICIT
  %y_nan = icmp ugt iWIDTH %ymag, INFINITY
  %x_special = icmp uge iWIDTH %xmag, INFINITY
  %bad_y = or i1 %y_zero, %y_nan
  %bad = or i1 %bad_y, %x_special
  br i1 %bad, label %invalid, label %compare
invalid:
  %product = fmul T %x, %y
  %zero = fsub T %product, %product
  %nan = fdiv T %zero, %zero
  ret T %nan
compare:
  %is_less = icmp ult iWIDTH %xmag, %ymag
  br i1 %is_less, label %same, label %start
same:
  ret T %x
start:
  %xexp = lshr iWIDTH %xmag, FRACTION_BITS
  %yexp = lshr iWIDTH %ymag, FRACTION_BITS
  %xfrac = and iWIDTH %xmag, FRACTION_MASK
  %yfrac = and iWIDTH %ymag, FRACTION_MASK
  %xfull = or iWIDTH %xfrac, IMPLICIT
  %yfull = or iWIDTH %yfrac, IMPLICIT
  br label %loop
loop:
  %exp = phi iWIDTH [ %xexp, %start ], [ %next_exp, %more ]
  %rest = phi iWIDTH [ %xfull, %start ], [ %next_rest, %more ]
  %less = sub iWIDTH %rest, %yfull
  %fits = icmp uge iWIDTH %rest, %yfull
  %reduced = select i1 %fits, iWIDTH %less, iWIDTH %rest
  %goes_on = icmp ugt iWIDTH %exp, %yexp
  br i1 %goes_on, label %more, label %done
more:
  %next_rest = shl iWIDTH %reduced, 1
  %next_exp = sub iWIDTH %exp, 1
  br label %loop
done:
  %is_zero = icmp eq iWIDTH %reduced, 0
  %leading = call iWIDTH @llvm.ctlz.iWIDTH(iWIDTH %reduced, i1 false)
  %shift = sub iWIDTH %leading, LEADING
  %result_exp = sub iWIDTH %yexp, %shift
  %is_subnormal = icmp slt iWIDTH %result_exp, 1
  %is_nothing = or i1 %is_zero, %is_subnormal
  %safe_shift = select i1 %is_nothing, iWIDTH 0, iWIDTH %shift
  %normal = shl iWIDTH %reduced, %safe_shift
  %fraction = and iWIDTH %normal, FRACTION_MASK
  %exponent = shl iWIDTH %result_exp, FRACTION_BITS
  %magnitude = or iWIDTH %fraction, %exponent
  %or_zero = select i1 %is_nothing, iWIDTH 0, iWIDTH %magnitude
  %signed = or iWIDTH %or_zero, %sign
  %result = bitcast iWIDTH %signed to T
  ret T %result
}
"""

_INTEGER_POWER = """
define hidden T @POWER_NAME(T %base, i32 %exponent) ATTRIBUTES section ".text.POWER_NAME" {
entry:
  %count = call i32 @llvm.abs.i32(i32 %exponent, i1 false)
  br label %loop
loop:
  %left = phi i32 [ %count, %entry ], [ %next_left, %loop ]
  %square = phi T [ %base, %entry ], [ %next_square, %loop ]
  %power = phi T [ 1.0, %entry ], [ %next_power, %loop ]
  %is_odd = trunc i32 %left to i1
  %times = fmul T %power, %square
  %next_power = select i1 %is_odd, T %times, T %power
  %next_square = fmul T %square, %square
  %next_left = lshr i32 %left, 1
  %is_done = icmp eq i32 %next_left, 0
  br i1 %is_done, label %done, label %loop
done:
  %is_negative = icmp slt i32 %exponent, 0
  %inverse = fdiv T 1.0, %next_power
  %result = select i1 %is_negative, T %inverse, T %next_power
  ret T %result
}
"""

# A subnormal half is the normal number of the next exponent with the same fraction, less its leading one.
_EXTEND_HALF = f"""
define hidden float @__extendhfsf2(half %x) {_ATTRIBUTES} section ".text.__extendhfsf2" {{
  %half_bits = bitcast half %x to i16
  %bits = zext i16 %half_bits to i32
  %magnitude = and i32 %bits, 32767
  %aligned = shl i32 %magnitude, 13
  %normal = add i32 %aligned, 939524096
  %one_up = add i32 %normal, 8388608
  %one_up_float = bitcast i32 %one_up to float
  %difference = fsub float %one_up_float, 0x3F10000000000000
  %subnormal = bitcast float %difference to i32
  %is_subnormal = icmp ult i32 %magnitude, 1024
  %finite = select i1 %is_subnormal, i32 %subnormal, i32 %normal
  %special = or i32 %aligned, 2139095040
  %is_special = icmp uge i32 %magnitude, 31744
  %chosen = select i1 %is_special, i32 %special, i32 %finite
  %sign = and i32 %bits, 32768
  %sign_bit = shl i32 %sign, 16
  %signed = or i32 %chosen, %sign_bit
  %result = bitcast i32 %signed to float
  ret float %result
}}
"""

# A number below the normal halves, added to 0.5, is rounded to a multiple of the least half.
_TRUNCATE_TO_HALF = f"""
define hidden half @__truncsfhf2(float %x) {_ATTRIBUTES} section ".text.__truncsfhf2" {{
  %bits = bitcast float %x to i32
  %magnitude = and i32 %bits, 2147483647
  %dropped = lshr i32 %magnitude, 13
  %last = and i32 %dropped, 1
  %almost_half = add i32 %magnitude, 4095
  %rounded = add i32 %almost_half, %last
  %rebiased = sub i32 %rounded, 939524096
  %normal = lshr i32 %rebiased, 13
  %is_large = icmp uge i32 %rounded, 1199570944
  %finite = select i1 %is_large, i32 31744, i32 %normal
  %number = bitcast i32 %magnitude to float
  %shifted = fadd float %number, 5.0e-1
  %shifted_bits = bitcast float %shifted to i32
  %subnormal = sub i32 %shifted_bits, 1056964608
  %is_subnormal = icmp ult i32 %magnitude, 947912704
  %small = select i1 %is_subnormal, i32 %subnormal, i32 %finite
  %payload = and i32 %dropped, 1023
  %nan = or i32 %payload, 32256
  %is_nan = icmp ugt i32 %magnitude, 2139095040
  %chosen = select i1 %is_nan, i32 %nan, i32 %small
  %sign = lshr i32 %bits, 16
  %sign_bit = and i32 %sign, 32768
  %signed = or i32 %chosen, %sign_bit
  %half_bits = trunc i32 %signed to i16
  %result = bitcast i16 %half_bits to half
  ret half %result
}}
"""

# Rounded to odd first: rounding to nearest twice can differ from once.
_TRUNCATE_DOUBLE = f"""
define hidden T @NAME(double %x) {_ATTRIBUTES} section ".text.NAME" {{
  %nearest = fptrunc double %x to float
  %back = fpext float %nearest to double
  %bits = bitcast float %nearest to i32
  %is_inexact = fcmp une double %back, %x
  %back_magnitude = call double @llvm.fabs.f64(double %back)
  %magnitude = call double @llvm.fabs.f64(double %x)
  %is_too_large = fcmp olt double %magnitude, %back_magnitude
  %less = zext i1 %is_too_large to i32
  %toward_zero = sub i32 %bits, %less
  %inexact = zext i1 %is_inexact to i32
  %odd = or i32 %toward_zero, %inexact
  %odd_float = bitcast i32 %odd to float
  %result = fptrunc float %odd_float to T
  ret T %result
}}
"""

_TRUNCATE_TO_BFLOAT = f"""
define hidden bfloat @__truncsfbf2(float %x) {_ATTRIBUTES} section ".text.__truncsfbf2" {{
  %bits = bitcast float %x to i32
  %dropped = lshr i32 %bits, 16
  %last = and i32 %dropped, 1
  %almost_half = add i32 %bits, 32767
  %rounded = add i32 %almost_half, %last
  %quiet = or i32 %bits, 4194304
  %is_nan = fcmp uno float %x, %x
  %chosen = select i1 %is_nan, i32 %quiet, i32 %rounded
  %upper = lshr i32 %chosen, 16
  %short = trunc i32 %upper to i16
  %result = bitcast i16 %short to bfloat
  ret bfloat %result
}}
"""
