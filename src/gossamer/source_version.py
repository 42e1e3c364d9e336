"""What tells the code of this process from other versions of it: part of the key of what is kept on disk."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from functools import cache

import gossamer

_FOLDERS_THAT_NEVER_RUN_PROGRAMS = ("compiler", "tools")
"""What runs programs imports nothing of them (see .importlinter), so nothing kept depends on them."""


@cache
def source_version() -> str:
    """Changes whenever Python does, or a source file that what is kept for running programs may depend on.

    That is every file of the package but those of the compiler and of the commands: what a translation or an
    object is made by is spread over many folders, and a list of them would miss the next one.
    """
    return _version(_FOLDERS_THAT_NEVER_RUN_PROGRAMS)


@cache
def package_version() -> str:
    """Changes whenever Python does, or any source file of the package: modules are compiled by all of it."""
    return _version(())


def _version(left_out: tuple[str, ...]) -> str:
    """Hash of the files but for those in some folders.

    Why by size and times: reading the files takes longer than finding out that they are the same. Python
    tells by no more whether its own compiled files are current. Whole seconds are what images of containers
    keep of a file's time.
    """
    digest = hashlib.sha256(sys.version.encode())
    try:
        for root in gossamer.__path__:
            for path, status in sorted(_source_files(root, left_out)):
                digest.update(repr((path, status.st_size, int(status.st_mtime))).encode())
    except OSError:
        # Why: code that cannot be looked at cannot be told from other code; nothing of it is found again.
        digest.update(os.urandom(32))
    return digest.hexdigest()


def _source_files(folder: str, left_out: tuple[str, ...] = ()) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                yield entry.path, entry.stat()
            elif entry.name != "__pycache__" and entry.name not in left_out and entry.is_dir():
                yield from _source_files(entry.path)
