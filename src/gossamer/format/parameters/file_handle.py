"""File handles: the bytes behind parameters, as a map of a file or as somebody's memory.

In: a path, a descriptor or an object with the buffer protocol. Out: its bytes, shared by all who use them.
Mirrors `iree/io/file_handle.h`.
"""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING

from gossamer.errors import DataLossError, InvalidArgumentError, NotFoundError, PermissionDeniedError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


_MIN_MAPPED_BYTES = 1 << 14
"""Below this, a copy is cheaper than a map of its own."""


class FileHandle:
    """Bytes that parameters lie in.

    A mapped file is read as its pages are touched, and its pages are the system's: all contexts and processes
    that map it share them. It must not become shorter while it is mapped.

    Attributes:
        contents: all the bytes; read-only unless `is_writable`.
        is_readable, is_writable: what programs may do with them.
        fd: the descriptor it was made of, or None.
    """

    __slots__ = ("__weakref__", "_file", "_memory", "contents", "fd", "is_readable", "is_writable")

    def __init__(self, memory: ReadableBuffer, *, readable: bool = True, writable: bool = False) -> None:
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
        self._memory: memoryview = view
        self._file: int | None = None
        self.contents: memoryview = view if writable else view.toreadonly()
        self.is_readable = readable
        self.is_writable = writable
        self.fd: int | None = None

    def __del__(self) -> None:
        # Why getattr: a handle whose construction failed has no file yet.
        file = getattr(self, "_file", None)
        if file is not None:
            os.close(file)

    def __repr__(self) -> str:
        return f"<FileHandle of {len(self.contents)} bytes>"

    def require_whole(self) -> None:
        """Raise DataLossError where the file has become shorter since it was mapped.

        Why: touching pages past its end would end the process.
        """
        if self._file is not None and os.fstat(self._file).st_size < len(self.contents):
            raise DataLossError(f"a parameter file of {len(self.contents)} bytes has become shorter")

    def private_part(self, offset: int, length: int) -> memoryview | None:
        """Bytes of a part, in memory that a program may use as its own; None where a copy serves better.

        A part of a file is mapped once more, copy-on-write: kernels get memory by address, and what one
        writes there by mistake must neither reach others nor end the process. Memory of an object is that
        object's, where it can be written.

        Args:
            offset, length: in bytes, within the contents.
        """
        if self._file is None:
            return None if self._memory.readonly else self._memory[offset : offset + length]
        if length < _MIN_MAPPED_BYTES:
            return None
        page = offset - offset % mmap.ALLOCATIONGRANULARITY
        try:
            mapped = mmap.mmap(self._file, length + offset - page, access=mmap.ACCESS_COPY, offset=page)
        except (OSError, ValueError):
            return None
        return memoryview(mapped)[offset - page :][:length]

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, writable: bool = False) -> FileHandle:
        """Map a file into memory; stores to a writable one change the file.

        Raises: NotFoundError where it cannot be opened.
        """
        name = os.fspath(path)
        try:
            with open(name, "r+b" if writable else "rb") as file:
                return cls._mapped(file.fileno(), writable=writable)
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
            handle = cls._mapped(fd, writable=writable)
        except OSError as error:
            raise InvalidArgumentError(f"cannot map file descriptor {fd}: {error.strerror}") from error
        handle.is_readable = readable
        handle.fd = fd
        return handle

    @classmethod
    def _mapped(cls, file: int, *, writable: bool) -> FileHandle:
        handle = cls(_map(file, writable), writable=writable)
        handle._file = os.dup(file)
        return handle


def _map(fd: int, writable: bool) -> memoryview:
    if os.fstat(fd).st_size == 0:
        # Why: empty maps do not exist. The bytes are of a class of their own to be writable where asked for.
        return memoryview(bytearray() if writable else b"")
    # Why not ACCESS_READ: a kernel that stores where it may not would end the process. Pages are shared with
    # others until then.
    return memoryview(mmap.mmap(fd, 0, access=mmap.ACCESS_WRITE if writable else mmap.ACCESS_COPY))
