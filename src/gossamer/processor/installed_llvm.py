"""Which LLVM is installed, without importing it."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path


@cache
def installed_llvm() -> str | None:
    """What tells the installed LLVM from others; None where there is none."""
    spec = find_spec("llvmlite")
    if spec is None or spec.origin is None:
        return None
    try:
        return Path(spec.origin).with_name("_version.py").read_text()
    except OSError:
        return ""
