"""What tells this version of the emitter from others; by it and a module's bytes native code is found."""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from pathlib import Path

import gossamer

_PACKAGES = ("vm", "isa", "format", "limits", "native")
"""Whose code decides what native code a module becomes."""


@cache
def emitter_version() -> str:
    """Changes whenever a source file of the emitter does, or Python.

    Why by size and times: reading the files takes longer than finding out that they are the same. Python
    tells by less whether its own compiled files are current.
    """
    digest = hashlib.sha256(sys.version.encode())
    root = Path(gossamer.__file__).parent
    try:
        for package in _PACKAGES:
            for folder, folders, names in os.walk(root / package):
                folders[:] = sorted(name for name in folders if name != "__pycache__")
                for path in sorted(os.path.join(folder, name) for name in names):
                    status = os.stat(path)
                    identity = (path, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
                    digest.update(repr(identity).encode())
    except OSError:
        # Why: code that cannot be looked at cannot be told from other code; nothing of it is found again.
        digest.update(os.urandom(32))
    return digest.hexdigest()
