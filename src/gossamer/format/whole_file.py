"""Files that appear whole under their names.

A program may have the old file mapped: written in place, its constants would change under it, and a shorter
file would end it. So contents go to a file beside it that then takes the name; who has the old one keeps it.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import BinaryIO


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Generator[BinaryIO]:
    """A file open for writing that takes the place of `path` at the end of the `with` block.

    An error inside the block leaves what was there. What is no regular file, such as a device or a pipe, is
    written as it is; a link stays one, and an existing file's permissions stay.
    Raises: OSError.
    """
    name = os.path.realpath(path)
    if os.path.exists(name) and not os.path.isfile(name):
        with open(name, "wb") as file:
            yield file
        return
    partial = f"{name}.{os.getpid()}.{threading.get_ident()}.tmp"
    try:
        with open(partial, "wb") as file:
            yield file
        if os.path.exists(name):
            shutil.copymode(name, partial)
        os.replace(partial, name)
    except BaseException:
        if os.path.exists(partial):
            os.unlink(partial)
        raise


def write_whole(path: str | os.PathLike[str], contents: bytes | memoryview) -> None:
    """Write a file that has these contents from the moment it has its name. Raises: OSError."""
    with whole_file(path) as file:
        file.write(contents)
