"""Objects on disk, by content: `$GOSSAMER_CACHE_DIR`, or `gossamer` in the user's cache folder.

Any number of processes may use the folder at a time: files appear whole, by renaming. A file that is
damaged or cannot be read counts as absent. Nothing here ever fails: without a folder nothing is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

CACHE_DIR_VARIABLE = "GOSSAMER_CACHE_DIR"
_SUFFIX = ".o"


def cache_folder() -> Path:
    """Where objects are kept."""
    override = os.environ.get(CACHE_DIR_VARIABLE)
    if override:
        return Path(override) / "jit"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "gossamer" / "jit"


def content_key(*parts: bytes) -> str:
    """Name for what was made of `parts`; their boundaries count."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()


def load_object(key: str) -> bytes | None:
    """Object of a key, or None."""
    try:
        stored = (cache_folder() / (key + _SUFFIX)).read_bytes()
    except OSError:
        return None
    check, data = stored[:32], stored[32:]
    return data if data and hashlib.sha256(data).digest() == check else None


def store_object(key: str, data: bytes) -> None:
    """Keep an object; failure to do so is no failure."""
    with contextlib.suppress(OSError):
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(data).digest() + data)
            os.replace(name, folder / (key + _SUFFIX))
        except OSError:
            os.unlink(name)
            raise
