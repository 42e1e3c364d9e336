"""Compiled object files kept on disk, so that a process need not compile what an earlier one did.

Files live under `$GOSSAMER_CACHE_DIR`, or `$XDG_CACHE_HOME/gossamer`, or `~/.cache/gossamer`. A file is
named by the hash of what it was compiled from and starts with the hash of its contents: a damaged one is
ignored.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

_DIGEST_BYTES = 32


def cache_directory() -> Path:
    """Directory of cached files; may not exist yet."""
    chosen = os.environ.get("GOSSAMER_CACHE_DIR")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "gossamer"


def cache_key(*parts: str) -> str:
    """Name for what these texts determine: source, compiler version, target."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
    return digest.hexdigest()


def load_object(key: str) -> bytes | None:
    """Contents stored under a key, or None when there are none or they are damaged."""
    try:
        stored = (cache_directory() / "objects" / key).read_bytes()
    except OSError:
        return None
    digest, contents = stored[:_DIGEST_BYTES], stored[_DIGEST_BYTES:]
    return contents if hashlib.sha256(contents).digest() == digest else None


def store_object(key: str, contents: bytes) -> None:
    """Store contents under a key; a directory that cannot be written is no error."""
    # Why here: most processes find what they need stored already.
    import tempfile

    directory = cache_directory() / "objects"
    with suppress(OSError):
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, temporary = tempfile.mkstemp(dir=directory)
        with os.fdopen(descriptor, "wb") as file:
            file.write(hashlib.sha256(contents).digest() + contents)
        # Another process may store the same at this moment: a rename leaves one whole file.
        Path(temporary).replace(directory / key)
