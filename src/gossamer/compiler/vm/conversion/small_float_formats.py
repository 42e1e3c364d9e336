"""The float formats that the VM lacks: how many bits of what they have, and what their last codes mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum


class Specials(Enum):
    """What a format has besides finite numbers."""

    IEEE = "infinities and NaNs under the largest exponent, as IEEE 754 has them"
    ONE_NAN = "no infinity; the largest code of either sign is NaN"
    NEGATIVE_ZERO_IS_NAN = "no infinity and no negative zero, whose code is the only NaN"


@dataclass(frozen=True, slots=True)
class SmallFormat:
    """A binary float format of up to 16 bits whose exponents are a part of those of f32.

    Attributes:
        fraction_bits: stored bits after the binary point.
        bias: what a stored exponent is larger by.
        width: bits of a value.
    """

    width: int
    fraction_bits: int
    bias: int
    specials: Specials = Specials.IEEE

    @property
    def sign_bit(self) -> int:
        """The bit of the sign."""
        return 1 << (self.width - 1)

    @property
    def exponent_bits(self) -> int:
        """Bits of the stored exponent."""
        return self.width - 1 - self.fraction_bits

    @property
    def largest_finite(self) -> int:
        """Code of the largest finite number."""
        largest = self.sign_bit - 1
        match self.specials:
            case Specials.IEEE:
                return largest - (1 << self.fraction_bits)
            case Specials.ONE_NAN:
                return largest - 1
            case Specials.NEGATIVE_ZERO_IS_NAN:
                return largest

    @property
    def overflow(self) -> int:
        """Code, without sign, of numbers too large: infinity where there is one, else NaN."""
        return self.nan if self.specials is Specials.NEGATIVE_ZERO_IS_NAN else self.largest_finite + 1

    @property
    def nan(self) -> int:
        """Code of a quiet NaN."""
        match self.specials:
            case Specials.IEEE:
                return self.largest_finite + 1 | 1 << (self.fraction_bits - 1)
            case Specials.ONE_NAN:
                return self.sign_bit - 1
            case Specials.NEGATIVE_ZERO_IS_NAN:
                return self.sign_bit

    @property
    def smallest_normal(self) -> float:
        """The smallest number with a full fraction."""
        return 2.0 ** (1 - self.bias)

    @property
    def smallest(self) -> float:
        """The smallest number above zero."""
        return 2.0 ** (1 - self.bias - self.fraction_bits)


FORMATS: dict[str, SmallFormat] = {
    "f16": SmallFormat(16, 10, 15),
    "f8E5M2": SmallFormat(8, 2, 15),
    "f8E4M3": SmallFormat(8, 3, 7),
    "f8E3M4": SmallFormat(8, 4, 3),
    "f8E4M3FN": SmallFormat(8, 3, 7, Specials.ONE_NAN),
    "f8E5M2FNUZ": SmallFormat(8, 2, 16, Specials.NEGATIVE_ZERO_IS_NAN),
    "f8E4M3FNUZ": SmallFormat(8, 3, 8, Specials.NEGATIVE_ZERO_IS_NAN),
    "f8E4M3B11FNUZ": SmallFormat(8, 3, 11, Specials.NEGATIVE_ZERO_IS_NAN),
}
"""By MLIR's name of the type. bf16 is not among them: it is the upper half of an f32."""


def encode(format: SmallFormat, number: float) -> int:
    """The code of a number that the format has exactly; infinities where there are none become NaN."""
    if math.isnan(number):
        return format.nan
    sign = format.sign_bit if math.copysign(1.0, number) < 0 else 0
    if math.isinf(number):
        return format.overflow | sign
    magnitude = abs(number)
    if magnitude < format.smallest_normal:
        return int(magnitude / format.smallest) | sign
    fraction, exponent = math.frexp(magnitude)
    stored = exponent - 1 + format.bias
    return stored << format.fraction_bits | int((2 * fraction - 1) * (1 << format.fraction_bits)) | sign
