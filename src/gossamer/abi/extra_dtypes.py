"""NumPy types of the library ml_dtypes, which takes a second to load: that waits until a program has one."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

_KINDS = "Vfiu"
"""Of NumPy's types and the library's; the names of those with others need no look."""


@cache
def extra_dtype(name: str) -> np.dtype[Any]:
    """A type of ml_dtypes by its name there, such as "bfloat16"."""
    # Why here: see above.
    import ml_dtypes

    return np.dtype(getattr(ml_dtypes, name))


def extra_name(dtype: np.dtype[Any]) -> str:
    """The name of a type of ml_dtypes; "" for others."""
    return dtype.name if dtype.kind in _KINDS and dtype.type.__module__ == "ml_dtypes" else ""
