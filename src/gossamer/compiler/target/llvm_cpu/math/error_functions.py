"""The error function and its complement."""

from __future__ import annotations

from gossamer.compiler.target.llvm_cpu.math.calculator import Calculator, Real
from gossamer.compiler.target.llvm_cpu.math.exponentials import scaled_exp

_HIGH_BITS = ~((1 << 32) - 1)
_MIDDLE = 3.75
_WIDE_END, _NARROW_END = 27.3, 12.0
"""From here on the complement is less than any f64, any f32."""


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float.fromhex(number) for number in text.split())


# erf(x) / x by the square of x, from 0 to 1; minimax, error below 1e-17 and 2e-9.
_WIDE_FACTOR = _numbers(
    "0x1.20dd750429b6dp+0 -0x1.812746b0379c1p-2 0x1.ce2f21a040f66p-4 -0x1.b82ce31203772p-6 "
    "0x1.565bccfa44156p-8 -0x1.c02db0665e53dp-11 0x1.f9a2be4f731a1p-14 -0x1.f4ca838adb73bp-17 "
    "0x1.b981d78881a5dp-20 -0x1.5c131500d3f88p-23 0x1.d76af6ca49787p-27 -0x1.ac9585a44fe29p-31"
)
_NARROW_FACTOR = _numbers(
    "0x1.20dd74fece720p+0 -0x1.81273e7a02443p-2 0x1.ce2d10ed44e09p-4 -0x1.b7faba961c85ap-6 "
    "0x1.541270c79ca2cp-8 -0x1.a45087f1a200ap-11 0x1.4a5690869d13fp-14"
)
# erfc(x) * exp(x * x) * (1 + 2 * x) by (x - 3.75) / (x + 3.75); minimax, error below 1e-17 and 6e-9.
_WIDE_TAIL = _numbers(
    "0x1.3ccda0b5d5dc2p+0 -0x1.1f367683f89a5p-3 0x1.d5f2948159e20p-9 0x1.510169d096658p-4 "
    "-0x1.bda9309a28be0p-4 0x1.7a14188a9ce86p-4 -0x1.e0d0fa6df428dp-5 0x1.d0b0037d155f4p-6 "
    "-0x1.3f603c3682d81p-7 0x1.cc3a0e7d99253p-10 0x1.33fb27421f98cp-12 -0x1.303fa49e236d5p-12 "
    "0x1.b143d63ea931ep-15 0x1.778b948121ce1p-16 -0x1.8002c11990e5bp-17 -0x1.0556aa18e657bp-20 "
    "0x1.d65081c59291dp-20 -0x1.eb7b41166a177p-25 -0x1.1636c8002e495p-22 0x1.8fa2f9fdc0311p-26 "
    "0x1.4eb5efb28ed5dp-25 -0x1.01418b99efa2ep-28 -0x1.6b2228df54be4p-28 0x1.55fb76b7dbdd0p-32 "
    "0x1.e7a100062f385p-32"
)
_NARROW_TAIL = _numbers(
    "0x1.3ccda0b5d5dc2p+0 -0x1.1f367ea0691cfp-3 0x1.d5f3560b925afp-9 0x1.510330ec9798ep-4 "
    "-0x1.bda9dae644d06p-4 0x1.7a05cde74f0b4p-4 -0x1.e0c62f66c54dbp-5 0x1.d175c99b7b257p-6 "
    "-0x1.3ff8292bf9c4dp-7 0x1.b7489f374bf3bp-10 0x1.5531cd0521e28p-12 -0x1.d5df07358fadbp-13 "
    "0x1.8c86c77c54c1ap-16"
)


def erf(f: Calculator, x: Real) -> Real:
    """A polynomial up to 1, from there on the complement's difference from 1."""
    magnitude = abs(x)
    large = (1.0 - _complement(f, magnitude)).with_sign_of(x)
    return f.select(magnitude < 1.0, _small(f, x), large)


def erfc(f: Calculator, x: Real) -> Real:
    """1 - erf(x), without the loss of digits where erf(x) is near 1."""
    magnitude = abs(x)
    positive = _complement(f, magnitude)
    large = f.select(x < 0.0, 2.0 - positive, positive)
    return f.select(magnitude < 0.5, 1.0 - _small(f, x), large)


def _small(f: Calculator, x: Real) -> Real:
    return x * f.polynomial(x * x, _WIDE_FACTOR if f.is_wide else _NARROW_FACTOR)


def _complement(f: Calculator, x: Real) -> Real:
    """Complement for a number that is not negative."""
    x = x.clamp(0.0, _WIDE_END if f.is_wide else _NARROW_END)
    tail = f.polynomial((x - _MIDDLE) / (x + _MIDDLE), _WIDE_TAIL if f.is_wide else _NARROW_TAIL)
    # Why in two parts: the exponent's rounding would be an error of as many units of the result.
    high = f.number(f.bits(x) & _HIGH_BITS)
    decay = scaled_exp(f, -(high * high), (high - x) * (high + x))
    return decay * tail / (x + x + 1.0)
