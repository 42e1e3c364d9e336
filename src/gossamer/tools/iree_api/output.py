"""Where a compile's results go: a file that is gone unless it is kept, or memory."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any, BinaryIO


class Output:
    """Bytes that are written one after another."""

    def __init__(self, path: str | None) -> None:
        """Make an output; use `open_file` or `open_membuffer`."""
        self._path = path
        self._file: BinaryIO | None = None if path is None else open(path, "wb")  # noqa: SIM115 - `close` does
        self._memory = bytearray()
        self._is_kept = False

    @staticmethod
    def open_file(file_path: str | os.PathLike[str]) -> Output:
        """A file, which goes with the output unless `keep` is called. Raises: ValueError."""
        try:
            return Output(os.fspath(file_path))
        except OSError as error:
            raise ValueError(f"cannot open '{os.fspath(file_path)}': {error.strerror}") from None

    @staticmethod
    def open_membuffer() -> Output:
        """Memory."""
        return Output(None)

    def keep(self) -> Output:
        """Have the file stay."""
        self._is_kept = True
        return self

    def write(self, buffer: Any) -> None:
        """Append bytes."""
        if self._file is None:
            self._memory += buffer
        else:
            self._file.write(buffer)
            self._file.flush()

    def map_memory(self) -> memoryview:
        """What was written to memory, read-only. Raises: ValueError for a file."""
        if self._path is not None:
            raise ValueError("an output that is a file has no memory to map")
        return memoryview(bytes(self._memory))

    def close(self) -> None:
        """End the output; again is harmless."""
        if self._file is not None and not self._file.closed:
            self._file.close()
            if not self._is_kept and self._path is not None:
                with suppress(FileNotFoundError):
                    os.unlink(self._path)

    def __enter__(self) -> Output:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        # Why getattr: an output whose file could not be opened has none.
        if getattr(self, "_file", None) is not None:
            self.close()
