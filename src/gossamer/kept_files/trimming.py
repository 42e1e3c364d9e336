"""Keeping a folder of files that can be made again below a size.

The files that were used longest ago go first, as far as the system notes when a file is read; beside them go
unfinished files of processes that ended. Other processes may use and trim the folder at the same time: a file
that is gone counts as absent to them.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

SIZE_VARIABLE = "GOSSAMER_CACHE_MIB"
DEFAULT_MEBIBYTES = 1024
UNFINISHED_SUFFIX = ".tmp"

_CALLS_BETWEEN_TRIMS = 64
_REMAINING = 3 / 4
"""What stays of the allowed size, so that the next file does not need room made again."""
_UNFINISHED_SECONDS = 3600

_calls = count()


class _File(NamedTuple):
    used: float
    size: int
    path: str


def trim_now_and_then(folder: Path) -> None:
    """`trim` at the first call of a process and then once in a while."""
    if next(_calls) % _CALLS_BETWEEN_TRIMS == 0:
        trim(folder, allowed_bytes())


def allowed_bytes() -> int:
    """What `$GOSSAMER_CACHE_MIB` allows; the default where it is no number."""
    text = os.environ.get(SIZE_VARIABLE, "")
    return (int(text) if text.isdecimal() else DEFAULT_MEBIBYTES) << 20


def trim(folder: Path, allowed: int) -> None:
    """Remove files until the others have no more than `allowed` bytes; never raises."""
    files = sorted(_files(folder))
    total = sum(file.size for file in files)
    now = time.time()
    is_too_large = total > allowed
    for used, size, path in files:
        is_unfinished = path.endswith(UNFINISHED_SUFFIX)
        if (is_unfinished and now - used > _UNFINISHED_SECONDS) or (
            is_too_large and not is_unfinished and total > allowed * _REMAINING
        ):
            with contextlib.suppress(OSError):
                os.unlink(path)
                total -= size


def kept_sizes(folder: Path) -> dict[str, int]:
    """Bytes of each finished file of a folder, by name."""
    files = [file for file in _files(folder) if not file.path.endswith(UNFINISHED_SUFFIX)]
    return {os.path.basename(file.path): file.size for file in files}


def _files(folder: Path) -> Iterator[_File]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.is_file(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    yield _File(max(status.st_atime, status.st_mtime), status.st_size, entry.path)
