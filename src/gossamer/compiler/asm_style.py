"""How MLIR's text is written: `--mlir-print-debuginfo`, `--mlir-print-op-generic` and so on.

In: arguments of MLIR's printer. Out: text of modules, for `--compile-to`, dumps of phases and prints around
passes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_style: ContextVar[Mapping[str, Any] | None] = ContextVar("style of MLIR's text", default=None)


@contextmanager
def asm_style(style: Mapping[str, Any]) -> Generator[None]:
    """Have text that is made inside the `with` block written in a style.

    Args:
        style: keyword arguments of `get_asm`.
    """
    token = _style.set(style)
    try:
        yield
    finally:
        _style.reset(token)


def asm_text(get_asm: Callable[..., str]) -> str:
    """Text of an operation, by its method `get_asm`."""
    return get_asm(**(_style.get() or {}))
