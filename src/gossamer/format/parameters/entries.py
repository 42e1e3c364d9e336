"""Entries of parameters: what is behind each key of a scope.

An entry is a range of a file or a pattern repeated. Entries are in the order they were added; of two with one
key the first counts, as in IREE. Readers of files add to them, `index` has them load files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from gossamer.errors import InvalidArgumentError, NotFoundError, OutOfRangeError, ResourceExhaustedError
from gossamer.format.parameters.file_handle import FileHandle

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MAX_PATTERN_BYTES = 16
"""Patterns reach from a byte to a complex number of two doubles."""


@dataclass(frozen=True, slots=True)
class Splat:
    """A pattern repeated over the whole parameter.

    Attributes:
        pattern: 1 to 16 bytes, in memory order.
    """

    pattern: bytes


@dataclass(frozen=True, slots=True)
class FileRange:
    """Bytes in a file from `offset` on."""

    handle: FileHandle
    offset: int


@dataclass(frozen=True, slots=True)
class ParameterEntry:
    """One parameter.

    Attributes:
        key: its name; bytes that are not UTF-8 are kept by `surrogateescape`.
        length: bytes.
        storage: where its bytes come from.
        metadata: bytes that only the writer of the file knows the meaning of.
    """

    key: str
    length: int
    storage: Splat | FileRange
    metadata: bytes = b""

    def contents(self) -> memoryview:
        """The bytes: shared with the file, or made of the pattern.

        Raises: DataLossError where the file has become shorter; ResourceExhaustedError.
        """
        storage = self.storage
        if isinstance(storage, FileRange):
            storage.handle.require_whole()
            return storage.handle.contents[storage.offset : storage.offset + self.length]
        return memoryview(repeat_pattern(storage.pattern, 0, self.length))


def repeat_pattern(pattern: bytes, offset: int, length: int) -> bytes:
    """Bytes `[offset, offset + length)` of an endless repetition.

    Raises: ResourceExhaustedError where memory does not suffice.
    """
    start = offset % len(pattern)
    try:
        return (pattern * ((start + length) // len(pattern) + 1))[start : start + length]
    except (MemoryError, OverflowError) as error:
        raise ResourceExhaustedError(f"a pattern over {length} bytes does not fit in memory") from error


class ParameterEntries:
    """Parameters of one scope, by key."""

    def __init__(self) -> None:
        self._entries: list[ParameterEntry] = []
        self._by_key: dict[str, ParameterEntry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[ParameterEntry]:
        return iter(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._by_key

    def __getitem__(self, key: str) -> ParameterEntry:
        """The first entry of a key.

        Raises: NotFoundError, with the keys most like it, or some of those there are.
        """
        found = self._by_key.get(key)
        if found is None:
            raise NotFoundError(f"no parameter found in index with key '{key}'{self._hint(key)}")
        return found

    def _hint(self, key: str) -> str:
        # Why here: only errors need it.
        import difflib

        near = difflib.get_close_matches(key, self._by_key, n=3)
        if near:
            return f"; did you mean {', '.join(map(repr, near))}?"
        some = ", ".join(map(repr, islice(self._by_key, 3)))
        return f"; its keys are {some}{', ...' if len(self) > 3 else ''}" if some else "; it is empty"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} entries>"

    def add(self, entry: ParameterEntry) -> None:
        """Add an entry after those there are."""
        self._entries.append(entry)
        self._by_key.setdefault(entry.key, entry)

    def add_splat(self, key: str, pattern: bytes, length: int, *, metadata: bytes = b"") -> None:
        """Add a pattern of 1 to 16 bytes, repeated over `length` bytes.

        Raises: InvalidArgumentError on a pattern of another length.
        """
        if not 1 <= len(pattern) <= MAX_PATTERN_BYTES:
            raise InvalidArgumentError(f"a pattern has 1 to {MAX_PATTERN_BYTES} bytes, not {len(pattern)}")
        self.add(ParameterEntry(key, length, Splat(pattern), metadata))

    def add_range(
        self, key: str, handle: FileHandle, offset: int, length: int, *, metadata: bytes = b""
    ) -> None:
        """Add a range of a file, in bytes.

        Raises: OutOfRangeError where it passes the file.
        """
        size = len(handle.contents)
        if offset < 0 or length < 0 or offset + length > size:
            raise OutOfRangeError(
                f"parameter '{key}' at [{offset}, {offset + length}) passes its file of {size} bytes"
            )
        self.add(ParameterEntry(key, length, FileRange(handle, offset), metadata))

    def add_buffer(
        self, key: str, buffer: ReadableBuffer, *, writable: bool = False, metadata: bytes = b""
    ) -> None:
        """Add memory of an object with the buffer protocol, such as a NumPy array; it is shared.

        Args:
            writable: let programs store to it.
        Raises: as `FileHandle`.
        """
        handle = FileHandle(buffer, writable=writable)
        self.add_range(key, handle, 0, len(handle.contents), metadata=metadata)
