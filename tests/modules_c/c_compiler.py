"""Builds modules in C with the system's compiler."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import gossamer

CompileC = Callable[..., Path]
_SOURCES = Path(__file__).parent
_FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-shared", "-fPIC", "-pthread")


def compile_source(compiler: str, folder: Path, source: str, *flags: str) -> Path:
    """Build a shared object of a file of this folder, or of a text; once for each (source, flags)."""
    key = hashlib.sha256("\0".join([source, *flags]).encode()).hexdigest()[:16]
    output = folder / f"m{key}.so"
    if output.exists():
        return output
    path = _SOURCES / source
    if not source.endswith(".c"):
        path = folder / f"m{key}.c"
        path.write_text(source)
    include = f"-I{gossamer.get_include()}"
    subprocess.run([compiler, *_FLAGS, include, *flags, str(path), "-o", str(output)], check=True)
    return output
