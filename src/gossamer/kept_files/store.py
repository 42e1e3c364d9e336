"""Compiled modules and code on disk, so that a process need not compile what an earlier one did.

Files are in `$GOSSAMER_CACHE_DIR/native`, or `gossamer/native` in the user's cache folder, named by the hash
of what they were made of; they start with the hash of their contents. Any number of processes may use the
folder at a time: files appear whole, by renaming. A file that is damaged, cannot be read, or that another
user may have written counts as absent. Nothing here ever fails: without a folder nothing is kept. The folder
is kept below a size (see `trimming`).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from functools import lru_cache
from pathlib import Path

CACHE_DIR_VARIABLE = "GOSSAMER_CACHE_DIR"

COMPILED_PREFIX = "compiled-"
"""Begins the keys of compiled modules; all else is what runs programs."""

_DIGEST_BYTES = 32

_BINARY = getattr(os, "O_BINARY", 0)
"""Where text files are others than binary ones."""


def cache_folder() -> Path:
    """Where objects are kept; may not exist yet."""
    return _cache_folder(
        os.environ.get(CACHE_DIR_VARIABLE, ""),
        os.environ.get("XDG_CACHE_HOME", ""),
        os.environ.get("HOME", ""),
    )


@lru_cache(maxsize=16)
def _cache_folder(override: str, base: str, _home: str) -> Path:
    if override:
        return Path(override) / "native"
    return (Path(base) if base else Path.home() / ".cache") / "gossamer" / "native"


def content_key(*parts: str | bytes) -> str:
    """Name for what was made of `parts`; their boundaries count."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode() if isinstance(part, str) else part
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
    return digest.hexdigest()


def load_object(key: str) -> bytes | None:
    """Contents stored under a key, or None."""
    try:
        # Why not `open`: loading a module reads several small files, and a buffer takes longer than the file.
        handle = os.open(os.path.join(cache_folder(), key), os.O_RDONLY | _BINARY)
    except OSError:
        return None
    try:
        status = os.fstat(handle)
        stored = os.read(handle, status.st_size) if _is_own(status) else b""
    except OSError:
        return None
    finally:
        os.close(handle)
    digest, contents = stored[:_DIGEST_BYTES], stored[_DIGEST_BYTES:]
    return contents if contents and hashlib.sha256(contents).digest() == digest else None


def _is_own(status: os.stat_result) -> bool:
    # Why: what is in the file will be run.
    if os.name != "posix":
        return True
    return status.st_uid in (0, os.geteuid()) and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def store_object(key: str, contents: bytes) -> None:
    """Keep contents under a key; failure to do so is no failure."""
    # Why here: most processes find what they need stored already.
    import tempfile

    from gossamer.kept_files.trimming import UNFINISHED_SUFFIX, trim_now_and_then

    with contextlib.suppress(OSError):
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=folder, suffix=UNFINISHED_SUFFIX)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(contents).digest() + contents)
            os.replace(name, folder / key)
        except OSError:
            os.unlink(name)
            raise
        trim_now_and_then(folder)
