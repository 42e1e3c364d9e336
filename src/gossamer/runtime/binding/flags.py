"""Process-wide flags under the names of IREE's `flags` module. This runtime has none but `--help`."""

from __future__ import annotations

import os

from gossamer.errors import InvalidArgumentError

FUNCTION_INPUT_VALIDATION = True
"""Kept for code that sets it: inputs are always validated."""


def parse_flags(*flags: str) -> None:
    """Set flags as commands spell them.

    Raises: ValueError on any but `--help`: devices and modules take options where they are made.
    """
    for flag in flags:
        name = flag.lstrip("-").partition("=")[0]
        if name != "help":
            raise InvalidArgumentError(f"flag '{name}' not recognized")


def _load_default_flags_from_env() -> None:
    text = os.environ.get("IREE_PY_RUNTIME_FLAGS", "")
    if not text:
        return
    import shlex

    try:
        parse_flags(*shlex.split(text))
    except ValueError as error:
        raise RuntimeError(
            f"Bad flag value in environment variable IREE_PY_RUNTIME_FLAGS='{text}': {error}"
        ) from error


_load_default_flags_from_env()
