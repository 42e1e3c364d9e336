"""File handles: the bytes behind parameters, as a map of a file or as somebody's memory.

In: a path, a descriptor or an object with the buffer protocol. Out: its bytes, shared by all who use them.
Mirrors `iree/io/file_handle.h`.
"""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING

from gossamer.errors import InvalidArgumentError, NotFoundError, PermissionDeniedError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class FileHandle:
    """Bytes that parameters lie in.

    A mapped file is read as its pages are touched, and its pages are the system's: all contexts and processes
    that map it share them. It must not shrink while it is mapped.

    Attributes:
        contents: all the bytes; read-only unless `is_writable`.
        is_readable, is_writable: what programs may do with them.
        fd: the descriptor it was made of, or None.
    """

    __slots__ = ("__weakref__", "contents", "fd", "is_readable", "is_writable")

    def __init__(
        self, memory: ReadableBuffer, *, readable: bool = True, writable: bool = False, fd: int | None = None
    ) -> None:
        """Share memory; the object is kept alive.

        Raises: PermissionDeniedError where writes are asked for and the object is read-only; BufferError or
            TypeError where it has no contiguous memory to show.
        """
        view = memoryview(memory)
        if not view.c_contiguous:
            raise BufferError("only contiguous memory can stand for a file")
        if writable and view.readonly:
            raise PermissionDeniedError("cannot make a writable file handle of read-only memory")
        # Why: a view with a zero in its shape cannot be cast, but has no bytes to show either.
        view = view.cast("B") if view.nbytes else memoryview(b"")
        self.contents: memoryview = view if writable else view.toreadonly()
        self.is_readable = readable
        self.is_writable = writable
        self.fd = fd

    def __repr__(self) -> str:
        return f"<FileHandle of {len(self.contents)} bytes>"

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, writable: bool = False) -> FileHandle:
        """Map a file into memory; stores to a writable one change the file.

        Raises: NotFoundError where it cannot be opened.
        """
        name = os.fspath(path)
        try:
            with open(name, "r+b" if writable else "rb") as file:
                return cls(_map(file.fileno(), writable), writable=writable)
        except OSError as error:
            raise NotFoundError(f"failed to open file '{name}': {error.strerror}") from error

    @classmethod
    def preload(cls, path: str | os.PathLike[str]) -> FileHandle:
        """Read a file into memory of this process.

        Raises: NotFoundError where it cannot be read.
        """
        name = os.fspath(path)
        try:
            with open(name, "rb") as file:
                size = os.fstat(file.fileno()).st_size
                if not size:
                    return cls(file.read())
                # Why: anonymous maps start on a page, so that devices can use parameters where they are.
                memory = mmap.mmap(-1, size)
                read = file.readinto(memory)
        except OSError as error:
            raise NotFoundError(f"failed to open file '{name}': {error.strerror}") from error
        return cls(memoryview(memory)[:read])

    @classmethod
    def of_fd(cls, fd: int, *, readable: bool = True, writable: bool = False) -> FileHandle:
        """Map the file of a descriptor, which may be closed afterwards.

        Raises: InvalidArgumentError where it is no descriptor of a file that can be mapped so.
        """
        try:
            return cls(_map(fd, writable), readable=readable, writable=writable, fd=fd)
        except OSError as error:
            raise InvalidArgumentError(f"cannot map file descriptor {fd}: {error.strerror}") from error


def _map(fd: int, writable: bool) -> memoryview:
    if os.fstat(fd).st_size == 0:
        # Why: empty maps do not exist. The bytes are of a class of their own to be writable where asked for.
        return memoryview(bytearray() if writable else b"")
    # Why not ACCESS_READ: a kernel that stores where it may not would end the process. Pages are shared with
    # others until then.
    return memoryview(mmap.mmap(fd, 0, access=mmap.ACCESS_WRITE if writable else mmap.ACCESS_COPY))
