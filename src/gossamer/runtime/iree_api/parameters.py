"""Parameter indices, files and providers under the names of IREE's binding."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Self

from gossamer.errors import InvalidArgumentError, OutOfRangeError, StatusError
from gossamer.format.parameters import entries, file_handle, index, write_irpa
from gossamer.format.parameters.index_text import index_text
from gossamer.format.parameters.readers import read_parameters
from gossamer.modules.io_parameters.module import IoParametersModule
from gossamer.modules.io_parameters.provider import ParameterProvider
from gossamer.runtime.iree_api.errors import describe
from gossamer.runtime.iree_api.host_bytes import HostBytes
from gossamer.runtime.iree_api.vm.module import VmInstance, VmModule


def create_io_parameters_module(instance: VmInstance, *providers: ParameterProvider) -> VmModule:
    """The `io_parameters` module over providers. Raises: TypeError where one is no provider."""
    del instance
    for provider in providers:
        if not isinstance(provider, ParameterProvider):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"expected parameter providers, found {type(provider).__name__}")
    return VmModule(IoParametersModule(providers))


class FileHandle(HostBytes):
    """A file, or memory that stands for one."""

    _handle: file_handle.FileHandle

    @classmethod
    def of(cls, handle: file_handle.FileHandle) -> Self:
        """Show a handle of the format's readers."""
        shown = cls.over(handle.contents)
        shown._handle = handle
        return shown

    @classmethod
    def wrap_memory(cls, host_buffer: Any, readable: bool = True, writable: bool = False) -> Self:
        """Let memory stand for a file; it is shared and kept alive.

        Raises: TypeError or ValueError where it is no contiguous memory; RuntimeError where it is
            read-only but shall be written to.
        """
        return cls.of(_wrap(host_buffer, readable, writable))

    @classmethod
    def wrap_fd(cls, fd: int, readable: bool = True, writable: bool = False) -> Self:
        """Use the file of a descriptor, which may be closed afterwards. Raises: ValueError."""
        with _described("Could not wrap host fd into a file handle"):
            return cls.of(file_handle.FileHandle.of_fd(fd, readable=readable, writable=writable))

    @property
    def handle(self) -> file_handle.FileHandle:
        """The handle itself."""
        return self._handle

    @property
    def is_host_allocation(self) -> bool:
        """True where it is memory of this process or a map of a file."""
        return self._handle.fd is None

    @property
    def host_allocation(self) -> memoryview:
        """The bytes. Raises: ValueError where it was made of a descriptor."""
        if self._handle.fd is not None:
            raise ValueError("FileHandle is not based on a host allocation and cannot be mapped")
        return self._handle.contents

    @property
    def is_fd(self) -> bool:
        """True where it was made of a descriptor."""
        return self._handle.fd is not None

    @property
    def fd(self) -> int:
        """The descriptor it was made of, or -1."""
        return -1 if self._handle.fd is None else self._handle.fd

    @property
    def is_async(self) -> bool:
        """False: reads are done by the thread that asks for them."""
        return False

    def __repr__(self) -> str:
        if self.is_fd:
            return f"FileHandle<fd({self.fd})>"
        return f"FileHandle<host_allocation({self.host_allocation!r})>"


class ParameterIndexEntry:
    """One parameter of an index."""

    def __init__(self, entry: entries.ParameterEntry) -> None:
        self._entry = entry

    @property
    def key(self) -> str:
        """Its name."""
        return self._entry.key

    @property
    def length(self) -> int:
        """Bytes."""
        return self._entry.length

    @property
    def metadata(self) -> bytes:
        """What its writer noted."""
        return self._entry.metadata

    @property
    def is_file(self) -> bool:
        """True where its bytes are in a file."""
        return isinstance(self._entry.storage, entries.FileRange)

    @property
    def is_splat(self) -> bool:
        """True where it is a pattern repeated."""
        return isinstance(self._entry.storage, entries.Splat)

    @property
    def file_storage(self) -> tuple[FileHandle, int]:
        """File and offset. Raises: ValueError for a pattern."""
        storage = self._entry.storage
        if not isinstance(storage, entries.FileRange):
            raise InvalidArgumentError("Entry is not file storage based")
        return FileHandle.of(storage.handle), storage.offset

    @property
    def file_view(self) -> memoryview:
        """Its bytes in the file. Raises: ValueError for a pattern, and for a file given by descriptor."""
        handle, offset = self.file_storage
        return handle.host_allocation[offset : offset + self.length]

    @property
    def splat_pattern(self) -> bytes:
        """The pattern. Raises: ValueError where it is none."""
        storage = self._entry.storage
        if not isinstance(storage, entries.Splat):
            raise InvalidArgumentError("Entry is not splat")
        return storage.pattern

    def __repr__(self) -> str:
        if self.is_splat:
            return f"<ParameterIndexEntry '{self.key}' splat {self.splat_pattern}:{self.length}>"
        handle, offset = self.file_storage
        return f"<ParameterIndexEntry '{self.key}' {handle!r}:{offset}:{self.length}"


class ParameterIndex:
    """Parameters by key, in the order they were added.

    Attributes:
        index: the same for `gossamer.Pipeline`.
    """

    def __init__(self) -> None:
        self.index = index.ParameterIndex()

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, i: int) -> ParameterIndexEntry:
        """An entry by its place. Raises: IndexError."""
        entries = list(self.index)
        if not 0 <= i < len(entries):
            error = OutOfRangeError(f"entry {i} out of range (have {len(entries)} entries in the index)")
            raise describe("Could not enumerate parameter index", error)
        return ParameterIndexEntry(entries[i])

    def items(self) -> list[tuple[str, ParameterIndexEntry]]:
        """Key and entry of all."""
        return [(entry.key, ParameterIndexEntry(entry)) for entry in self.index]

    def reserve(self, new_capacity: int) -> None:
        """Room is made as it is needed."""
        del new_capacity

    def add_splat(self, key: str, pattern: Any, total_length: int, metadata: str | None = None) -> None:
        """Add a pattern of 1 to 16 bytes, repeated. Raises: ValueError on another length."""
        data = memoryview(pattern)
        if data.nbytes > entries.MAX_PATTERN_BYTES:
            raise InvalidArgumentError("pattern must be limited to 16 bytes")
        self.index.add_splat(key, data.tobytes(), total_length, metadata=_metadata(metadata))

    def add_from_file_handle(
        self, key: str, file_handle: FileHandle, length: int, offset: int = 0, metadata: str | None = None
    ) -> None:
        """Add a range of a file. Raises: IndexError where it passes the file."""
        self.index.add_range(key, file_handle.handle, offset, length, metadata=_metadata(metadata))

    def add_buffer(
        self,
        key: str,
        buffer: Any,
        readable: bool = True,
        writable: bool = False,
        metadata: str | None = None,
    ) -> None:
        """Add memory as a parameter; it is shared and kept alive.

        Raises: as `FileHandle.wrap_memory`.
        """
        handle = _wrap(buffer, readable, writable)
        self.index.add_range(key, handle, 0, len(handle.contents), metadata=_metadata(metadata))

    def load_from_file_handle(self, file_handle: FileHandle, format: str) -> None:
        """Add the parameters of a file. Raises: ValueError, IndexError or NotImplementedError."""
        with _described("Could not parse parameter file index"):
            read_parameters(format, file_handle.handle, self.index)

    def load(
        self,
        file_path: str,
        format: str | None = None,
        readable: bool = True,
        writable: bool = False,
        mmap: bool | None = None,
        *,
        mode: str | None = None,
    ) -> None:
        """Add the parameters of a file.

        Args:
            format: `irpa`, `gguf`, `safetensors`, `npy` or `npz`; by default what the path ends in.
            writable: let programs store to the file, which must be mapped.
            mmap: map it, as is done by default; False reads all of it now.
            mode: `file_async` asks for asynchronous reads, which a map serves here.
        Raises: ValueError, IndexError or NotImplementedError.
        """
        del readable
        if mode is not None:
            _check_mode(mode, mmap, writable)
        mmap = mmap is None or mmap
        handles = file_handle.FileHandle
        with _described("Mapping parameter file" if mmap else "Error opening parameter file (preload)"):
            if writable and not mmap:
                raise InvalidArgumentError("only mapped files can be written to")
            handle = handles.open(file_path, writable=writable) if mmap else handles.preload(file_path)
        with _described("Could not parse parameter file index"):
            read_parameters(format or file_path, handle, self.index, path=file_path)

    def create_provider(
        self, scope: str = "", max_concurrent_operations: int | None = None
    ) -> ParameterProvider:
        """Serve these parameters under a scope; the number of operations at a time is left to devices."""
        del max_concurrent_operations
        return ParameterProvider(scope, self.index)

    def create_archive_file(
        self, file_path: str, file_offset: int = 0, target_index: ParameterIndex | None = None
    ) -> ParameterIndex:
        """Write all to an `.irpa` file.

        Args:
            target_index: gets the entries of the file; by default a new index.
        Returns: that index.
        Raises: ValueError where the file cannot be written, or a pattern has a length archives do not hold.
        """
        target = ParameterIndex() if target_index is None else target_index
        with _described("Error building parameter archive"):
            try:
                written = write_irpa.write_irpa(self.index, file_path, file_offset=file_offset)
            except OSError as error:
                message = f"failed to open file '{os.fspath(file_path)}': {error.strerror}"
                raise InvalidArgumentError(message) from error
        for entry in written:
            target.index.add(entry)
        return target

    def __repr__(self) -> str:
        return index_text(self.index)


def _wrap(buffer: Any, readable: bool, writable: bool) -> file_handle.FileHandle:
    try:
        return file_handle.FileHandle(buffer, readable=readable, writable=writable)
    except BufferError as error:
        raise InvalidArgumentError(str(error)) from None


def _metadata(text: str | None) -> bytes:
    return (text or "").encode()


@contextmanager
def _described(what: str) -> Generator[None]:
    try:
        yield
    except StatusError as error:
        raise describe(what, error) from error


def _check_mode(mode: str, mmap: bool | None, writable: bool) -> None:
    if mode != "file_async":
        raise InvalidArgumentError(f"unsupported parameter file mode: {mode}")
    if mmap is not None:
        raise InvalidArgumentError("mode and mmap are mutually exclusive")
    if writable:
        raise InvalidArgumentError("file_async requires read-only access")
