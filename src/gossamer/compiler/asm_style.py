"""How MLIR's text is written: `--mlir-print-debuginfo`, `--mlir-print-op-generic` and so on.

In: options. Out: text of modules, for `--compile-to`, dumps of phases and prints around passes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from gossamer.compiler.options import CompileOptions

_style: ContextVar[dict[str, Any] | None] = ContextVar("style of MLIR's text", default=None)


@contextmanager
def asm_style(options: CompileOptions) -> Generator[None]:
    """Have text that is made inside the `with` block written as options ask."""
    token = _style.set(
        {
            "enable_debug_info": options.asm_debug_info,
            "pretty_debug_info": options.asm_pretty_debug_info,
            "print_generic_op_form": options.asm_generic,
            "use_local_scope": options.asm_local_scope,
            "use_name_loc_as_prefix": options.asm_name_locations,
            "assume_verified": options.asm_assume_verified,
            "skip_regions": options.asm_skip_regions,
            "large_elements_limit": options.asm_elements_limit,
            "large_resource_limit": options.asm_resource_limit,
        }
    )
    try:
        yield
    finally:
        _style.reset(token)


def asm_text(get_asm: Callable[..., str]) -> str:
    """Text of an operation, by its method `get_asm`."""
    return get_asm(**(_style.get() or {}))
