"""A function of JAX and what it is called with."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray


@dataclass(frozen=True, slots=True)
class Case:
    """A function and its arguments.

    Attributes:
        name: unique in its family.
        function: of arrays; returns an array or a tree of them.
        arguments: NumPy arrays.
        shapes: symbolic shape of each argument, such as "b, 4"; empty where all are static.
        looseness: how many times the tolerance of its type is allowed: for what loses digits by its nature.
    """

    name: str
    function: Callable[..., Any]
    arguments: tuple[Array, ...]
    shapes: tuple[str, ...] = ()
    looseness: float = 1.0


def normal(*shape: int, dtype: Any = np.float32) -> Array:
    """Normal numbers, the same in each run."""
    return np.random.default_rng(shape).normal(size=shape).astype(dtype)


def positive(*shape: int, dtype: Any = np.float32) -> Array:
    """Numbers from 0.1 to 0.9."""
    return np.random.default_rng(shape).uniform(0.1, 0.9, shape).astype(dtype)


def integers(*shape: int, low: int = -8, high: int = 8, dtype: Any = np.int32) -> Array:
    """Integers from low to below high."""
    return np.random.default_rng(shape).integers(low, high, shape).astype(dtype)


def truths(*shape: int) -> Array:
    """Truth values, about half of them true."""
    return normal(*shape) > 0


def definite(*shape: int) -> Array:
    """Symmetric matrices whose eigenvalues are at least 1."""
    half = normal(*shape)
    return half @ np.swapaxes(half, -1, -2) / shape[-1] + np.eye(shape[-1], dtype=np.float32)


def complex_numbers(*shape: int) -> Array:
    """Complex numbers, normal in both parts."""
    seed = zlib.crc32(repr(shape).encode())
    parts = np.random.default_rng(seed).normal(size=(2, *shape)).astype(np.float32)
    return parts[0] + np.complex64(1j) * parts[1]
