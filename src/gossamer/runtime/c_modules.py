"""Modules in C, from Python: where the header is, and how a file of one is loaded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gossamer.errors import InvalidArgumentError
from gossamer.hal.native_policy import NativeCodePolicy
from gossamer.modules.c.location import QUERY_SYMBOL, Location

if TYPE_CHECKING:
    from gossamer.modules.c.module import CModule


def get_include() -> str:
    """Folder for the C compiler's `-I`: `gossamer/module.h` is in it."""
    return str(Path(__file__).parent.parent / "include")


def load_native_module(
    path: str | os.PathLike[str],
    /,
    *,
    symbol: str = QUERY_SYMBOL,
    allow_native: NativeCodePolicy | str = NativeCodePolicy.ALL,
    **parameters: str | int | float,
) -> CModule:
    """Load a module from a shared object; it can be used wherever a module is taken.

    Args:
        path: of the file; its code stays loaded as long as the process.
        symbol: the query function, for a file of several modules.
        allow_native: "all", or the load is refused.
        parameters: for the module; numbers become text, True and False "true" and "false".
    Raises: InvalidArgumentError for a parameter of another type, and what
        `modules.c_module.loading.load_c_module` does.
    """
    from gossamer.modules.c.loading import load_c_module

    texts = {key: _parameter_text(key, value) for key, value in parameters.items()}
    return load_c_module(Location(os.fspath(path), symbol, texts), NativeCodePolicy.parse(allow_native))


def _parameter_text(key: str, value: str | int | float) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):  # pyright: ignore[reportUnnecessaryIsInstance]
        return str(value)
    raise InvalidArgumentError(f"parameter {key!r} is {value!r}, expected a text or a number")
